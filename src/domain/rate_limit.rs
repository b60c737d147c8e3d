//! How often a client may call.

use super::invalid::Invalid;
use std::num::NonZeroU32;

/// Requests per minute and credential (or address, without a valid credential).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    PerMinute(NonZeroU32),
    Off,
}

impl RateLimit {
    /// # Errors
    /// [`Invalid::RateLimit`] for anything but a number above zero or `off`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::PerMinute).map_err(|_| Invalid::RateLimit)
    }
}
