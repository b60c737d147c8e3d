//! Private keys ready to sign: parsed once, used through aws-lc-rs, which signs in constant time.

use crate::domain::hook_key::PublicKey;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents};
use rsa::pkcs1::RsaPublicKeyRef;

/// A parsed private key. There is no `Debug`; aws-lc wipes it when it is dropped.
pub struct PrivateKey(KeyPair);

/// The bytes are no private key, or the signature failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    #[error("the private key cannot be parsed")]
    NoPrivateKey,
    #[error("the private key cannot sign")]
    CannotSign,
}

impl PrivateKey {
    /// Takes some 0.3 ms: keep the result.
    ///
    /// # Errors
    /// [`SigningError::NoPrivateKey`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SigningError> {
        KeyPair::from_pkcs8(der).map(Self).map_err(|_| SigningError::NoPrivateKey)
    }

    /// Whether a signature takes no longer than to hand it to another thread would be worth: some 0.2 ms for 2048 bits, 1.3 ms for 4096.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.0.public_modulus_len() <= 256
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, clause 8.2). Not on an async worker, unless it [is quick](Self::is_quick).
    ///
    /// # Errors
    /// [`SigningError::CannotSign`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningError::CannotSign)?;
        Ok(signature)
    }
}

/// The public half of an encoded private key, whose consistency is checked on the way. Takes some 0.3 ms.
///
/// # Errors
/// [`SigningError::NoPrivateKey`].
pub fn public_half(pkcs8: &[u8]) -> Result<PublicKey, SigningError> {
    let PrivateKey(pair) = PrivateKey::from_pkcs8(pkcs8)?;
    // As RFC 8017 has it, clause A.1.1.
    let public = RsaPublicKeyRef::try_from(pair.public_key().as_ref()).map_err(|_| SigningError::NoPrivateKey)?;
    Ok(PublicKey { modulus: public.modulus.as_bytes().to_vec(), exponent: public.public_exponent.as_bytes().to_vec() })
}

/// Whether what the encoded private key signs is verified by the public one. Takes some ms: not on an async worker.
#[must_use]
pub fn is_pair(pkcs8: &[u8], public: &PublicKey) -> bool {
    const MESSAGE: &[u8] = b"pairwise consistency";
    let signed = PrivateKey::from_pkcs8(pkcs8).and_then(|key| key.sign(MESSAGE));
    let public = RsaPublicKeyComponents { n: &public.modulus, e: &public.exponent };
    signed.is_ok_and(|signature| public.verify(&RSA_PKCS1_2048_8192_SHA256, MESSAGE, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::Random;
    use crate::crypto::rsa_key;

    #[test]
    fn the_public_half_is_that_of_the_pair() {
        let pair = rsa_key::KeyPair::make(&Random::system());
        assert_eq!(public_half(pair.pkcs8()), Ok(pair.public_key.clone()));
        assert!(is_pair(pair.pkcs8(), &pair.public_key));
        assert!(!is_pair(pair.pkcs8(), &rsa_key::KeyPair::make(&Random::system()).public_key));
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        let pair = rsa_key::KeyPair::make(&Random::system());
        assert_eq!(public_half(&pair.pkcs8()[..1000]), Err(SigningError::NoPrivateKey));
        assert_eq!(public_half(b""), Err(SigningError::NoPrivateKey));
    }
}
