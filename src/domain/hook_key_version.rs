//! The keys of a hook key beside the one that signs, and how one takes the place of another.
//!
//! 1. A next key is published before it signs, so that whoever caches the key set knows it in time.
//! 2. When its time has come it signs, and the key before it is retired: that stays published for the tokens that it has signed, and
//!    its private half is gone.
//! 3. What comes late counts late: the time of a retired key begins when the next one really signs, so a server that was away takes no key
//!    from anybody.

use super::clock::Timestamp;
use super::hook_key::{Birth, HookKey, PublicKey};
use super::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use super::invalid::{Invalid, InvalidField};
use super::sealed::{Place, Sealed};
use super::signing_key::Phase;
use std::time::Duration;

/// How long anybody may cache the public keys.
pub const KEY_SET_LIFETIME: Duration = Duration::from_mins(1);

/// How long a next key is published before it signs, unless something else is asked for.
pub const PUBLISHED_AHEAD: Duration = Duration::from_hours(1);

/// And at least: a key set lives for a minute, and another one is for answers that are under way and for clocks that differ.
pub const MIN_PUBLISHED_AHEAD: Duration = Duration::from_mins(2);

/// And at the most. A next key that signs later than this is none: a clock that was wrong has made it.
pub const MAX_PUBLISHED_AHEAD: Duration = Duration::from_hours(30 * 24);

/// How long a JWT and a client assertion that a hook key signs live at the most.
pub const MAX_JWT_LIFETIME: Duration = Duration::from_hours(1);
pub const MAX_ASSERTION_LIFETIME: Duration = Duration::from_mins(5);

/// How long a retired key stays published, unless something else is asked for: until the last JWT has expired, however long it lives, and
/// some minutes more, as clocks differ.
pub const GRACE: Duration = Duration::from_mins(65);

/// And at least: for who signs nothing but client assertions.
pub const MIN_GRACE: Duration = MAX_ASSERTION_LIFETIME;

/// And at the most.
pub const MAX_GRACE: Duration = Duration::from_hours(30 * 24);

/// How many retired keys of a hook key may be published at a time: a key set is fetched by many, and must stay small.
pub const MAX_RETIRED_PER_KEY: usize = 10;

/// How often a key may rotate by itself, at the most and at the least.
pub const MIN_ROTATE_EVERY: Duration = Duration::from_hours(24);
pub const MAX_ROTATE_EVERY: Duration = Duration::from_hours(3650 * 24);

/// How a hook key gets another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Nobody notices.
    Planned {
        /// How long the next key is published before it signs.
        ahead: Duration,
        /// How long the one before it stays published then.
        grace: Duration,
    },
    /// A new key signs at once, and every other one of the hook key is withdrawn.
    Emergency,
}

impl Rotation {
    /// As it is done where nobody asks for something else.
    pub const USUAL: Self = Self::Planned { ahead: PUBLISHED_AHEAD, grace: GRACE };

    /// # Arguments
    /// `ahead`, `grace`: in seconds. `emergency`: then there is neither.
    ///
    /// # Errors
    /// [`Invalid::SecondsBetween`] or [`Invalid::NotApplicable`], for each of the two.
    pub fn new(ahead: Option<u64>, grace: Option<u64>, emergency: bool) -> Result<Self, Vec<InvalidField>> {
        if emergency {
            let given = [("publishAhead", ahead), ("grace", grace)].into_iter().filter(|(_, value)| value.is_some());
            let invalid: Vec<_> = given.map(|(field, _)| Invalid::NotApplicable.at(field)).collect();
            return if invalid.is_empty() { Ok(Self::Emergency) } else { Err(invalid) };
        }
        let ahead = between(ahead, PUBLISHED_AHEAD, MIN_PUBLISHED_AHEAD, MAX_PUBLISHED_AHEAD)
            .map_err(|invalid| invalid("verifiers keep the key set of before for up to a minute").at("publishAhead"));
        let grace = between(grace, GRACE, MIN_GRACE, MAX_GRACE)
            .map_err(|invalid| invalid("what the key has signed must not outlive it").at("grace"));
        match (ahead, grace) {
            (Ok(ahead), Ok(grace)) => Ok(Self::Planned { ahead, grace }),
            (ahead, grace) => Err([ahead.err(), grace.err()].into_iter().flatten().collect()),
        }
    }
}

/// How often a key rotates by itself.
///
/// # Errors
/// [`Invalid::SecondsBetween`].
pub fn rotate_every(seconds: u64) -> Result<Duration, InvalidField> {
    between(Some(seconds), MIN_ROTATE_EVERY, MIN_ROTATE_EVERY, MAX_ROTATE_EVERY)
        .map_err(|invalid| invalid("verifiers need time for each key").at("rotateEvery"))
}

fn between(
    seconds: Option<u64>,
    usual: Duration,
    from: Duration,
    to: Duration,
) -> Result<Duration, impl FnOnce(&'static str) -> Invalid> {
    let wanted = seconds.map_or(usual, Duration::from_secs);
    if (from..=to).contains(&wanted) {
        return Ok(wanted);
    }
    Err(move |why| Invalid::SecondsBetween { from: from.as_secs(), to: to.as_secs(), why })
}

/// A key of a hook key that does not sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookKeyVersion {
    pub org_id: OrgId,
    pub hook_key_id: HookKeyId,
    pub key_id: KeyId,
    pub public_key: PublicKey,
    /// From when on it will sign, or has signed.
    pub signs_from: Timestamp,
    pub birth: Option<Birth>,
    pub standing: Standing,
}

