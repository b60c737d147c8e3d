//! Public keys as JWK (RFC 7517) and PEM (RFC 7468, clause 13), and their thumbprints (RFC 7638).

use crate::domain::hook_key::PublicKey;
use crate::domain::verifying_key::{Curve, VerifyingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    ParsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jaws::key::{JsonWebKey, Thumbprint};
use pkcs8::der::asn1::{ObjectIdentifier, UintRef};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs1;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

/// The sizes of RSA keys, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

const RSA_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const CURVES: [(ObjectIdentifier, Curve); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Curve::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Curve::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Curve::P521),
];

/// Why something is no public key that signatures can be verified with. `Display` completes "the key …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAVerifyingKey {
    #[error("is neither a JWK, nor a set of JWKs, nor PEM")]
    Form,
    #[error("has private parts: the vault needs the public half alone")]
    Private,
    #[error("is neither RSA nor on one of the curves P-256, P-384 and P-521")]
    Kind,
    #[error("has {0} bits; RSA keys need 2048 to 8192")]
    Size(usize),
    #[error("is for something else than signatures of its kind (see `use`, `key_ops` and `alg`)")]
    Use,
    #[error("is not a valid public key of its kind")]
    Value,
    #[error("is not there: the set is empty")]
    None,
}

/// A key with the `kid` that its JWK has.
pub type Named = (Option<String>, VerifyingKey);

/// Reads a JWK, a JWK set or a PEM. A key of the set that cannot be used makes all of it unusable.
///
/// # Errors
/// [`NotAVerifyingKey`].
pub fn parse(text: &str) -> Result<Vec<Named>, NotAVerifyingKey> {
    if text.trim_start().starts_with("-----BEGIN") {
        return Ok(vec![(None, from_pem(text)?)]);
    }
    let value: Value = serde_json::from_str(text).map_err(|_| NotAVerifyingKey::Form)?;
    let keys: Vec<_> = match value.get("keys") {
        Some(_) => parse_set(value)?.collect::<Result<_, _>>()?,
        None => vec![from_value(value)?],
    };
    if keys.is_empty() { Err(NotAVerifyingKey::None) } else { Ok(keys) }
}

/// Reads a JWK set, each key by itself: verifiers ignore what they cannot use (RFC 7517, clause 5).
///
/// # Errors
/// [`NotAVerifyingKey::Form`].
pub fn parse_set(value: Value) -> Result<impl Iterator<Item = Result<Named, NotAVerifyingKey>>, NotAVerifyingKey> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_value(value).map_err(|_| NotAVerifyingKey::Form)?;
    Ok(set.keys.into_iter().map(from_value))
}

fn from_value(value: Value) -> Result<Named, NotAVerifyingKey> {
    let key: JsonWebKey = serde_json::from_value(value).map_err(|_| NotAVerifyingKey::Form)?;
    let member = |name: &str| key.parameters().get(name).filter(|value| !value.is_null());
    let kid = match member("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.clone()),
        Some(_) => return Err(NotAVerifyingKey::Form),
    };
    let verifying = from_jaws(&key)?;
    // RFC 7517, clauses 4.2 to 4.4.
    let usage = member("use").is_none_or(|usage| usage == "sig");
    let operations = member("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|operations| operations.iter().any(|operation| operation == "verify"))
    });
    let algorithm = member("alg").is_none_or(|name| algorithms(&verifying).iter().any(|algorithm| name == algorithm));
    if usage && operations && algorithm { Ok((kid, verifying)) } else { Err(NotAVerifyingKey::Use) }
}

/// Those of `JWS_ALGORITHMS` that a key can be used with.
pub(super) fn algorithms(key: &VerifyingKey) -> &'static [&'static str] {
    match key {
        VerifyingKey::Rsa(_) => &["RS256", "RS384", "RS512"],
        VerifyingKey::Ec { curve: Curve::P256, .. } => &["ES256"],
        VerifyingKey::Ec { curve: Curve::P384, .. } => &["ES384"],
        VerifyingKey::Ec { curve: Curve::P521, .. } => &["ES512"],
    }
}

