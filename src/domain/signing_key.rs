//! The keys that sign an org's access tokens, and when each of them does.
//!
//! 1. A key is published before it signs, so that whoever caches the set knows it in time.
//! 2. It signs until the next one does, which is 90 days after it began unless somebody rotates earlier.
//! 3. It stays published until the last token that it signed has expired.

use super::clock::Timestamp;
use super::hook_key::PublicKey;
use super::id::{KeyId, OrgId, PrefixedId as _};
use super::sealed::{Place, Sealed};
use std::time::Duration;

/// How long an access token lives (wire.md §5).
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// How long a key signs.
pub const SIGNING_PERIOD: Duration = Duration::from_hours(90 * 24);

/// How long a key is published before it signs. Key sets are cached for a minute here, and for ten by usual verifiers.
pub const PUBLISHED_AHEAD: Duration = Duration::from_mins(15);

/// How long a key stays published after its last token has expired: clocks differ.
const GRACE: Duration = Duration::from_mins(5);

/// A next key that signs later than this is none: a clock that was wrong has made it.
const HORIZON: Duration = Duration::from_hours(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    pub org_id: OrgId,
    /// Its place among the keys of its org, from 1 on.
    pub generation: u32,
    pub key_id: KeyId,
    pub public_key: PublicKey,
    pub created: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

/// The same with its private half, as it is at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSigningKey {
    pub key: SigningKey,
    pub sealed_pkcs8: Sealed,
}

impl SealedSigningKey {
    /// The place that the sealed key is bound to. `row` is the text of the `key_id`.
    #[must_use]
    pub fn place<'a>(&'a self, row: &'a str) -> Place<'a> {
        place(&self.key.org_id, row)
    }
}

/// The place that the private half of a key is bound to.
#[must_use]
pub fn place<'a>(org_id: &'a OrgId, key_id: &'a str) -> Place<'a> {
    Place { org: org_id.as_str(), table: "signing_key", row: key_id, column: "sealed_pkcs8" }
}

/// The one key of an org needs no successor while it has begun to sign after this moment.
#[must_use]
pub fn due_if_signing_since(now: Timestamp) -> Timestamp {
    let ahead = (SIGNING_PERIOD - PUBLISHED_AHEAD).as_secs().cast_signed();
    Timestamp::from_unix(now.unix() - ahead).unwrap_or(Timestamp::EPOCH)
}

/// What a key is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Published, and not signing yet.
    Next,
    Signing,
    /// Published for the tokens that it has signed.
    Retired,
    /// Of no use any more.
    Expired,
}

impl Phase {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Retired => "retired",
            Self::Expired => "expired",
        }
    }
}

/// All keys of an org, in the order in which they sign: of those that begin at the same moment, the one made last is the later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing(Vec<SigningKey>);

impl KeyRing {
    /// In any order.
    #[must_use]
    pub fn new(mut keys: Vec<SigningKey>) -> Self {
        keys.sort_by_key(|key| (key.signs_from, key.generation));
        Self(keys)
    }

    /// In the order in which they sign, with what each is doing.
    pub fn phases(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = (&SigningKey, Phase)> {
        let successors = self.0.iter().skip(1).map(Some).chain([None]);
        self.0.iter().zip(successors.collect::<Vec<_>>()).map(move |(key, successor)| {
            let phase = match successor.map(|successor| successor.signs_from) {
                _ if key.signs_from > now => Phase::Next,
                Some(replaced) if replaced <= now => {
                    let last_needed = replaced.after(TOKEN_LIFETIME + GRACE);
                    if last_needed.is_ok_and(|until| until <= now) { Phase::Expired } else { Phase::Retired }
                }
                Some(_) | None => Phase::Signing,
            };
            (key, phase)
        })
    }

    /// The key that signs now.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Option<&SigningKey> {
        self.phases(now).find_map(|(key, phase)| (phase == Phase::Signing).then_some(key))
    }