/// What becomes of such a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Next {
        sealed_pkcs8: Sealed,
        /// How long the one before it stays published when it signs.
        grace: Duration,
    },
    Retired {
        /// It is published until then.
        until: Timestamp,
    },
}

/// A next key with its private half, as it is at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedNextKey {
    pub org_id: OrgId,
    pub key_id: KeyId,
    pub public_key: PublicKey,
    pub sealed_pkcs8: Sealed,
}

impl HookKeyVersion {
    /// As it is at rest, if it is a next key: a retired one has no private half.
    #[must_use]
    pub fn sealed(&self) -> Option<SealedNextKey> {
        let Standing::Next { sealed_pkcs8, .. } = &self.standing else { return None };
        Some(SealedNextKey {
            org_id: self.org_id.clone(),
            key_id: self.key_id,
            public_key: self.public_key.clone(),
            sealed_pkcs8: sealed_pkcs8.clone(),
        })
    }

    /// Whether it is the next key, and its time has come.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self.standing, Standing::Next { .. }) && self.signs_from <= now
    }

    /// Whether it is the next key, and will sign soon enough to be one.
    #[must_use]
    pub fn is_next(&self, now: Timestamp) -> bool {
        let horizon = now.after(MAX_PUBLISHED_AHEAD);
        matches!(self.standing, Standing::Next { .. }) && horizon.is_ok_and(|horizon| self.signs_from <= horizon)
    }

    /// Whether it is published no more.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until().is_some_and(|until| until <= now)
    }

    /// Until when it is published, where that is settled.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::Retired { until } => Some(until),
            Standing::Next { .. } => None,
        }
    }
}

/// The place that the private half of a next key is bound to. `row` is the text of its `key_id`.
#[must_use]
pub fn place<'a>(org_id: &'a OrgId, row: &'a str) -> Place<'a> {
    Place { org: org_id.as_str(), table: "hook_key_version", row, column: "sealed_pkcs8" }
}

/// One line of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment<'a> {
    pub key_id: KeyId,
    pub phase: Phase,
    pub signs_from: Timestamp,
    /// Until when a retired key is published.
    pub until: Option<Timestamp>,
    pub birth: Option<&'a Birth>,
}

/// A hook key with all that its keys are doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    pub key: HookKey,
    /// Those that are published, in the order in which they sign.
    versions: Vec<HookKeyVersion>,
}

impl Timeline {
    /// # Arguments
    /// `versions`: those of this key, in any order; others are left out.
    #[must_use]
    pub fn new(key: HookKey, versions: &[HookKeyVersion], now: Timestamp) -> Self {
        let own = versions.iter().filter(|version| version.hook_key_id == key.id && !version.is_over(now));
        let mut versions: Vec<_> = own.cloned().collect();
        versions.sort_by_key(|version| (matches!(version.standing, Standing::Next { .. }), version.signs_from));
        Self { key, versions }
    }

    /// Each key that is published, in the order in which they sign.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment<'_>> {
        let signing = Moment {
            key_id: self.key.key_id,
            phase: Phase::Signing,
            signs_from: self.key.signs_from,
            until: None,
            birth: self.key.birth.as_ref(),
        };
        let (next, retired): (Vec<_>, Vec<_>) =
            self.versions.iter().map(moment).partition(|moment| moment.phase == Phase::Next);
        retired.into_iter().chain([signing]).chain(next).collect()
    }

    /// When another key signs, as far as that is known: the next one is there, or is due by then.
    #[must_use]
    pub fn next_rotation(&self) -> Option<Timestamp> {
        let next = self.versions.iter().find(|version| matches!(version.standing, Standing::Next { .. }));
        match (next, self.key.rotate_every) {
            (Some(next), _) => Some(next.signs_from),
            (None, Some(every)) => self.key.signs_from.after(every).ok(),
            (None, None) => None,
        }
    }
}

fn moment(version: &HookKeyVersion) -> Moment<'_> {
    let (phase, until) = match version.standing {
        Standing::Next { .. } => (Phase::Next, None),
        Standing::Retired { until } => (Phase::Retired, Some(until)),
    };
    Moment { key_id: version.key_id, phase, signs_from: version.signs_from, until, birth: version.birth.as_ref() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_leaves_verifiers_the_time_that_they_need() {
        assert_eq!(Rotation::new(None, None, false), Ok(Rotation::USUAL));
        assert!(GRACE > MAX_JWT_LIFETIME && MIN_PUBLISHED_AHEAD > KEY_SET_LIFETIME);
        let (ahead, grace) = (Duration::from_secs(120), Duration::from_secs(300));
        assert_eq!(Rotation::new(Some(120), Some(300), false), Ok(Rotation::Planned { ahead, grace }));
        assert_eq!(Rotation::new(None, None, true), Ok(Rotation::Emergency));
        let refused = |ahead, grace, emergency| {
            let invalid = Rotation::new(ahead, grace, emergency).unwrap_err();
            invalid.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let expected = [
            "publishAhead is not a number of seconds from 120 to 2592000: verifiers keep the key set of before for up to a minute",
            "grace is not a number of seconds from 300 to 2592000: what the key has signed must not outlive it",
        ];
        assert_eq!(refused(Some(119), Some(299), false), expected);
        assert_eq!(refused(Some(2_592_001), Some(u64::MAX), false), expected);
        assert_eq!(refused(Some(120), None, true), ["publishAhead does not apply here, and must be null"]);
        assert_eq!(rotate_every(86_400), Ok(MIN_ROTATE_EVERY));
        assert!(rotate_every(86_399).is_err() && rotate_every(u64::MAX).is_err());
    }
}
