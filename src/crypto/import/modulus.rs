//! What can be said of a key from its public half alone.

use super::error::ImportError;
use super::numbers::{MAX_BITS, MIN_BITS};
use super::roca;
use crypto_bigint::{BoxedUint, Integer as _, Limb, NonZero};

/// The most that aws-lc, and with it the vault's own verification, is sure to take; FIPS 186-5 has 256.
const MAX_EXPONENT_BITS: u32 = 32;
const MAX_EXPONENT_BITS_OF_FIPS: u32 = 256;

/// A modulus has no factor below this number (SP 800-56B Rev. 2, clause 6.4.2.2).
const SMALL: u32 = 752;

pub(super) fn check(modulus: &BoxedUint, exponent: &BoxedUint) -> Result<(), ImportError> {
    check_size(modulus)?;
    check_exponent(exponent)?;
    if modulus.is_even().to_bool() {
        return Err(ImportError::EvenModulus);
    }
    if let Some(factor) = odd_primes_below(SMALL).find(|prime| remainder(modulus, *prime) == 0) {
        return Err(ImportError::SmallFactor(factor));
    }
    if roca::is_vulnerable(|prime| remainder(modulus, prime)) { Err(ImportError::Roca) } else { Ok(()) }
}

fn check_size(modulus: &BoxedUint) -> Result<(), ImportError> {
    let bits = modulus.bit_width_vartime() as usize;
    if bits < MIN_BITS {
        Err(ImportError::TooSmall(bits))
    } else if bits > MAX_BITS {
        Err(ImportError::TooLarge(bits))
    } else if !bits.is_multiple_of(8) {
        Err(ImportError::OddSize(bits))
    } else {
        Ok(())
    }
}

fn check_exponent(exponent: &BoxedUint) -> Result<(), ImportError> {
    let bits = exponent.bit_width_vartime();
    if exponent.is_even().to_bool() {
        Err(ImportError::EvenExponent)
    } else if exponent.is_one().to_bool() {
        Err(ImportError::ExponentOne)
    } else if bits <= 16 {
        Err(ImportError::SmallExponent)
    } else if bits > MAX_EXPONENT_BITS_OF_FIPS {
        Err(ImportError::LargeExponent)
    } else if bits > MAX_EXPONENT_BITS {
        Err(ImportError::UnusualExponent)
    } else {
        Ok(())
    }
}

fn remainder(number: &BoxedUint, divisor: u32) -> u32 {
    let divisor = NonZero::new(Limb::from(divisor)).expect("nothing is divided by zero");
    u32::try_from(number.rem_limb(divisor).0).expect("a remainder is smaller than what it is of")
}

fn odd_primes_below(end: u32) -> impl Iterator<Item = u32> {
    (3..end).filter(|number| {
        (2..*number).take_while(|divisor| divisor * divisor <= *number).all(|divisor| number % divisor != 0)
    })
}
