//! Compact JWS (RFC 7515, clause 7.1), RS256 alone.
//!
//! The libraries for it parse the private key again for each signature, half as long as the signature takes; joining three
//! base64url texts with dots is all that is left to do here.

use super::signing_key::{SigningError, SigningKey};
use crate::domain::id::KeyId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// In this order on the wire.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

/// Signs claims (a JSON object) as a JWT with the key's `kid`.
///
/// # Errors
/// [`SigningError`].
pub fn sign(key: &SigningKey, key_id: KeyId, claims: &[u8]) -> Result<String, SigningError> {
    let kid = key_id.to_string();
    let header = serde_json::to_vec(&Header { alg: "RS256", kid: &kid, typ: "JWT" })
        .expect("three texts can be written as JSON");
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = key.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::Random;
    use crate::crypto::rsa_key::KeyPair;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    #[test]
    fn what_is_signed_verifies_with_the_public_key_and_no_other() {
        let [pair, other] = [0, 1].map(|_| KeyPair::make(&Random::system()));
        let key = SigningKey::from_pkcs8(pair.pkcs8()).unwrap();
        let jwt = sign(&key, KeyId::from_random([0xAB; 16]), br#"{"sub":"me"}"#).unwrap();
        let parts: Vec<_> = jwt.split('.').collect();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        assert_eq!(decode(parts[0]), br#"{"alg":"RS256","kid":"abababab-abab-4bab-abab-abababababab","typ":"JWT"}"#);
        assert_eq!(decode(parts[1]), br#"{"sub":"me"}"#);
        let verify = |pair: &KeyPair, message: &str| {
            RsaPublicKeyComponents { n: &pair.public_key.modulus, e: &pair.public_key.exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decode(parts[2]))
                .is_ok()
        };
        let message = format!("{}.{}", parts[0], parts[1]);
        assert!(verify(&pair, &message));
        assert!(!verify(&other, &message));
        assert!(!verify(&pair, &message.to_uppercase()));
    }
}
