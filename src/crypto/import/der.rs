//! DER: what the tags of its members say that it is, and the numbers in it.

use super::error::ImportError;
use super::numbers::{Crt, Numbers, number, secret};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, ObjectIdentifier};
use pkcs8::der::{Decode as _, ErrorKind, Reader as _, SliceReader, Tag, Tagged as _};
use rsa::pkcs1::{ALGORITHM_OID as RSA, RsaPrivateKeyRef};

pub(super) const ELLIPTIC: &str = "elliptic curves (EC)";
pub(super) const DSA: &str = "DSA";
pub(super) const UNKNOWN: &str = "an algorithm that the vault does not know";

/// RFC 4055, clause 1.2.
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// RFC 5480, clause 2.1.1; RFC 8410, clause 3; RFC 3279, clause 2.3.2.
const OTHERS: [(ObjectIdentifier, &str); 6] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.2.1"), ELLIPTIC),
    (ObjectIdentifier::new_unwrap("1.3.101.110"), "X25519"),
    (ObjectIdentifier::new_unwrap("1.3.101.111"), "X448"),
    (ObjectIdentifier::new_unwrap("1.3.101.112"), "Ed25519"),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), "Ed448"),
    (ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"), DSA),
];

pub(super) fn read(der: &[u8]) -> Result<Numbers, ImportError> {
    use Tag::{BitString, Integer, OctetString, Sequence};
    match tags(der)?[..] {
        [Integer, Sequence, OctetString, ..] => from_pkcs8(der),
        [Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer] => from_pkcs1(der),
        [Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Sequence] => {
            Err(ImportError::MultiPrime)
        }
        // `RSAPublicKey`, `SubjectPublicKeyInfo`.
        [Integer, Integer] | [Sequence, BitString] => Err(ImportError::Public),
        [Sequence, Sequence, BitString] => Err(ImportError::Certificate),
        // `EncryptedPrivateKeyInfo` (RFC 5958, clause 3).
        [Sequence, OctetString] => Err(ImportError::Encrypted),
        // `PFX` (RFC 7292, clause 4).
        [Integer, Sequence] | [Integer, Sequence, Sequence] => Err(ImportError::Pkcs12),
        // `ECPrivateKey` (RFC 5915, clause 3).
        [Integer, OctetString, ..] => Err(ImportError::Algorithm(ELLIPTIC)),
        [Integer, Integer, Integer, Integer, Integer, Integer] => Err(ImportError::Algorithm(DSA)),
        _ => Err(ImportError::NotAKey),
    }
}

/// The tags of the members of a sequence that fills the bytes.
fn tags(der: &[u8]) -> Result<Vec<Tag>, ImportError> {
    let sequence = AnyRef::from_der(der).map_err(|error| match error.kind() {
        ErrorKind::Incomplete { .. } => ImportError::Truncated,
        ErrorKind::TrailingData { .. } => ImportError::Trailing,
        _ => ImportError::NotAKey,
    })?;
    let mut tags = Vec::new();
    let mut members = SliceReader::new(sequence.value()).map_err(|_| ImportError::NotAKey)?;
    while !members.is_finished() {
        tags.push(AnyRef::decode(&mut members).map_err(|_| ImportError::NotAKey)?.tag());
    }
    Ok(tags)
}

fn from_pkcs8(der: &[u8]) -> Result<Numbers, ImportError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| ImportError::Der)?;
    match info.algorithm.oid {
        RSA => from_pkcs1(info.private_key.as_bytes()),
        RSASSA_PSS => Err(ImportError::Pss),
        oid => {
            let found = OTHERS.iter().find(|(other, _)| *other == oid);
            Err(ImportError::Algorithm(found.map_or(UNKNOWN, |(_, name)| name)))
        }
    }
}

fn from_pkcs1(der: &[u8]) -> Result<Numbers, ImportError> {
    let key = RsaPrivateKeyRef::try_from(der).map_err(|_| ImportError::Der)?;
    if key.other_prime_infos.is_some() {
        return Err(ImportError::MultiPrime);
    }
    Ok(Numbers {
        modulus: number(key.modulus.as_bytes()),
        exponent: number(key.public_exponent.as_bytes()),
        private_exponent: secret(key.private_exponent.as_bytes()),
        crt: Some(Crt {
            p: secret(key.prime1.as_bytes()),
            q: secret(key.prime2.as_bytes()),
            dp: secret(key.exponent1.as_bytes()),
            dq: secret(key.exponent2.as_bytes()),
            qi: secret(key.coefficient.as_bytes()),
        }),
    })
}
