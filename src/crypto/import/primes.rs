//! The primes of a key.

use super::bases::base;
use super::error::ImportError;
use super::factors;
use super::numbers::{Crt, Secret, power_of_two};
use crypto_bigint::{BoxedUint, ConcatenatingMul as _, Odd};
use crypto_primes::hazmat::MillerRabin;
use crypto_primes::{Flavor, is_prime};
use zeroize::Zeroizing;

/// How many bits the primes must differ in, counted from the top (FIPS 186-5, clause A.1.1).
const DIFFERENT_BITS: u32 = 100;

/// Of Miller-Rabin: a composite passes each with a chance of at most one fourth.
const ROUNDS: u8 = 32;

/// Two different primes of the same length, as they stood in the key. There is no `Debug`.
pub(super) struct Primes {
    pub p: Secret,
    pub q: Secret,
}

/// The primes that the key came with, or else those that follow from its private exponent.
pub(super) fn checked(
    modulus: &BoxedUint,
    exponent: &BoxedUint,
    private_exponent: &BoxedUint,
    crt: Option<&Crt>,
) -> Result<Primes, ImportError> {
    let primes = match crt {
        Some(Crt { p, q, .. }) => Primes { p: p.clone(), q: q.clone() },
        None => {
            let found = factors::recover(modulus, exponent, private_exponent);
            found.map(|(p, q)| Primes { p, q }).ok_or(ImportError::Inconsistent("d"))?
        }
    };
    primes.check(modulus)?;
    Ok(primes)
}

impl Primes {
    fn check(&self, modulus: &BoxedUint) -> Result<(), ImportError> {
        let Self { p, q } = self;
        if *Zeroizing::new(p.concatenating_mul(&**q)) != *modulus {
            return Err(ImportError::Product);
        }
        if p == q {
            return Err(ImportError::EqualPrimes);
        }
        let bits = p.bit_width_vartime();
        if bits != q.bit_width_vartime() {
            return Err(ImportError::UnequalLengths);
        }
        let (larger, smaller) = self.sorted();
        if larger.wrapping_sub(smaller) <= power_of_two(bits - DIFFERENT_BITS) {
            return Err(ImportError::ClosePrimes);
        }
        match [("p", p), ("q", q)].into_iter().find(|(_, number)| !is_surely_prime(number)) {
            Some((name, _)) => Err(ImportError::NotPrime(name)),
            None => Ok(()),
        }
    }

    /// The larger prime, then the smaller one.
    fn sorted(&self) -> (&BoxedUint, &BoxedUint) {
        let (p, q): (&BoxedUint, &BoxedUint) = (&self.p, &self.q);
        if p > q { (p, q) } else { (q, p) }
    }

    /// `None` where the numbers do not fit after all.
    pub(super) fn private_key(
        &self,
        modulus: BoxedUint,
        exponent: BoxedUint,
        private_exponent: &BoxedUint,
    ) -> Option<rsa::PrivateKey> {
        let (larger, smaller) = self.sorted();
        let primes = vec![larger.clone(), smaller.clone()];
        rsa::PrivateKey::from_components(modulus, exponent, private_exponent.clone(), primes).ok()
    }
}

/// Baillie-PSW, then Miller-Rabin (FIPS 186-5, clause B.3.1).
fn is_surely_prime(number: &BoxedUint) -> bool {
    let Some(odd) = Odd::new(number.clone()).into_option() else { return false };
    if !is_prime(Flavor::Any, number) {
        return false;
    }
    let test = MillerRabin::new(odd.clone());
    (0..ROUNDS).all(|round| test.test(&base(odd.as_nz_ref(), round)).is_probably_prime())
}
