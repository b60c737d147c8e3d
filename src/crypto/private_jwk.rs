//! Key pairs for the clients of the vault: made here, shown once, never kept.

use super::jwk::{self, Named, RsaMembers};
use super::random::Random;
use super::rsa_key::KeyPair;
use crate::domain::verifying_key::VerifyingKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::{DecodePrivateKey as _, LineEnding, PrivateKeyInfoRef, SecretDocument};
use rsa::traits::PrivateKeyParts as _;
use rsa::{BoxedUint, PrivateKey};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// A key pair on its way to its owner. There is no `Debug`.
pub struct Generated {
    pair: KeyPair,
    kid: String,
}

/// RSA-2048, which all official SDKs can use. Takes some 0.1 s.
#[must_use]
pub fn generate(random: &Random) -> Generated {
    let pair = KeyPair::make(random);
    let kid = jwk::thumbprint(&VerifyingKey::Rsa(pair.public_key.clone()));
    Generated { pair, kid }
}

impl Generated {
    /// The thumbprint of the key (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    #[must_use]
    pub fn public(&self) -> Named {
        (Some(self.kid.clone()), VerifyingKey::Rsa(self.pair.public_key.clone()))
    }

    /// The private key as a JWK (RFC 7518, clause 6.3.2), with texts as its only members: the Python SDK reads no others.
    ///
    /// # Panics
    /// Never: it was just encoded.
    #[must_use]
    pub fn jwk(&self) -> Zeroizing<String> {
        let key = PrivateKey::from_pkcs8_der(self.pair.pkcs8()).expect("a key that was just made can be decoded");
        let number = |bytes: Box<[u8]>| Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(bytes.into_vec())));
        let secret = |value: Option<&BoxedUint>| value.map(|value| number(value.to_be_bytes_trimmed_vartime()));
        let coefficient = key.crt_coefficient();
        let RsaMembers { kty, n, e } = jwk::rsa_members(&self.pair.public_key);
        let members = [
            ("kty", Some(Zeroizing::new(kty.to_owned()))),
            ("alg", Some(Zeroizing::new("RS256".to_owned()))),
            ("use", Some(Zeroizing::new("sig".to_owned()))),
            ("kid", Some(Zeroizing::new(self.kid.clone()))),
            ("n", Some(Zeroizing::new(n))),
            ("e", Some(Zeroizing::new(e))),
            ("d", secret(Some(key.d()))),
            ("p", secret(key.primes().first().map(AsRef::as_ref))),
            ("q", secret(key.primes().get(1).map(AsRef::as_ref))),
            ("dp", secret(key.dp())),
            ("dq", secret(key.dq())),
            ("qi", secret(coefficient.as_ref())),
        ];
        // Large enough from the start: what grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(4096));
        for (name, value) in &members {
            // Base64url and plain words: nothing of it needs to be escaped.
            let value = value.as_ref().map_or("", |value| value);
            let separator = if text.is_empty() { '{' } else { ',' };
            write!(*text, "{separator}\"{name}\":\"{value}\"").expect("a string takes what is written to it");
        }
        text.push('}');
        text
    }

    /// The private key as PEM: PKCS#8 (RFC 7468, clause 10).
    ///
    /// # Panics
    /// Never: it was just encoded.
    #[must_use]
    pub fn pem(&self) -> Zeroizing<String> {
        let document = SecretDocument::try_from(self.pair.pkcs8()).expect("a key that was just made can be decoded");
        document.to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).expect("a document can be written as PEM")
    }
}
