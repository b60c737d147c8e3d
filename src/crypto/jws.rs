//! JSON Web Signatures in their compact form (RFC 7515, clause 7.1): `jaws` reads and writes them, aws-lc-rs signs and verifies.
//!
//! 1. [`sign`] writes with RS256, on a parsed key: the libraries that do both parse the private key for each signature.
//! 2. [`Unverified::parse`] reads. Who is said to have signed must be known before anything can be verified, so header and
//!    claims are shown; nothing in them counts until [`Unverified::verify`] has given them back.
//! 3. The key decides which algorithms count, never the header alone: `none` and HMAC have no key here.

use super::jwk::{self, NotAVerifyingKey};
use super::private_key::PrivateKey;
use crate::domain::id::KeyId;
use crate::domain::verifying_key::{JWS_ALGORITHMS, VerifyingKey};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use jaws::algorithms::{AlgorithmIdentifier, DynJsonWebAlgorithm, SignatureBytes, TokenSigner, TokenVerifier};
use jaws::key::{DynJwkKeyType, SerializePublicJWK};
use jaws::token::{Compact, Token, Unverified as ReadToken};
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The signature failed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the claims cannot be written, or the key cannot sign")]
    Signature(#[source] jaws::token::TokenSigningError),
    #[error("the signed token cannot be written")]
    Written(#[source] jaws::token::TokenFormattingError),
}

/// The text is no JWS with claims of the expected form. There is no detail: the text may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no signed JWT of the expected form")]
pub struct NotAJwt;

/// Why a JWT does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not one of [`JWS_ALGORITHMS`], or none that the key can be used with.
    #[error("the algorithm does not fit the key")]
    Algorithm,
    #[error("the signature is invalid")]
    Signature,
}

/// Signs claims (a JSON object) as a JWT with the key's `kid`. Not on an async worker, unless the key [is quick](PrivateKey::is_quick).
///
/// # Errors
/// [`SignError`].
pub fn sign(key: &PrivateKey, key_id: KeyId, claims: impl Serialize) -> Result<String, SignError> {
    let mut token = Token::compact((), claims);
    *token.header_mut().key_id() = Some(key_id.to_string());
    *token.header_mut().r#type() = Some("JWT".to_owned());
    let signed = token.sign::<PrivateKey, SignatureBytes>(key).map_err(SignError::Signature)?;
    signed.rendered().map_err(SignError::Written)
}

impl DynJsonWebAlgorithm for PrivateKey {
    fn identifier(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::RS256
    }
}

impl DynJwkKeyType for PrivateKey {
    fn key_type(&self) -> &'static str {
        "RSA"
    }
}

/// For headers that hold the key itself, which ours never do.
impl SerializePublicJWK for PrivateKey {
    fn public_parameters(&self) -> Vec<(String, Value)> {
        Vec::new()
    }
}

impl TokenSigner for PrivateKey {
    fn try_sign_token(&self, header: &str, payload: &str) -> Result<SignatureBytes, signature::Error> {
        let message = format!("{header}.{payload}");
        self.sign(message.as_bytes()).map(SignatureBytes::from).map_err(signature::Error::from_source)
    }
}

/// A JSON object, each of whose members is there once: with the usual readers the last of several counts, with others the first.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct UniqueMembers(pub Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is there twice"));
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Members).map(Self)
    }
}

/// What a header has beyond its registered members does not matter.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Nothing {}

/// A JWT that was read and not verified. There is no `Debug`: it is a credential.
pub struct Unverified<C> {
    token: Token<UniqueMembers, ReadToken<Nothing>, Compact>,
    claims: C,
}

impl<C: DeserializeOwned> Unverified<C> {
    /// Reads a JWT. A member that is there twice makes it none (RFC 7515, clause 4; RFC 7519, clause 4), and so
    /// does an extension that must be understood (RFC 7515, clause 4.1.11).
    ///
    /// # Errors
    /// [`NotAJwt`].
    pub fn parse(text: &str) -> Result<Self, NotAJwt> {
        let token: Token<UniqueMembers, ReadToken<Nothing>, Compact> = text.parse().map_err(|_| NotAJwt)?;
        if token.header().critical().is_some() {
            return Err(NotAJwt);
        }
        // The library shows the claims of verified tokens alone.
        let shown = token.clone().verify::<_, SignatureBytes>(&Unchecked(*token.header().algorithm()));
        let claims = shown.map_err(|_| NotAJwt)?.payload().ok_or(NotAJwt)?.0.clone();
        let claims = serde_json::from_value(Value::Object(claims)).map_err(|_| NotAJwt)?;
        Ok(Self { token, claims })
    }

    /// Whatever the sender says of itself.
    pub fn unverified_claims(&self) -> &C {
        &self.claims
    }

    pub fn kid(&self) -> Option<String> {
        self.token.header().key_id().map(str::to_owned)
    }

    pub fn typ(&self) -> Option<String> {
        self.token.header().r#type().map(str::to_owned)
    }

    /// Whether the algorithm is one of [`JWS_ALGORITHMS`].
    pub fn is_algorithm_known(&self) -> bool {
        is_one_of(*self.token.header().algorithm(), &JWS_ALGORITHMS)
    }

