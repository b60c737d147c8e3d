//! ROCA (CVE-2017-15361): primes that an Infineon library made with too little randomness.
//!
//! Each is k·M + (65537^a mod M), where M is the product of the first n primes: 126 of them for keys of 1984 to 3936 bits, more for
//! larger ones. So the modulus, too, is a power of 65537 modulo each of these primes, as one of others is only by rare chance
//! (M. Nemec, M. Sys, P. Svenda, D. Klinec, V. Matyas, "The Return of Coppersmith's Attack", CCS 2017, clause 2).

const GENERATOR: u32 = 65537;

/// The odd ones of the first 126 primes; modulo 2, and where 65537 generates all there is, nothing is said.
const PRIMES: [u32; 125] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239,
    241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379,
    383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509, 521,
    523, 541, 547, 557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653, 659, 661,
    673, 677, 683, 691, 701,
];

/// Whether a modulus, of which the remainders are given, has the pattern.
pub(super) fn is_vulnerable(remainder: impl Fn(u32) -> u32) -> bool {
    PRIMES.iter().all(|prime| is_power(remainder(*prime), *prime))
}

/// Whether a number is a power of the generator: in a cyclic group, these are all whose order divides that of the generator.
fn is_power(number: u32, prime: u32) -> bool {
    power(number, order(prime), prime) == 1
}

fn order(prime: u32) -> u32 {
    let step = |power: &u32| Some(power * (GENERATOR % prime) % prime);
    let powers = std::iter::successors(Some(GENERATOR % prime), step);
    1 + u32::try_from(powers.take_while(|power| *power != 1).count()).expect("an order is smaller than its prime")
}

fn power(base: u32, exponent: u32, prime: u32) -> u32 {
    (0..exponent).fold(1, |product, _| product * base % prime)
}
