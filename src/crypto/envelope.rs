//! Sealing: authenticated encryption bound to a place in the database.
//!
//! 1. A sealed value is `version (1) ‖ master key id (8) ‖ nonce (24) ‖ ciphertext ‖ tag (16)`.
//! 2. The cipher is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03); the nonce is random.
//! 3. The associated data is version and key id, then org, table, row and column, each with its length in front, so
//!    that a value opens only where it was sealed for.
//! 4. Version and key id stand in front, so that a later version or a new master key can live beside this one.

use crate::crypto::keyring::Keyring;
use crate::crypto::random::{Purpose, Random};
use crate::domain::sealed::{MasterKeyId, Place, Sealed};
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use std::sync::Arc;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = 1 + MasterKeyId::LENGTH;

/// Seals and opens with one master key.
pub struct Envelope {
    keyring: Arc<Keyring>,
    random: Random,
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

impl Envelope {
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, random: Random) -> Self {
        Self { keyring, random }
    }

    /// The id of the master key in use.
    #[must_use]
    pub fn key_id(&self) -> MasterKeyId {
        self.keyring.id()
    }

    #[must_use]
    pub fn seal(&self, place: Place<'_>, plaintext: &[u8]) -> Sealed {
        let nonce: [u8; NONCE_LENGTH] = self.random.bytes(Purpose::Nonce);
        let header = header(self.key_id());
        let aad = associated_data(&header, place);
        let ciphertext = self
            .keyring
            .values()
            .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: &aad })
            .expect("XChaCha20-Poly1305 takes any message that fits into memory");
        Sealed::from_bytes([&header[..], &nonce, &ciphertext].concat())
    }

    /// # Errors
    /// [`OpenError`]: damaged, moved, or sealed by another key or version.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let bytes = sealed.as_bytes();
        if bytes.len() < HEADER_LENGTH + NONCE_LENGTH + TAG_LENGTH {
            return Err(OpenError::TooShort);
        }
        let (header, rest) = bytes.split_at(HEADER_LENGTH);
        let (nonce, ciphertext) = rest.split_at(NONCE_LENGTH);
        if header[0] != VERSION {
            return Err(OpenError::Version(header[0]));
        }
        if header[1..] != self.key_id().as_bytes()[..] {
            let mut id = [0; MasterKeyId::LENGTH];
            id.copy_from_slice(&header[1..]);
            return Err(OpenError::OtherKey(MasterKeyId::from_bytes(id)));
        }
        let nonce = XNonce::try_from(nonce).map_err(|_| OpenError::TooShort)?;
        let aad = associated_data(header, place);
        self.keyring
            .values()
            .decrypt(&nonce, Payload { msg: ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Forged)
    }
}

fn header(key_id: MasterKeyId) -> [u8; HEADER_LENGTH] {
    let mut header = [VERSION; HEADER_LENGTH];
    header[1..].copy_from_slice(key_id.as_bytes());
    header
}

fn associated_data(header: &[u8], place: Place<'_>) -> Vec<u8> {
    let mut data = header.to_vec();
    for part in [place.org, place.table, place.row, place.column] {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
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