pub(super) fn from_jaws(key: &JsonWebKey) -> Result<VerifyingKey, NotAVerifyingKey> {
    let member = |name: &str| key.parameters().get(name).and_then(Value::as_str);
    // Of all private parts `d` is always there (RFC 7518, clauses 6.2.2 and 6.3.2); `k` is a shared secret.
    if key.parameters().contains_key("d") || key.parameters().contains_key("k") {
        return Err(NotAVerifyingKey::Private);
    }
    let number = |name: &str| {
        let bytes = member(name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        bytes.ok_or(NotAVerifyingKey::Value)
    };
    let unsigned = |name: &str| {
        let mut bytes = number(name)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.drain(..zeros);
        Ok(bytes)
    };
    match key.key_type() {
        "RSA" => rsa_key(unsigned("n")?, unsigned("e")?),
        "EC" => {
            let curve = member("crv").and_then(|name| Curve::parse(name).ok()).ok_or(NotAVerifyingKey::Kind)?;
            ec_key(curve, number("x")?, number("y")?)
        }
        _ => Err(NotAVerifyingKey::Kind),
    }
}

fn from_pem(text: &str) -> Result<VerifyingKey, NotAVerifyingKey> {
    if text.contains("PRIVATE KEY") {
        return Err(NotAVerifyingKey::Private);
    }
    let (_, document) = pkcs8::der::Document::from_pem(text.trim()).map_err(|_| NotAVerifyingKey::Form)?;
    let der = document.as_bytes();
    let Ok(info) = SubjectPublicKeyInfoRef::try_from(der) else {
        // `RSA PUBLIC KEY`: PKCS#1 without the wrapping.
        return from_pkcs1(der).ok_or(NotAVerifyingKey::Form)?;
    };
    if info.algorithm.oid == RSA_PUBLIC_KEY {
        let found = info.subject_public_key.as_bytes().and_then(from_pkcs1);
        return found.ok_or(NotAVerifyingKey::Value)?;
    }
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return Err(NotAVerifyingKey::Kind);
    }
    let named = info.algorithm.parameters_oid().map_err(|_| NotAVerifyingKey::Kind)?;
    let found = CURVES.iter().find(|(oid, _)| *oid == named).ok_or(NotAVerifyingKey::Kind)?;
    let (_, curve) = *found;
    let point = info.subject_public_key.as_bytes().ok_or(NotAVerifyingKey::Value)?;
    // Uncompressed (SEC 1, clause 2.3.3): what everybody writes.
    match point.split_first() {
        Some((4, coordinates)) if coordinates.len() == 2 * curve.coordinate_length() => {
            let (x, y) = coordinates.split_at(curve.coordinate_length());
            ec_key(curve, x.to_vec(), y.to_vec())
        }
        _ => Err(NotAVerifyingKey::Value),
    }
}

/// `None` where it is no RSA key at all.
fn from_pkcs1(der: &[u8]) -> Option<Result<VerifyingKey, NotAVerifyingKey>> {
    let key = pkcs1::RsaPublicKey::<UintRef<'_>>::try_from(der).ok()?;
    Some(rsa_key(key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec()))
}

fn rsa_key(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<VerifyingKey, NotAVerifyingKey> {
    let key = PublicKey { modulus, exponent };
    if !RSA_BITS.contains(&key.bits()) {
        return Err(NotAVerifyingKey::Size(key.bits()));
    }
    // What no verification would take: a modulus that is no product of odd primes, an exponent that is even, 1 or huge.
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    let usual = (1..=4).contains(&key.exponent.len()) && key.exponent != [1];
    if !(is_odd(&key.modulus) && is_odd(&key.exponent) && usual) {
        return Err(NotAVerifyingKey::Value);
    }
    Ok(VerifyingKey::Rsa(key))
}

fn ec_key(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<VerifyingKey, NotAVerifyingKey> {
    if x.len() != curve.coordinate_length() || y.len() != curve.coordinate_length() {
        return Err(NotAVerifyingKey::Value);
    }
    // Off the curve it is refused here, before anybody registers it.
    ParsedPublicKey::new(ecdsa(curve), point(&x, &y)).map_err(|_| NotAVerifyingKey::Value)?;
    Ok(VerifyingKey::Ec { curve, x, y })
}

/// The one algorithm that a curve is used with (RFC 7518, clause 3.4).
pub(super) fn ecdsa(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
    }
}

/// A point in its uncompressed form (SEC 1, clause 2.3.3).
pub(super) fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// What makes an RSA public key in a JWK (RFC 7518, clauses 6.1 and 6.3.1): the only place where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaMembers {
    pub kty: &'static str,
    /// The modulus, base64url.
    pub n: String,
    /// The public exponent, base64url.
    pub e: String,
}

