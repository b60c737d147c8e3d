//! Keys of clients, and JWTs as anybody could write them: right ones and every kind of wrong one.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BoxedUint, PrivateKey, PublicKey};
use serde_json::{Value, json};

pub enum ClientKey {
    Rsa(RsaKeyPair),
    /// With the name of its curve and its algorithm.
    Ec(EcdsaKeyPair, &'static str, &'static str),
}

impl ClientKey {
    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn p256() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), "P-256", "ES256")
    }

    pub fn p384() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(), "P-384", "ES384")
    }

    pub fn p521() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).unwrap(), "P-521", "ES512")
    }

    /// From a private JWK, whose members must all fit together.
    pub fn from_jwk(jwk: &Value) -> Self {
        let number = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
            BoxedUint::from_be_slice_vartime(&bytes)
        };
        let primes = vec![number("p"), number("q")];
        let key = PrivateKey::from_components(number("n"), number("e"), number("d"), primes).unwrap();
        key.validate().unwrap();
        assert_eq!(key.dp().unwrap(), &number("dp"));
        assert_eq!(key.dq().unwrap(), &number("dq"));
        assert_eq!(key.crt_coefficient().unwrap(), number("qi"));
        Self::Rsa(RsaKeyPair::from_pkcs8(key.to_pkcs8_der().unwrap().as_bytes()).unwrap())
    }

    /// From PKCS#8 as PEM.
    pub fn from_pem(pem: &str) -> Self {
        let key = PrivateKey::from_pkcs8_pem(pem).unwrap();
        Self::Rsa(RsaKeyPair::from_pkcs8(key.to_pkcs8_der().unwrap().as_bytes()).unwrap())
    }

    /// The algorithm that it signs with unless a header says something else.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_, _, algorithm) => algorithm,
        }
    }

    /// The public half.
    pub fn jwk(&self) -> Value {
        match self {
            Self::Rsa(key) => {
                let public = PublicKey::from_pkcs1_der(key.public_key().as_ref()).unwrap();
                let number = |bytes: Box<[u8]>| URL_SAFE_NO_PAD.encode(bytes);
                json!({"kty": "RSA", "n": number(public.n_bytes()), "e": number(public.e_bytes())})
            }
            Self::Ec(key, curve, _) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
            }
        }
    }

    pub fn public_pem(&self) -> String {
        let der = match self {
            Self::Rsa(key) => key.public_key().as_der().unwrap().as_ref().to_vec(),
            Self::Ec(key, ..) => key.public_key().as_der().unwrap().as_ref().to_vec(),
        };
        pkcs8::Document::try_from(der).unwrap().to_pem("PUBLIC KEY", LineEnding::LF).unwrap()
    }

    /// A JWT with this header and these claims, whatever they are.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// As [`Self::sign`], of texts that need be no JSON.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.signature(header, message.as_bytes())))
    }

    fn signature(&self, header: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let padding = match header {
                    header if header.contains("RS384") => &RSA_PKCS1_SHA384,
                    header if header.contains("RS512") => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(key, ..) => key.sign(&random, message).unwrap().as_ref().to_vec(),
        }
    }
}

/// Claims or a header with some members replaced; `null` takes one away.
pub fn with(mut value: Value, changes: Value) -> Value {
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(members.remove(name)),
            change => drop(members.insert(name.clone(), change.clone())),
        }
    }
    value
}
