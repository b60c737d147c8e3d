//! Sealing: authenticated encryption bound to a place in the database, with the master keys that a process has.

use crate::crypto::keyring::Keyring;
use crate::crypto::master_key::MasterKey;
use crate::crypto::random::Random;
pub use crate::crypto::sealing_key::OpenError;
use crate::crypto::sealing_key::sealed_with;
use crate::domain::master_key::MasterKeys;
use crate::domain::sealed::{MasterKeyId, Place, Sealed};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Seals with the current master key, and opens with all that there are.
#[derive(Clone)]
pub struct Envelope {
    keyring: Arc<Keyring>,
    random: Random,
}

impl Envelope {
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, random: Random) -> Self {
        Self { keyring, random }
    }

    /// The id of the master key that seals.
    #[must_use]
    pub fn key_id(&self) -> MasterKeyId {
        self.keyring.current().id()
    }

    /// What it seals with.
    pub(in crate::crypto) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Another key that opens.
    pub fn learn(&self, master_key: &MasterKey) {
        self.keyring.add(master_key);
    }

    /// Goes along with no rotation to this key any more.
    pub fn pass_over(&self, next: MasterKeyId) {
        self.keyring.pass_over(next);
    }

    /// Goes along with the master keys that the database tells of.
    ///
    /// # Errors
    /// As [`Keyring::follow`].
    pub fn follow(&self, told: &MasterKeys) -> Result<(), MasterKeyId> {
        self.keyring.follow(told)
    }

    /// With the key that is current when it is called: what goes into a database is sealed in the transaction that writes it, so that
    /// nothing is written under a key that a rotation has just ended.
    #[must_use]
    pub fn seal(&self, place: Place<'_>, plaintext: &[u8]) -> Sealed {
        self.keyring.current().seal(&self.random, place, plaintext)
    }

    /// # Errors
    /// [`OpenError`]: damaged, moved, or sealed by another key or version.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let id = sealed_with(sealed)?;
        self.keyring.find(id).ok_or(OpenError::OtherKey(id))?.open(place, sealed)
    }

    /// As [`Self::open`], with this key alone.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_under(
        &self,
        id: MasterKeyId,
        place: Place<'_>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.keyring.find(id).ok_or(OpenError::OtherKey(id))?.open(place, sealed)
    }

    /// The same under the current key; `None` where it is that already.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn renew(&self, place: Place<'_>, sealed: &Sealed) -> Result<Option<Sealed>, OpenError> {
        let opened = self.open(place, sealed)?;
        Ok((sealed_with(sealed)? != self.key_id()).then(|| self.seal(place, &opened)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::master_key::MasterKey;

    const PLACE: Place<'static> = Place { org: "00o1", table: "hook_key", row: "HKY1", column: "sealed_pkcs8" };

    fn envelope() -> Envelope {
        let master_key = MasterKey::generate(&Random::system());
        Envelope::new(Arc::new(Keyring::new(&master_key)), Random::system())
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let envelope = envelope();
        let sealed = envelope.seal(PLACE, b"private");
        assert_eq!(envelope.open(PLACE, &sealed).unwrap().as_slice(), b"private");
        assert!(!sealed.as_bytes().windows(7).any(|window| window == b"private"));
        assert_ne!(sealed, envelope.seal(PLACE, b"private"), "every seal has its own nonce");
    }

    #[test]
    fn it_opens_in_no_other_place() {
        let envelope = envelope();
        let sealed = envelope.seal(PLACE, b"private");
        for place in [
            Place { org: "00o2", ..PLACE },
            Place { table: "inline_hook", ..PLACE },
            Place { row: "HKY2", ..PLACE },
            Place { column: "other", ..PLACE },
            // The same characters, cut elsewhere.
            Place { org: "00o1h", table: "ook_key", ..PLACE },
        ] {
            assert_eq!(envelope.open(place, &sealed), Err(OpenError::Forged), "{place:?}");
        }
    }

    #[test]
    fn a_change_of_any_single_byte_is_noticed() {
        let envelope = envelope();
        let sealed = envelope.seal(PLACE, b"private");
        for index in 0..sealed.as_bytes().len() {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[index] ^= 1;
            assert!(envelope.open(PLACE, &Sealed::from_bytes(bytes)).is_err(), "byte {index}");
        }
        for length in 0..sealed.as_bytes().len() {
            let cut = Sealed::from_bytes(sealed.as_bytes()[..length].to_vec());
            assert!(envelope.open(PLACE, &cut).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn another_master_key_is_named() {
        let first = envelope();
        let sealed = first.seal(PLACE, b"private");
        assert_eq!(envelope().open(PLACE, &sealed), Err(OpenError::OtherKey(first.key_id())));
    }
}
