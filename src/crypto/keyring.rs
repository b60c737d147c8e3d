//! The master key in its two uses, which have keys of their own: it seals values, and it seals rows.

use crate::crypto::master_key::MasterKey;
use crate::domain::sealed::MasterKeyId;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use zeroize::Zeroizing;

/// What the key of rows is derived for (RFC 5869, clause 3.2).
const ROWS: &[u8] = b"hookvault row seal 1";

/// What a vault seals with. There is no `Debug`.
pub struct Keyring {
    id: MasterKeyId,
    // Wiped when dropped (chacha20poly1305's `zeroize` feature).
    values: XChaCha20Poly1305,
    rows: hmac::Key,
}

impl Keyring {
    /// # Panics
    /// Never: SHA-256 gives as many bytes as HMAC-SHA-256 takes.
    #[must_use]
    pub fn new(master_key: &MasterKey) -> Self {
        let derived = Salt::new(HKDF_SHA256, &[]).extract(master_key.as_bytes());
        let mut rows = Zeroizing::new([0; 32]);
        derived
            .expand(&[ROWS], HMAC_SHA256)
            .and_then(|key| key.fill(rows.as_mut_slice()))
            .expect("32 bytes are what SHA-256 gives");
        Self {
            id: master_key.id(),
            values: XChaCha20Poly1305::new(master_key.as_bytes().into()),
            rows: hmac::Key::new(HMAC_SHA256, rows.as_slice()),
        }
    }

    /// The id of the master key.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        self.id
    }

    /// The cipher of values.
    pub(in crate::crypto) fn values(&self) -> &XChaCha20Poly1305 {
        &self.values
    }

    /// The key of the MACs of rows.
    pub(in crate::crypto) fn rows(&self) -> &hmac::Key {
        &self.rows
    }
}
