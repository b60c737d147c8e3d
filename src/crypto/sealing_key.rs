//! One master key in its three uses, which have keys of their own: it seals values, it seals rows, and it seals the lines of backups.
//!
//! 1. A sealed value is `version (1) ‖ master key id (8) ‖ nonce (24) ‖ ciphertext ‖ tag (16)`.
//! 2. The cipher is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03); the nonce is random.
//! 3. The associated data is version and key id, then org, table, row and column, each with its length in front, so
//!    that a value opens only where it was sealed for.
//! 4. Version and key id stand in front, so that a later version or a new master key can live beside this one.

use crate::crypto::master_key::MasterKey;
use crate::crypto::random::{Purpose, Random};
use crate::domain::sealed::{MasterKeyId, Place, Sealed};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// What the key of rows is derived for (RFC 5869, clause 3.2).
const ROWS: &[u8] = b"hookvault row seal 1";

/// The same of backups.
const BACKUPS: &[u8] = b"hookvault backup 1";

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = 1 + MasterKeyId::LENGTH;

/// What one master key seals with. There is no `Debug`.
pub struct SealingKey {
    id: MasterKeyId,
    // Wiped when dropped (chacha20poly1305's `zeroize` feature).
    values: XChaCha20Poly1305,
    rows: hmac::Key,
    backups: hmac::Key,
}

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the sealed value is too short")]
    TooShort,
    #[error("the sealed value has the unknown version {0}")]
    Version(u8),
    #[error("the value was sealed with the master key {0}, not with the one in use")]
    OtherKey(MasterKeyId),
    #[error("the sealed value was changed, or belongs to another place")]
    Forged,
}

impl SealingKey {
    /// # Panics
    /// Never: SHA-256 gives as many bytes as HMAC-SHA-256 takes.
    #[must_use]
    pub fn new(master_key: &MasterKey) -> Self {
        let derived = Salt::new(HKDF_SHA256, &[]).extract(master_key.as_bytes());
        let key_for = |purpose: &[u8]| {
            let mut bytes = Zeroizing::new([0; 32]);
            derived
                .expand(&[purpose], HMAC_SHA256)
                .and_then(|key| key.fill(bytes.as_mut_slice()))
                .expect("32 bytes are what SHA-256 gives");
            hmac::Key::new(HMAC_SHA256, bytes.as_slice())
        };
        Self {
            id: master_key.id(),
            values: XChaCha20Poly1305::new(master_key.as_bytes().into()),
            rows: key_for(ROWS),
            backups: key_for(BACKUPS),
        }
    }

    /// The id of the master key.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        self.id
    }

    /// The key of the MACs of rows.
    pub(in crate::crypto) fn rows(&self) -> &hmac::Key {
        &self.rows
    }

    /// The key of the MACs of lines of backups.
    pub(in crate::crypto) fn backups(&self) -> &hmac::Key {
        &self.backups
    }

    /// # Panics
    /// Never: XChaCha20-Poly1305 takes any message that fits into memory.
    #[must_use]
    pub fn seal(&self, random: &Random, place: Place<'_>, plaintext: &[u8]) -> Sealed {
        let nonce: [u8; NONCE_LENGTH] = random.bytes(Purpose::Nonce);
        let mut header = [VERSION; HEADER_LENGTH];
        header[1..].copy_from_slice(self.id.as_bytes());
        let aad = associated_data(&header, place);
        let ciphertext = self
            .values
            .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: &aad })
            .expect("XChaCha20-Poly1305 takes any message that fits into memory");
        Sealed::from_bytes([&header[..], &nonce, &ciphertext].concat())
    }

    /// # Errors
    /// [`OpenError`]: damaged, moved, or sealed by another key or version.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let sealed_with = sealed_with(sealed)?;
        if sealed_with != self.id {
            return Err(OpenError::OtherKey(sealed_with));
        }
        let (header, rest) = sealed.as_bytes().split_at(HEADER_LENGTH);
        let (nonce, ciphertext) = rest.split_at(NONCE_LENGTH);
        let nonce = XNonce::try_from(nonce).map_err(|_| OpenError::TooShort)?;
        let aad = associated_data(header, place);
        let opened = self.values.decrypt(&nonce, Payload { msg: ciphertext, aad: &aad });
        opened.map(Zeroizing::new).map_err(|_| OpenError::Forged)
    }
}

/// One master key sealed under another.
#[must_use]
pub fn wrap(key: &MasterKey, under: &MasterKey, place: Place<'_>, random: &Random) -> Sealed {
    SealingKey::new(under).seal(random, place, key.as_bytes())
}

/// The master key with this id that is sealed under another; `None` where that does not open it, or it is another one.
#[must_use]
pub fn unwrap_key(under: &SealingKey, place: Place<'_>, sealed: &Sealed, id: MasterKeyId) -> Option<MasterKey> {
    let opened = under.open(place, sealed).ok()?;
    MasterKey::from_slice(&opened).filter(|key| key.id() == id)
}

/// The master key that a value says it was sealed with.
///
/// # Errors
/// [`OpenError::TooShort`] or [`OpenError::Version`].
pub(in crate::crypto) fn sealed_with(sealed: &Sealed) -> Result<MasterKeyId, OpenError> {
    let bytes = sealed.as_bytes();
    if bytes.len() < HEADER_LENGTH + NONCE_LENGTH + TAG_LENGTH {
        return Err(OpenError::TooShort);
    }
    if bytes[0] != VERSION {
        return Err(OpenError::Version(bytes[0]));
    }
    let mut id = [0; MasterKeyId::LENGTH];
    id.copy_from_slice(&bytes[1..HEADER_LENGTH]);
    Ok(MasterKeyId::from_bytes(id))
}

fn associated_data(header: &[u8], place: Place<'_>) -> Vec<u8> {
    let mut data = header.to_vec();
    for part in [place.org, place.table, place.row, place.column] {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}
