//! Time: the one place that reads it, and the form in which it is kept.

use super::invalid::Invalid;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the time comes from. Tests pass a fixed one.
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, which never runs backwards: for durations.
    fn elapsed(&self) -> Duration;
}

/// The clock of the machine.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
        Timestamp(OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A moment in UTC, in whole seconds: the precision of the wire (wire.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    /// # Errors
    /// [`Invalid::Time`] before the year 1 or after the year 9999.
    pub fn from_unix(seconds: i64) -> Result<Self, Invalid> {
        let moment = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| Invalid::Time)?;
        if (1..=9999).contains(&moment.year()) { Ok(Self(moment)) } else { Err(Invalid::Time) }
    }

    /// Reads a moment (RFC 3339, clause 5.6); parts of a second are cut off.
    ///
    /// # Errors
    /// [`Invalid::Moment`], or [`Invalid::Time`] where it cannot be written.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Invalid::Moment)?;
        Self::from_unix(moment.unix_timestamp())
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// # Errors
    /// [`Invalid::Time`] past the year 9999.
    pub fn after(self, duration: Duration) -> Result<Self, Invalid> {
        let seconds = i64::try_from(duration.as_secs()).map_err(|_| Invalid::Time)?;
        Self::from_unix(self.unix().checked_add(seconds).ok_or(Invalid::Time)?)
    }

    /// `2025-10-24T13:06:07.000Z`: always three decimals, always zero (wire.md §1).
    #[must_use]
    pub fn to_wire(self) -> String {
        let (date, time) = (self.0.date(), self.0.time());
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_second_precision_and_three_decimals() {
        assert_eq!(Timestamp::from_unix(1_761_311_167).unwrap().to_wire(), "2025-10-24T13:06:07.000Z");
        assert_eq!(Timestamp::from_unix(0).unwrap().to_wire(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_unix(i64::MAX), Err(Invalid::Time));
    }
}