    /// Whether the algorithm is one that this key can be used with.
    pub fn fits(&self, key: &VerifyingKey) -> bool {
        fits(*self.token.header().algorithm(), key)
    }

    /// The key in the header (RFC 7515, clause 4.1.3), if there is one.
    pub fn embedded_key(&self) -> Option<Result<VerifyingKey, NotAVerifyingKey>> {
        self.token.header().key().map(jwk::from_jaws)
    }

    /// The claims, if this key has signed them.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(self, key: &VerifyingKey) -> Result<C, VerifyError> {
        let algorithm = *self.token.header().algorithm();
        if !fits(algorithm, key) {
            return Err(VerifyError::Algorithm);
        }
        let verified = self.token.verify::<_, SignatureBytes>(&Verifier { algorithm, key });
        match verified {
            Ok(_) => Ok(self.claims),
            Err(_) => Err(VerifyError::Signature),
        }
    }
}

/// The name of an algorithm is that of its variant (RFC 7518, clause 3.1).
fn is_one_of(algorithm: AlgorithmIdentifier, names: &[&str]) -> bool {
    names.contains(&format!("{algorithm:?}").as_str())
}

fn fits(algorithm: AlgorithmIdentifier, key: &VerifyingKey) -> bool {
    is_one_of(algorithm, jwk::algorithms(key))
}

/// A key with an algorithm that fits it.
struct Verifier<'a> {
    algorithm: AlgorithmIdentifier,
    key: &'a VerifyingKey,
}

impl DynJsonWebAlgorithm for Verifier<'_> {
    fn identifier(&self) -> AlgorithmIdentifier {
        self.algorithm
    }
}

impl TokenVerifier for Verifier<'_> {
    fn verify_token(
        &self,
        header: &[u8],
        payload: &[u8],
        signature: &[u8],
    ) -> Result<SignatureBytes, signature::Error> {
        let message = [header, b".", payload].concat();
        let valid = match self.key {
            VerifyingKey::Rsa(key) => {
                let parameters = match self.algorithm {
                    AlgorithmIdentifier::RS384 => &RSA_PKCS1_2048_8192_SHA384,
                    AlgorithmIdentifier::RS512 => &RSA_PKCS1_2048_8192_SHA512,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent }.verify(parameters, &message, signature)
            }
            VerifyingKey::Ec { curve, x, y } => {
                UnparsedPublicKey::new(jwk::ecdsa(*curve), jwk::point(x, y)).verify(&message, signature)
            }
        };
        valid.map(|()| SignatureBytes::from(signature)).map_err(|_| signature::Error::new())
    }
}

/// Finds every signature good: for [`Unverified::unverified_claims`] alone.
struct Unchecked(AlgorithmIdentifier);

impl DynJsonWebAlgorithm for Unchecked {
    fn identifier(&self) -> AlgorithmIdentifier {
        self.0
    }
}

impl TokenVerifier for Unchecked {
    fn verify_token(&self, _: &[u8], _: &[u8], signature: &[u8]) -> Result<SignatureBytes, signature::Error> {
        Ok(SignatureBytes::from(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::Random;
    use crate::crypto::rsa_key::KeyPair;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    #[test]
    fn what_is_signed_is_read_and_verifies_with_its_key_and_no_other() {
        let [pair, other] = [0, 1].map(|_| KeyPair::make(&Random::system()));
        let key = PrivateKey::from_pkcs8(pair.pkcs8()).unwrap();
        let claims = json!({"sub": "me"});
        let jwt = sign(&key, KeyId::from_random([0xAB; 16]), &claims).unwrap();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let parts: Vec<_> = jwt.split('.').collect();
        assert_eq!(decode(parts[0]), br#"{"alg":"RS256","kid":"abababab-abab-4bab-abab-abababababab","typ":"JWT"}"#);
        assert_eq!(decode(parts[1]), br#"{"sub":"me"}"#);
        let verify = |pair: &KeyPair| {
            let read = Unverified::<Value>::parse(&jwt).unwrap();
            read.verify(&VerifyingKey::Rsa(pair.public_key.clone()))
        };
        assert_eq!(verify(&pair), Ok(claims));
        assert_eq!(verify(&other), Err(VerifyError::Signature));
    }

    /// RFC 7515, appendix A.3: an ES256 that others have made.
    #[test]
    fn an_es256_of_the_standard_verifies() {
        let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let key = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let key = jwk::parse(key).unwrap().remove(0).1;
        let claims = Unverified::<Value>::parse(text).unwrap().verify(&key).unwrap();
        assert_eq!(claims["iss"], "joe");
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused_even_where_nobody_asks_for_it() {
        let jwt = |claims: &str| {
            format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(claims))
        };
        assert!(Unverified::<UniqueMembers>::parse(&jwt(r#"{"a":1,"b":2}"#)).is_ok());
        assert!(Unverified::<UniqueMembers>::parse(&jwt(r#"{"a":1,"a":1}"#)).is_err());
    }
}
