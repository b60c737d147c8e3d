//! The private exponent of a key, and what was computed from it in advance.

use super::error::ImportError;
use super::numbers::{Crt, Secret, power_of_two};
use super::primes::Primes;
use crypto_bigint::{BoxedUint, ConcatenatingMul as _, Gcd as _, NonZero, Resize as _};
use zeroize::Zeroizing;

/// The smallest private exponent that does the same as the one the key came with, which may also have been computed modulo
/// (p - 1)(q - 1).
pub(super) fn checked(
    modulus: &BoxedUint,
    exponent: &BoxedUint,
    private_exponent: &BoxedUint,
    primes: &Primes,
    crt: Option<&Crt>,
) -> Result<Secret, ImportError> {
    let [p_less_one, q_less_one] = [&primes.p, &primes.q].map(|prime| less_one(prime));
    let order = order(&p_less_one, &q_less_one);
    let inverse = exponent.resize_unchecked(order.bits_precision()).invert_mod(&order).into_option();
    let smallest = Zeroizing::new(inverse.ok_or(ImportError::Inconsistent("e"))?);
    if private_exponent >= modulus || Zeroizing::new(private_exponent.rem(&order)) != smallest {
        return Err(ImportError::Inconsistent("d"));
    }
    if *smallest <= power_of_two(modulus.bit_width_vartime() / 2) {
        return Err(ImportError::SmallPrivateExponent);
    }
    if let Some(Crt { dp, dq, qi, .. }) = crt {
        let p = NonZero::new(BoxedUint::clone(&primes.p)).expect("a prime is not zero");
        let coefficient = primes.q.invert_mod(&p).into_option().map(Zeroizing::new);
        if Zeroizing::new(smallest.rem(&p_less_one)) != *dp {
            return Err(ImportError::Inconsistent("dp"));
        }
        if Zeroizing::new(smallest.rem(&q_less_one)) != *dq {
            return Err(ImportError::Inconsistent("dq"));
        }
        if coefficient.is_none_or(|coefficient| coefficient != *qi) {
            return Err(ImportError::Inconsistent("qi"));
        }
    }
    Ok(smallest)
}

fn less_one(prime: &BoxedUint) -> NonZero<BoxedUint> {
    NonZero::new(prime.wrapping_sub(BoxedUint::one())).expect("a prime is larger than 1")
}

/// The order of the group of all that is signed: the least common multiple of both.
fn order(p_less_one: &NonZero<BoxedUint>, q_less_one: &NonZero<BoxedUint>) -> NonZero<BoxedUint> {
    let common = p_less_one.gcd(q_less_one);
    NonZero::new(p_less_one.concatenating_mul(q_less_one.wrapping_div(&common))).expect("neither is zero")
}
