//! A private key as a JWK (RFC 7517; RFC 7518, clause 6.3.2).

use super::der::{ELLIPTIC, UNKNOWN};
use super::error::ImportError;
use super::numbers::{Crt, Numbers, Secret, number, secret};
use crate::crypto::jws::UniqueMembers;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

/// The algorithms of the kind that the vault signs with (RFC 7518, clause 3.3); PSS wants keys of its own.
const ALGORITHMS: [&str; 3] = ["RS256", "RS384", "RS512"];

/// Of these a JWK has all or none (RFC 7518, clause 6.3.2).
const CRT: [&str; 5] = ["p", "q", "dp", "dq", "qi"];

pub(super) fn read(text: &str) -> Result<Numbers, ImportError> {
    let UniqueMembers(members) = serde_json::from_str(text).map_err(|_| ImportError::Json)?;
    let members = Members(members);
    members.check_kind()?;
    members.check_purpose()?;
    let has_crt = CRT.iter().any(|name| members.has(name));
    if !has_crt && !members.has("d") && members.has("n") {
        return Err(ImportError::Public);
    }
    let secret = |name| members.bytes(name).map(|bytes| secret(&bytes));
    Ok(Numbers {
        modulus: number(&members.bytes("n")?),
        exponent: number(&members.bytes("e")?),
        private_exponent: secret("d")?,
        crt: if has_crt { Some(crt(secret)?) } else { None },
    })
}

fn crt(secret: impl Fn(&'static str) -> Result<Secret, ImportError>) -> Result<Crt, ImportError> {
    let [p, q, dp, dq, qi] = CRT.map(secret);
    Ok(Crt { p: p?, q: q?, dp: dp?, dq: dq?, qi: qi? })
}

/// The members of a JWK; their texts are wiped when it is dropped.
struct Members(Map<String, Value>);

impl Members {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn check_kind(&self) -> Result<(), ImportError> {
        if self.has("keys") {
            return Err(ImportError::Set);
        }
        match self.get("kty").and_then(Value::as_str) {
            Some("RSA") if self.has("oth") => Err(ImportError::MultiPrime),
            Some("RSA") => Ok(()),
            Some("EC") => Err(ImportError::Algorithm(ELLIPTIC)),
            Some("OKP") => Err(ImportError::Algorithm("Edwards curves (OKP)")),
            Some("oct") => Err(ImportError::Algorithm("shared secrets (oct)")),
            Some(_) => Err(ImportError::Algorithm(UNKNOWN)),
            None => Err(ImportError::Missing("kty")),
        }
    }

    /// RFC 7517, clauses 4.2 to 4.4.
    fn check_purpose(&self) -> Result<(), ImportError> {
        let is_sign = |operations: &Value| {
            operations.as_array().is_some_and(|operations| operations.iter().any(|operation| operation == "sign"))
        };
        if self.get("use").is_some_and(|usage| usage != "sig") {
            Err(ImportError::Use)
        } else if !self.get("key_ops").is_none_or(is_sign) {
            Err(ImportError::Operations)
        } else if self.get("alg").is_some_and(|name| !ALGORITHMS.iter().any(|algorithm| name == algorithm)) {
            Err(ImportError::JwkAlgorithm)
        } else {
            Ok(())
        }
    }

    fn bytes(&self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let value = self.get(name).ok_or(ImportError::Missing(name))?;
        let text = value.as_str().ok_or(ImportError::NotBase64Url(name))?;
        if text.ends_with('=') {
            return Err(ImportError::Padded(name));
        }
        URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| ImportError::NotBase64Url(name))
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}
