use super::numbers::{MAX_BITS, MIN_BITS};

/// Why a private key is not taken. `Display` completes "the key …". Nothing of what was read is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    // What it is instead.
    #[error("is empty")]
    Empty,
    #[error("is longer than any private key")]
    TooLong,
    #[error("is neither PEM nor DER of PKCS#8 or PKCS#1, nor a JWK")]
    NotAKey,
    #[error("is cut off: its end is missing")]
    Truncated,
    #[error("has something behind its end")]
    Trailing,
    #[error("is only a public key")]
    Public,
    #[error("is a certificate, or a request for one; the private key is in another file")]
    Certificate,
    #[error("is encrypted with a password; `openssl pkey -in FILE` takes it off")]
    Encrypted,
    #[error("is in a PKCS#12 file; `openssl pkcs12 -in FILE -nocerts -noenc` takes it out")]
    Pkcs12,
    #[error("is in the format of OpenSSH; `ssh-keygen -p -m PKCS8 -f FILE` rewrites the file")]
    OpenSsh,
    #[error("is one of {0} in the file; pass one alone")]
    Several(usize),
    #[error("is for {0}; only RSA signs calls")]
    Algorithm(&'static str),
    #[error("may only sign with PSS (RFC 4055, clause 1.2); the vault signs with RS256")]
    Pss,

    // How it is written.
    #[error("is no well-formed PEM: what stands between its first and its last line is not base64")]
    Pem,
    #[error("is no well-formed DER of a private key (RFC 8017, clause A.1.2)")]
    Der,
    #[error("is no well-formed JSON object, each of whose members is there once")]
    Json,
    #[error("is in a set of JWKs; pass the JWK itself")]
    Set,
    #[error("lacks the member `{0}` (RFC 7518, clause 6.3)")]
    Missing(&'static str),
    #[error("has `=` at the end of its member `{0}`: base64url in a JWK has no padding (RFC 7515, clause 2)")]
    Padded(&'static str),
    #[error("has a member `{0}` that is not base64url")]
    NotBase64Url(&'static str),
    #[error("has a `use` other than `sig`")]
    Use,
    #[error("has `key_ops` without `sign`")]
    Operations,
    #[error("has an `alg` other than RS256, RS384 and RS512")]
    JwkAlgorithm,

    // Its public numbers.
    #[error("has {0} bits; {MIN_BITS} to {MAX_BITS} are taken")]
    TooSmall(usize),
    #[error("has {0} bits; {MIN_BITS} to {MAX_BITS} are taken")]
    TooLarge(usize),
    #[error("has {0} bits, which are not whole bytes")]
    OddSize(usize),
    #[error("has an even modulus")]
    EvenModulus,
    #[error("has an even exponent")]
    EvenExponent,
    #[error("has the exponent 1: whoever knows the public half can sign")]
    ExponentOne,
    #[error("has an exponent below 65537 (FIPS 186-5, clause A.1.1)")]
    SmallExponent,
    #[error("has an exponent of more than 256 bits (FIPS 186-5, clause A.1.1)")]
    LargeExponent,
    #[error("has an exponent of more than 32 bits, which many verifiers, and the vault, cannot use")]
    UnusualExponent,
    #[error("has a modulus that {0} divides")]
    SmallFactor(u32),
    #[error("was made by a faulty Infineon library, and others can compute it (ROCA, CVE-2017-15361)")]
    Roca,

    // Its private numbers.
    #[error("has more than two primes")]
    MultiPrime,
    #[error("has the same prime twice")]
    EqualPrimes,
    #[error("has a modulus that is not the product of `p` and `q`")]
    Product,
    #[error("has primes of different lengths (FIPS 186-5, clause A.1.1)")]
    UnequalLengths,
    #[error("has primes that are too close to each other (FIPS 186-5, clause A.1.1)")]
    ClosePrimes,
    #[error("has a `{0}` that is not prime")]
    NotPrime(&'static str),
    #[error("has the wrong `{0}`: it does not fit the other numbers")]
    Inconsistent(&'static str),
    #[error("has so small a `d` that others can compute it (FIPS 186-5, clause A.1.1)")]
    SmallPrivateExponent,
    #[error("makes signatures that its public half does not verify")]
    Unusable,
}
