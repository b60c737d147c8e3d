//! Time that stands still and randomness that repeats.

use super::names::Names;
use hookvault::app::Parts;
use hookvault::crypto::random::{Entropy, Purpose, Random};
use hookvault::domain::clock::{Clock, Timestamp};
use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// 2025-10-24T13:06:07Z.
const START: i64 = 1_761_311_167;

/// A clock that moves when it is told to.
#[derive(Default)]
pub struct FixedClock {
    seconds: AtomicU64,
}

impl FixedClock {
    pub fn advance(&self, by: Duration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// Another one, which is ahead of this.
    pub fn ahead(&self, by: Duration) -> Self {
        Self { seconds: (self.seconds.load(Ordering::SeqCst) + by.as_secs()).into() }
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.seconds.load(Ordering::SeqCst)).unwrap();
        Timestamp::from_unix(START + seconds).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }
}

/// One repeatable stream for each purpose.
#[derive(Default)]
struct Repeatable {
    streams: Mutex<HashMap<Purpose, ChaCha20Rng>>,
}

impl Entropy for Repeatable {
    fn fill(&self, purpose: Purpose, bytes: &mut [u8]) {
        let mut streams = self.streams.lock().unwrap();
        streams.entry(purpose).or_insert_with(|| ChaCha20Rng::seed_from_u64(purpose as u64)).fill_bytes(bytes);
    }
}

pub fn parts() -> (Parts, Arc<FixedClock>, Arc<Names>) {
    let clock = Arc::new(FixedClock::default());
    let random = Random::from_source(Arc::new(Repeatable::default()));
    let names = Arc::new(Names::default());
    (Parts { clock: clock.clone(), random, resolver: names.clone() }, clock, names)
}
