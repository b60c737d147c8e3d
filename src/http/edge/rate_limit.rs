//! Rate limiting by credential, or by address where there is no valid one (governor's GCRA: a bucket that refills
//! evenly, not a window that jumps).

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::rate_limit::RateLimit;
use crate::http::edge::authentication::Authentication;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, nanos::Nanos};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// After so many requests, the states of clients that have been quiet for long are forgotten.
const SWEEP_EVERY: u32 = 10_000;

/// Who is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    Credential(String),
    Address(IpAddr),
}

impl Client {
    /// `None` where nobody is to be counted: our own failure to look a credential up is not its owner's.
    #[must_use]
    pub fn of(authentication: &Authentication, peer: Option<IpAddr>) -> Option<Self> {
        match authentication {
            Authentication::Caller { caller, .. } => Some(Self::Credential(caller.credential.to_string())),
            Authentication::Missing => Some(Self::address(peer)),
            Authentication::Failed(error) => error.counts_against_sender().then(|| Self::address(peer)),
        }
    }

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
    /// When the bucket is full again; for a refused request, when the next one will be accepted.
    pub reset: Timestamp,
    pub exceeded: bool,
}

type Governor = governor::RateLimiter<Client, DashMapStateStore<Client>, Elapsed, StateInformationMiddleware>;

pub struct RateLimiter {
    governor: Option<Governor>,
    limit: Option<u32>,
    clock: Arc<dyn Clock>,
    requests: AtomicU32,
}

impl RateLimiter {
    #[must_use]
    pub fn new(limit: RateLimit, clock: Arc<dyn Clock>) -> Self {
        let governor = match limit {
            RateLimit::Off => None,
            RateLimit::PerMinute(limit) => Some(
                Governor::new(Quota::per_minute(limit), DashMapStateStore::default(), Elapsed(Arc::clone(&clock)))
                    .with_middleware(),
            ),
        };
        let limit = match limit {
            RateLimit::Off => None,
            RateLimit::PerMinute(limit) => Some(limit.get()),
        };
        Self { governor, limit, clock, requests: AtomicU32::new(0) }
    }

    /// Counts a request.
    pub fn count(&self, client: &Client) -> Budget {
        let Some(governor) = &self.governor else {
            return self.untouched();
        };
        if self.requests.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            governor.retain_recent();
        }
        match governor.check_key(client) {
            Ok(state) => {
                let (limit, remaining) = (state.quota().burst_size().get(), state.remaining_burst_capacity());
                let refill = state.quota().replenish_interval() * (limit - remaining.min(limit));
                Budget { limit, remaining, reset: self.in_future(refill), exceeded: false }
            }
            Err(refused) => {
                let wait = refused.wait_time_from(Elapsed(Arc::clone(&self.clock)).since_start());
                let limit = refused.quota().burst_size().get();
                Budget { limit, remaining: 0, reset: self.in_future(wait), exceeded: true }
            }
        }
    }

    /// What a client is told that is not counted. It parses the headers all the same; without a limit they hold the
    /// largest number that all clients can read.
    #[must_use]
    pub fn untouched(&self) -> Budget {
        let limit = self.limit.unwrap_or(i32::MAX.unsigned_abs());
        Budget { limit, remaining: limit, reset: self.in_future(Duration::ZERO), exceeded: false }
    }

    /// Rounded up to whole seconds.
    fn in_future(&self, wait: Duration) -> Timestamp {
        let wait = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        let now = self.clock.now();
        now.after(wait).unwrap_or(now)
    }
}

/// Our clock in governor's terms: the one that never runs backwards.
#[derive(Clone)]
struct Elapsed(Arc<dyn Clock>);

impl Elapsed {
    fn since_start(&self) -> Nanos {
        Nanos::from(self.0.elapsed())
    }
}

impl governor::clock::Clock for Elapsed {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.since_start()
    }
}
