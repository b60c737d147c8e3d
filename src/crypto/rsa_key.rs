//! RSA key pairs: made with `rsa`, encoded with `pkcs8`. Nothing is signed here (RUSTSEC-2023-0071).

use crate::crypto::random::Random;
use crate::domain::hook_key::PublicKey;
use pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding, SecretDocument};
use rsa::BoxedUint;
use rsa::traits::PublicKeyParts as _;

/// In bits (wire.md §1).
pub const KEY_SIZE: usize = 2048;

/// A new key pair on its way into an envelope. The private half is wiped when dropped; there is no `Debug`.
pub struct KeyPair {
    pub public_key: PublicKey,
    /// PKCS#8, DER (RFC 5208, clause 5); wiped when dropped.
    pkcs8: SecretDocument,
}

impl KeyPair {
    /// RSA-2048 with the exponent 65537. Takes 70 to 200 ms of one core: never call it on an async worker.
    #[must_use]
    pub fn make(random: &Random) -> Self {
        let private = rsa::PrivateKey::new(&mut random.key_pair_rng(), KEY_SIZE)
            .expect("2048 bits and the default exponent are a size that can be made");
        Self::new(&private)
    }

    /// A pair that was made here, or checked (`import`).
    pub(in crate::crypto) fn new(private: &rsa::PrivateKey) -> Self {
        let pkcs8 = private.to_pkcs8_der().expect("a key with two primes can be encoded");
        Self { public_key: public_key_of(private), pkcs8 }
    }

    /// The private half, for the envelope.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        self.pkcs8.as_bytes()
    }
}

#[cfg(test)]
impl KeyPair {
    /// For tests that need several key pairs and do not look at them.
    pub(in crate::crypto) fn duplicate(&self) -> Self {
        let pkcs8 = SecretDocument::try_from(self.pkcs8.as_bytes()).expect("it was one before");
        Self { public_key: self.public_key.clone(), pkcs8 }
    }
}

/// The numbers are no usable RSA public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid RSA public key")]
pub struct NotAPublicKey;

/// A public key as PEM: a `SubjectPublicKeyInfo` (RFC 7468, clause 13).
///
/// # Errors
/// [`NotAPublicKey`].
pub fn public_key_pem(key: &PublicKey) -> Result<String, NotAPublicKey> {
    let number = BoxedUint::from_be_slice_vartime;
    let public = rsa::PublicKey::new(number(&key.modulus), number(&key.exponent)).map_err(|_| NotAPublicKey)?;
    public.to_public_key_pem(LineEnding::LF).map_err(|_| NotAPublicKey)
}

fn public_key_of(private: &rsa::PrivateKey) -> PublicKey {
    PublicKey { modulus: private.n_bytes().into_vec(), exponent: private.e_bytes().into_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_2048_bits_and_the_exponent_65537() {
        let pair = KeyPair::make(&Random::system());
        assert_eq!(pair.public_key.modulus.len(), 256);
        assert!(pair.public_key.modulus[0] >= 0x80);
        assert_eq!(pair.public_key.exponent, [1, 0, 1]);
    }
}
