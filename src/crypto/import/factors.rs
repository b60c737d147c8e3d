//! Primes that were left out.

use super::bases::base;
use super::numbers::{Secret, secret};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul as _, Gcd as _, Integer as _, NonZero, Odd};
use zeroize::Zeroizing;

/// Each finds the factors with a chance of one half.
const ROUNDS: u8 = 64;

/// The factors of a modulus, from the exponents (SP 800-56B Rev. 2, clause C.1). `None` where these are not the exponents of one
/// another.
pub(super) fn recover(
    modulus: &BoxedUint,
    exponent: &BoxedUint,
    private_exponent: &BoxedUint,
) -> Option<(Secret, Secret)> {
    let product = Zeroizing::new(exponent.concatenating_mul(private_exponent));
    if private_exponent >= modulus || product.is_even().to_bool() {
        return None;
    }
    // What every base has the power 1 with: 2^halvings times an odd number.
    let multiple = Zeroizing::new(product.wrapping_sub(BoxedUint::one()));
    let halvings = multiple.trailing_zeros_vartime();
    let rest = Zeroizing::new(multiple.shr(halvings));
    let parameters = BoxedMontyParams::new(Odd::new(modulus.clone()).into_option()?);
    for round in 0..ROUNDS {
        let base = BoxedMontyForm::new(base(parameters.modulus().as_nz_ref(), round), &parameters);
        match root_of_one(&base.pow(&rest), halvings) {
            Outcome::Root(root) => return split(modulus, &root),
            Outcome::Trivial => {}
            Outcome::NotOne => return None,
        }
    }
    None
}

/// What a base has come to.
enum Outcome {
    /// A square root of 1 that is neither 1 nor -1.
    Root(Secret),
    /// Only 1 and -1.
    Trivial,
    /// Its power is not 1: the exponents are wrong.
    NotOne,
}

fn root_of_one(power: &BoxedMontyForm, halvings: u32) -> Outcome {
    let one = BoxedMontyForm::one(power.params());
    let minus_one = one.neg();
    let mut power = power.clone();
    if power == one || power == minus_one {
        return Outcome::Trivial;
    }
    for _ in 0..halvings {
        let square = power.square();
        if square == one {
            return Outcome::Root(Zeroizing::new(power.retrieve()));
        }
        if square == minus_one {
            return Outcome::Trivial;
        }
        power = square;
    }
    Outcome::NotOne
}

/// (x + 1)(x - 1) is a multiple of the modulus, and neither of the two is.
fn split(modulus: &BoxedUint, root: &BoxedUint) -> Option<(Secret, Secret)> {
    let factor = NonZero::new(root.wrapping_sub(BoxedUint::one()).gcd(modulus)).into_option()?;
    let other = modulus.wrapping_div(&factor);
    let narrow = |number: &BoxedUint| secret(&Zeroizing::new(number.to_be_bytes()));
    Some((narrow(&factor), narrow(&other)))
}
