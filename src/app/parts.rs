//! What tests replace.

use crate::crypto::random::Random;
use crate::domain::clock::{Clock, SystemClock};
use crate::outbound::resolver::{Resolver, SystemResolver};
use std::sync::Arc;

/// Time, randomness, and the addresses of names.
#[derive(Clone)]
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub random: Random,
    pub resolver: Arc<dyn Resolver>,
}

impl Parts {
    /// The machine's clock and resolver, and the operating system's randomness.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock::start()), random: Random::system(), resolver: Arc::new(SystemResolver) }
    }
}
