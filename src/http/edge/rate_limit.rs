//! Rate limiting by credential, or by address where there is no valid one: a window of a minute for each (wire.md §3).
//!
//! 1. A window begins with its client's first request, and is over a minute later.
//! 2. Until then a client may send as many requests as the limit says; what is more is refused.
//! 3. At its end, which the headers name, the whole limit is there again: clients sleep until then, and send all they have.

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::rate_limit::RateLimit;
use lru::LruCache;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a window is.
const WINDOW: Duration = Duration::from_mins(1);

/// How many windows are kept, some 8 MB at most: those of the clients that were heard of last. Whoever has more addresses than that
/// gets more than the limit from all of them anyway.
const WINDOWS: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("it is not 0");

/// Who is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    Credential(String),
    Address(IpAddr),
}

impl Client {
    /// An IPv6 client owns at least a /64, so that is what is counted.
    #[must_use]
    pub fn address(peer: Option<IpAddr>) -> Self {
        match peer.map(|address| address.to_canonical()) {
            Some(IpAddr::V6(address)) => {
                Self::Address(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into())
            }
            Some(address) => Self::Address(address),
            None => Self::Address(Ipv6Addr::UNSPECIFIED.into()),
        }
    }
}

/// What the three headers say (wire.md §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub limit: u32,
    pub remaining: u32,
    /// When the window is over, at most a minute from now.
    pub reset: Timestamp,
    pub exceeded: bool,
}

/// What a client has used of its minute.
struct Window {
    ends: Timestamp,
    used: u32,
}

pub struct RateLimiter {
    limit: RateLimit,
    clock: Arc<dyn Clock>,
    windows: Mutex<LruCache<Client, Window>>,
}

impl RateLimiter {
    #[must_use]
    pub fn new(limit: RateLimit, clock: Arc<dyn Clock>) -> Self {
        Self { limit, clock, windows: Mutex::new(LruCache::sparse(WINDOWS)) }
    }

    /// Counts a request.
    pub fn count(&self, client: &Client) -> Budget {
        let RateLimit::PerMinute(limit) = self.limit else {
            return self.untouched();
        };
        let limit = limit.get();
        // The wall clock, in whole seconds as the header has them: a client that comes at the reset, by its `Date`, is not early.
        let now = self.clock.now();
        let next = now.after(WINDOW).unwrap_or(now);
        // A panic while the lock is held leaves counts that are still counts.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get_or_insert_mut_ref(client, || Window { ends: next, used: 0 });
        // The end is too far away where the clock was set back.
        if window.ends <= now || window.ends > next {
            *window = Window { ends: next, used: 0 };
        }
        let exceeded = window.used >= limit;
        window.used += u32::from(!exceeded);
        Budget { limit, remaining: limit - window.used, reset: window.ends, exceeded }
    }

    /// What a client is told that is not counted. It parses the headers all the same; without a limit they hold the
    /// largest number that all clients can read.
    #[must_use]
    pub fn untouched(&self) -> Budget {
        let limit = match self.limit {
            RateLimit::PerMinute(limit) => limit.get(),
            RateLimit::Off => i32::MAX.unsigned_abs(),
        };
        Budget { limit, remaining: limit, reset: self.clock.now(), exceeded: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// A wall clock that is set.
    #[derive(Default)]
    struct Hands(AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix(self.0.load(Ordering::Relaxed)).unwrap()
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }

    fn limiter(limit: &str) -> (RateLimiter, Arc<Hands>) {
        let clock = Arc::new(Hands::default());
        (RateLimiter::new(RateLimit::parse(limit).unwrap(), clock.clone()), clock)
    }

    #[test]
    fn windows_beyond_the_last_ones_are_forgotten() {
        let (limiter, _) = limiter("1");
        let address = |number: usize| Client::Address(IpAddr::V4(u32::try_from(number).unwrap().into()));
        for number in 0..=WINDOWS.get() {
            assert!(!limiter.count(&address(number)).exceeded);
        }
        assert_eq!(limiter.windows.lock().unwrap().len(), WINDOWS.get());
        assert!(limiter.count(&address(WINDOWS.get())).exceeded, "the last one is kept");
        assert!(!limiter.count(&address(0)).exceeded, "the first one is not");
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_waiting_for_longer_than_a_window() {
        let (limiter, clock) = limiter("1");
        let client = Client::address(None);
        clock.0.store(7200, Ordering::Relaxed);
        assert!(!limiter.count(&client).exceeded);
        clock.0.store(3600, Ordering::Relaxed);
        let budget = limiter.count(&client);
        assert_eq!((budget.exceeded, budget.reset.unix()), (false, 3660));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let of = |text: &str| Client::address(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
