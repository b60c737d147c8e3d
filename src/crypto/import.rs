//! RSA private keys that somebody else has made: read in whatever form they come, and checked before anything is signed with them.
//!
//! 1. [`form`] finds out what the bytes are: PKCS#8 or PKCS#1 as PEM or DER (RFC 5958, clause 2; RFC 8017, clause A.1.2), or a JWK
//!    (RFC 7517; RFC 7518, clause 6.3.2). Whatever else they are has a reason of its own in [`ImportError`].
//! 2. [`modulus`] looks at the public half, which costs next to nothing; [`primes`] and [`exponents`] look at the private one
//!    (FIPS 186-5, clause A.1.1; SP 800-56B Rev. 2, clause 6.4.1).
//! 3. What comes out is encoded anew, always in the same way: the larger prime first, and the smallest private exponent. Of what
//!    came in, only the numbers are kept.
//! 4. Last it signs once, and its public half verifies that: the pairwise consistency test of SP 800-56B Rev. 2, clause 6.4.1.1.
//!
//! What a key has in common with another one only who has both can say: [`kinship()`].

mod bases;
mod der;
mod error;
mod exponents;
mod factors;
mod form;
mod jwk;
mod kinship;
mod modulus;
mod numbers;
mod pem;
mod primes;
mod roca;
#[cfg(test)]
mod tests;

use super::private_key;
use super::rsa_key::KeyPair;
pub use error::ImportError;
pub use kinship::{Kinship, kinship};
use numbers::Numbers;

/// Reads a private key and checks it. Takes 50 to 500 ms of one core, by its size: never call it on an async worker.
///
/// # Errors
/// [`ImportError`].
pub fn import(text_or_der: &[u8]) -> Result<KeyPair, ImportError> {
    let Numbers { modulus, exponent, private_exponent, crt } = form::read(text_or_der)?;
    modulus::check(&modulus, &exponent)?;
    let primes = primes::checked(&modulus, &exponent, &private_exponent, crt.as_ref())?;
    let private_exponent = exponents::checked(&modulus, &exponent, &private_exponent, &primes, crt.as_ref())?;
    let private = primes.private_key(modulus, exponent, &private_exponent).ok_or(ImportError::Unusable)?;
    let pair = KeyPair::new(&private);
    if !private_key::is_pair(pair.pkcs8(), &pair.public_key) {
        return Err(ImportError::Unusable);
    }
    Ok(pair)
}
