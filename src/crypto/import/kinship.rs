//! What the public halves of two keys give away together: whoever has both moduli computes their greatest common divisor in
//! milliseconds, and where that is a prime, both private keys (Heninger et al., "Mining Your Ps and Qs", USENIX Security 2012).

use super::numbers::number;
use crate::domain::hook_key::PublicKey;
use crypto_bigint::Gcd as _;

/// How two keys belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// They have the same modulus, and so the same primes.
    Same,
    /// They have one prime in common.
    CommonFactor,
}

/// `None` for keys that have nothing in common. Takes up to a few milliseconds of one core: for many, never call it on an async worker.
#[must_use]
pub fn kinship(one: &PublicKey, other: &PublicKey) -> Option<Kinship> {
    let (one, other) = (number(&one.modulus), number(&other.modulus));
    if one == other {
        return Some(Kinship::Same);
    }
    // Both are public, so the time may tell of them.
    (!one.gcd_vartime(&other).is_one().to_bool()).then_some(Kinship::CommonFactor)
}
