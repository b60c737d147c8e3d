//! Seals of rows: HMAC-SHA-256 (RFC 2104) under a key that is derived from the master key for that alone (RFC 5869).
//!
//! A seal is `version (1) ‖ master key id (8) ‖ MAC (32)`. The MAC covers version and id, too.

use crate::crypto::keyring::Keyring;
use crate::domain::master_key::MasterKeys;
use crate::domain::row_seal::{BrokenSeal, RowSealer, Standing};
use crate::domain::sealed::MasterKeyId;
use aws_lc_rs::hmac;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const VERSION: u8 = 1;
const HEADER_LENGTH: usize = 1 + MasterKeyId::LENGTH;
const MAC_LENGTH: usize = 32;

/// Seals rows, and checks them.
pub struct RowSeals {
    keyring: Arc<Keyring>,
    /// Whether rows without any seal count: while those of an earlier version get theirs.
    adopting: AtomicBool,
}

impl RowSeals {
    #[must_use]
    pub fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring, adopting: AtomicBool::new(false) }
    }

    /// Lets rows without a seal count, or no longer. A wrong seal never does.
    pub fn adopt(&self, adopting: bool) {
        self.adopting.store(adopting, Ordering::SeqCst);
    }
}

/// The master key that a seal says it was made with; `None` for one in no known form.
fn sealed_with(seal: &[u8]) -> Option<MasterKeyId> {
    if seal.len() != HEADER_LENGTH + MAC_LENGTH || seal[0] != VERSION {
        return None;
    }
    let mut id = [0; MasterKeyId::LENGTH];
    id.copy_from_slice(&seal[1..HEADER_LENGTH]);
    Some(MasterKeyId::from_bytes(id))
}

impl RowSealer for RowSeals {
    fn seal(&self, content: &[u8]) -> Vec<u8> {
        let key = self.keyring.current();
        let mut header = [VERSION; HEADER_LENGTH];
        header[1..].copy_from_slice(key.id().as_bytes());
        let mut mac = hmac::Context::with_key(key.rows());
        mac.update(&header);
        mac.update(content);
        [&header[..], mac.sign().as_ref()].concat()
    }

    fn check(&self, content: &[u8], seal: Option<&[u8]>) -> Result<(), BrokenSeal> {
        let Some(seal) = seal else {
            return if self.adopting.load(Ordering::SeqCst) { Ok(()) } else { Err(BrokenSeal::Missing) };
        };
        let id = sealed_with(seal).ok_or(BrokenSeal::Malformed)?;
        let key = self.keyring.find(id).ok_or(BrokenSeal::OtherKey(id))?;
        let (header, mac) = seal.split_at(HEADER_LENGTH);
        // Compared in constant time.
        hmac::verify(key.rows(), &[header, content].concat(), mac).map_err(|_| BrokenSeal::Forged)
    }

    fn standing(&self, seal: &[u8]) -> Standing {
        match sealed_with(seal) {
            Some(id) if id == self.keyring.current().id() => Standing::Current,
            Some(id) if self.keyring.find(id).is_none() => Standing::Unknown,
            Some(_) | None => Standing::Known,
        }
    }

    fn follow(&self, told: &MasterKeys) -> Result<(), MasterKeyId> {
        self.keyring.follow(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::master_key::MasterKey;
    use crate::crypto::random::Random;

    fn seals() -> RowSeals {
        RowSeals::new(Arc::new(Keyring::new(&MasterKey::generate(&Random::system()))))
    }

    #[test]
    fn a_seal_fits_its_content_alone() {
        let seals = seals();
        let seal = seals.seal(b"row");
        assert_eq!(seals.check(b"row", Some(&seal)), Ok(()));
        assert_eq!(seals.check(b"raw", Some(&seal)), Err(BrokenSeal::Forged));
        for index in 0..seal.len() {
            let mut changed = seal.clone();
            changed[index] ^= 1;
            assert!(seals.check(b"row", Some(&changed)).is_err(), "byte {index}");
            assert_eq!(seals.check(b"row", Some(&seal[..index])), Err(BrokenSeal::Malformed));
        }
    }

    #[test]
    fn another_master_key_is_named() {
        let first = seals();
        let other = seals().check(b"row", Some(&first.seal(b"row")));
        assert_eq!(other, Err(BrokenSeal::OtherKey(first.keyring.current().id())));
    }

    #[test]
    fn no_seal_counts_only_while_rows_get_theirs() {
        let seals = seals();
        assert_eq!(seals.check(b"row", None), Err(BrokenSeal::Missing));
        seals.adopt(true);
        assert_eq!(seals.check(b"row", None), Ok(()));
        assert_eq!(seals.check(b"raw", Some(&seals.seal(b"row"))), Err(BrokenSeal::Forged));
        seals.adopt(false);
        assert_eq!(seals.check(b"row", None), Err(BrokenSeal::Missing));
    }
}