#[must_use]
pub fn rsa_members(key: &PublicKey) -> RsaMembers {
    let encode = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    RsaMembers { kty: "RSA", n: encode(&key.modulus), e: encode(&key.exponent) }
}

/// The members that make the key (RFC 7638, clause 3.2), in no particular order.
#[must_use]
pub fn members(key: &VerifyingKey) -> Map<String, Value> {
    let encode = |bytes: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(bytes));
    let members = match key {
        VerifyingKey::Rsa(key) => {
            let RsaMembers { kty, n, e } = rsa_members(key);
            vec![("kty", kty.into()), ("n", n.into()), ("e", e.into())]
        }
        VerifyingKey::Ec { curve, x, y } => {
            vec![("kty", "EC".into()), ("crv", curve.as_str().into()), ("x", encode(x)), ("y", encode(y))]
        }
    };
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The SHA-256 thumbprint (RFC 7638), in base64url.
///
/// # Panics
/// Never: the members are a JWK.
#[must_use]
pub fn thumbprint(key: &VerifyingKey) -> String {
    let jwk: JsonWebKey = serde_json::from_value(Value::Object(members(key))).expect("the members have a kty");
    Thumbprint::<Sha256>::from_jwk(&jwk).expect("texts can be written as JSON").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7638, clause 3.1.
    const EXAMPLE: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    #[test]
    fn a_thumbprint_is_that_of_the_members_that_make_the_key() {
        let keys = parse(EXAMPLE).unwrap();
        assert_eq!(keys[0].0.as_deref(), Some("2011-04-29"));
        assert_eq!(thumbprint(&keys[0].1), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // However the numbers are written.
        let padded = EXAMPLE.replace(r#""e":"AQAB""#, r#""e":"AAEAAQ""#);
        assert_eq!(thumbprint(&parse(&padded).unwrap()[0].1), thumbprint(&keys[0].1));
    }

    #[test]
    fn a_set_is_read_key_by_key_where_verifiers_read_it() {
        let set = format!(
            r#"{{"keys":[{EXAMPLE},{{"kty":"OKP","crv":"Ed25519","x":"AA"}},{}]}}"#,
            EXAMPLE.replace("RS256", "RSA-OAEP")
        );
        let read: Vec<_> = parse_set(serde_json::from_str(&set).unwrap()).unwrap().map(|key| key.map(drop)).collect();
        assert_eq!(read, [Ok(()), Err(NotAVerifyingKey::Kind), Err(NotAVerifyingKey::Use)]);
        // Whoever registers keys should know that one is of no use.
        assert_eq!(parse(&set), Err(NotAVerifyingKey::Kind));
    }

    #[test]
    fn a_key_for_something_else_is_refused() {
        let with = |more: &str| parse(&EXAMPLE.replace(r#""alg":"RS256""#, more)).map(drop);
        for right in [r#""alg":"RS512""#, r#""alg":null,"use":"sig""#, r#""key_ops":["verify"]"#] {
            assert_eq!(with(right), Ok(()), "{right}");
        }
        for wrong in [r#""alg":"PS256""#, r#""alg":"ES256""#, r#""use":"enc""#, r#""key_ops":["encrypt"]"#] {
            assert_eq!(with(wrong), Err(NotAVerifyingKey::Use), "{wrong}");
        }
        assert_eq!(parse(&EXAMPLE.replace(r#""2011-04-29""#, "7")), Err(NotAVerifyingKey::Form));
    }

    #[test]
    fn an_rsa_key_that_no_verification_would_take_is_refused() {
        for exponent in ["AQ", "Ag", "AQAAAAAB", ""] {
            let key = EXAMPLE.replace(r#""e":"AQAB""#, &format!(r#""e":"{exponent}""#));
            assert_eq!(parse(&key), Err(NotAVerifyingKey::Value), "{exponent}");
        }
        // An even modulus.
        assert_eq!(parse(&EXAMPLE.replace("KnqDKgw", "KnqDKgg")), Err(NotAVerifyingKey::Value));
    }

    #[test]
    fn a_point_has_coordinates_of_full_length() {
        let short = r#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#;
        assert_eq!(parse(short), Err(NotAVerifyingKey::Value));
    }
}