    /// Those whose signatures count, or will.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.phases(now).filter_map(|(key, phase)| (phase != Phase::Expired).then_some(key))
    }

    /// Those that can be deleted.
    pub fn expired(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.phases(now).filter_map(|(key, phase)| (phase == Phase::Expired).then_some(key))
    }

    /// When the next key should begin to sign, if it is time to make it.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.signing(now)?.signs_from.after(SIGNING_PERIOD).ok()?;
        let published = now.after(PUBLISHED_AHEAD).ok()?;
        (end <= published && self.next(now).is_none()).then_some(published)
    }

    /// The key that signs next, if it does so soon.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<&SigningKey> {
        let horizon = now.after(HORIZON).ok()?;
        self.0.iter().find(|key| key.signs_from > now && key.signs_from <= horizon)
    }

    /// What the next key is numbered.
    #[must_use]
    pub fn next_generation(&self) -> u32 {
        self.0.iter().map(|key| key.generation).max().map_or(1, |newest| newest.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds).unwrap()
    }

    fn ring(signs_from: &[i64]) -> KeyRing {
        let key = |(index, seconds): (usize, &i64)| SigningKey {
            org_id: OrgId::parse("00o00000000000000000").unwrap(),
            generation: u32::try_from(index).unwrap() + 1,
            key_id: KeyId::from_random([u8::try_from(index).unwrap(); 16]),
            public_key: PublicKey { modulus: vec![1], exponent: vec![3] },
            created: at(0),
            signs_from: at(*seconds),
        };
        KeyRing::new(signs_from.iter().enumerate().map(key).collect())
    }

    fn phases(ring: &KeyRing, now: i64) -> String {
        ring.phases(at(now)).map(|(_, phase)| phase.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn exactly_one_key_signs_whatever_the_time() {
        let ring = ring(&[0, 10 * HOUR, 20 * HOUR]);
        assert_eq!(phases(&ring, 0), "signing next next");
        assert_eq!(phases(&ring, 10 * HOUR - 1), "signing next next");
        assert_eq!(phases(&ring, 10 * HOUR), "retired signing next");
        // A token signed in the key's last second lives for another hour, and clocks differ by some minutes.
        assert_eq!(phases(&ring, 11 * HOUR + 299), "retired signing next");
        assert_eq!(phases(&ring, 11 * HOUR + 300), "expired signing next");
        assert_eq!(phases(&ring, 30 * HOUR), "expired expired signing");
    }

    #[test]
    fn the_next_key_is_due_a_quarter_of_an_hour_before_90_days_are_over() {
        let ring = ring(&[0]);
        assert_eq!(ring.due(at(90 * DAY - 901)), None);
        assert_eq!(ring.due(at(90 * DAY - 900)), Some(at(90 * DAY)));
        assert_eq!(due_if_signing_since(at(90 * DAY - 900)), at(0));
        // Where nobody was there in time, it is published all the same before it signs.
        assert_eq!(ring.due(at(200 * DAY)), Some(at(200 * DAY + 900)));
        assert_eq!(KeyRing::new(Vec::new()).due(at(0)), None);
    }

    #[test]
    fn a_clock_that_was_wrong_leaves_one_key_that_signs() {
        // It ran ahead: the next key would sign in years. Another one comes in time.
        let ahead = ring(&[0, 4000 * DAY]);
        assert_eq!(phases(&ahead, 90 * DAY), "signing next");
        assert_eq!((ahead.next(at(90 * DAY)), ahead.due(at(90 * DAY))), (None, Some(at(90 * DAY + 900))));
        // It went back, twice: keys were made out of order.
        let back = ring(&[1000, 50, 950, 20]);
        for (now, expected) in [
            (20, "signing next next next"),
            (60, "retired signing next next"),
            (1001, "retired retired retired signing"),
        ] {
            assert_eq!(phases(&back, now), expected, "{now}");
        }
        assert_eq!(back.next_generation(), 5);
    }
}
