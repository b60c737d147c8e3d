//! Key pairs for the clients of the vault: made here, shown once, never kept.

use super::jwk::{self, Named};
use super::random::Random;
use super::rsa_key::KeyPair;
use crate::domain::verifying_key::VerifyingKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::{DecodePrivateKey as _, LineEnding, PrivateKeyInfoRef, SecretDocument};
use rsa::RsaPrivateKey;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use serde_json::{Value, json};
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
    pub fn jwk(&self) -> Value {
        let key = RsaPrivateKey::from_pkcs8_der(self.pair.pkcs8()).expect("a key that was just made can be decoded");
        let number = |bytes: Box<[u8]>| URL_SAFE_NO_PAD.encode(Zeroizing::new(bytes.into_vec()).as_slice());
        let (dp, dq, qi) = (key.dp(), key.dq(), key.crt_coefficient());
        let (p, q) = (&key.primes()[0], &key.primes()[1]);
        json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
            "n": number(key.n_bytes()), "e": number(key.e_bytes()),
            "d": number(key.d().to_be_bytes_trimmed_vartime()),
            "p": number(p.to_be_bytes_trimmed_vartime()), "q": number(q.to_be_bytes_trimmed_vartime()),
            "dp": dp.map(|dp| number(dp.to_be_bytes_trimmed_vartime())),
            "dq": dq.map(|dq| number(dq.to_be_bytes_trimmed_vartime())),
            "qi": qi.map(|qi| number(qi.to_be_bytes_trimmed_vartime())),
        })
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
