//! Bases for what is tried with random numbers.

use crypto_bigint::{BoxedUint, NonZero};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// One number below another, which it follows from. That is as good as a random one against whoever makes up numbers that no base
/// finds out about: with each number that they try, all of its bases change.
pub(super) fn base(number: &NonZero<BoxedUint>, round: u8) -> BoxedUint {
    let bytes = Zeroizing::new(number.to_be_bytes());
    let block = |index: u8| Sha256::new().chain_update([round, index]).chain_update(&**bytes).finalize();
    let stream: Vec<u8> = (0..u8::MAX).flat_map(block).take(bytes.len()).collect();
    BoxedUint::from_be_slice_truncated(&stream, number.bits_precision()).rem(number)
}
