//! Private keys ready to sign: parsed once, used through aws-lc-rs, which signs in constant time.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

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

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, clause 8.2). Takes some 0.5 ms: not on an async worker.
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
