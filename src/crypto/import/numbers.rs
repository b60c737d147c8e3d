//! The numbers of a private key (RFC 8017, clause 3.2), as they were found: nothing here is checked.

use crypto_bigint::BoxedUint;
use zeroize::Zeroizing;

/// The sizes of a modulus that are taken.
pub(super) const MIN_BITS: usize = 2048;
pub(super) const MAX_BITS: usize = 4096;

/// A number that must not be known. It is wiped when it is dropped.
pub(super) type Secret = Zeroizing<BoxedUint>;

/// There is no `Debug`.
pub(super) struct Numbers {
    pub modulus: BoxedUint,
    pub exponent: BoxedUint,
    pub private_exponent: Secret,
    /// A JWK may leave them out (RFC 7518, clause 6.3.2).
    pub crt: Option<Crt>,
}

/// What makes signing faster: the primes and what follows from them. There is no `Debug`.
pub(super) struct Crt {
    pub p: Secret,
    pub q: Secret,
    pub dp: Secret,
    pub dq: Secret,
    pub qi: Secret,
}

/// An unsigned big-endian integer, no wider than it must be, however many zeros stand in front.
pub(super) fn number(bytes: &[u8]) -> BoxedUint {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    BoxedUint::from_be_slice_vartime(&bytes[zeros..])
}

pub(super) fn secret(bytes: &[u8]) -> Secret {
    Zeroizing::new(number(bytes))
}

/// 2 to the power of `exponent`.
pub(super) fn power_of_two(exponent: u32) -> BoxedUint {
    BoxedUint::one_with_precision(exponent + 1).shl(exponent)
}
