//! DPoP: proofs that a client has the key that its token is bound to (RFC 9449), and the nonces in them.
//!
//! 1. A proof is a JWT that holds its own public key. It is for one request: method, address and moment are in it.
//! 2. The token endpoint wants a nonce of the vault's in it; the API does not (wire.md §5).
//! 3. A nonce is the sealed moment of its making. Nothing is stored, so nonces outlive a restart and count in every process that
//!    has the master key.

use super::claims::{LEEWAY, numeric_date};
use super::error::ProofError;
use super::replay::SingleUse;
use crate::crypto::envelope::Envelope;
use crate::crypto::jwk;
use crate::crypto::jws::{Unverified, VerifyError};
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::sealed::{Place, Sealed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use url::Url;

/// How long a nonce counts (wire.md §5).
const NONCE_LIFETIME: Duration = Duration::from_hours(24);

/// How old a proof may be: clients send it again after they had to wait.
const MAX_AGE: Duration = Duration::from_mins(5);

#[derive(Deserialize)]
struct Claims {
    htm: Option<String>,
    htu: Option<String>,
    iat: Option<Value>,
    jti: Option<String>,
    ath: Option<String>,
    nonce: Option<String>,
}

/// The request that a proof must be for.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) org: &'a OrgId,
    pub(super) method: &'a str,
    /// Without its query.
    pub(super) url: &'a str,
    /// The token that is used, where one is.
    pub(super) access_token: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// A proof that counts, if it was not used before.
pub(super) struct Proof {
    /// Of its key (RFC 7638).
    pub(super) thumbprint: String,
    pub(super) nonce: Option<String>,
    pub(super) single_use: SingleUse,
}

/// The one proof that a request has.
pub(super) fn single<'a>(proofs: &[&'a str]) -> Result<&'a str, ProofError> {
    match proofs {
        [] => Err(ProofError::Missing),
        [proof] => Ok(proof),
        _ => Err(ProofError::Several),
    }
}

/// Everything but the nonce and whether it was used before.
pub(super) fn check(proof: &str, request: Request<'_>) -> Result<Proof, ProofError> {
    let read = Unverified::<Claims>::parse(proof).map_err(|_| ProofError::Parsing)?;
    if read.typ().as_deref() != Some("dpop+jwt") {
        return Err(ProofError::Type);
    }
    if !read.is_algorithm_known() {
        return Err(ProofError::Algorithm);
    }
    let key = read.embedded_key().and_then(Result::ok).ok_or(ProofError::Key)?;
    let claims = read.verify(&key).map_err(|error| match error {
        VerifyError::Algorithm => ProofError::Algorithm,
        VerifyError::Signature => ProofError::Signature,
    })?;
    // Some clients write it in lower case.
    if !claims.htm.is_some_and(|method| method.eq_ignore_ascii_case(request.method)) {
        return Err(ProofError::Method);
    }
    if !claims.htu.is_some_and(|url| is_same_address(&url, request.url)) {
        return Err(ProofError::Uri);
    }
    let now = request.now.unix();
    let issued = claims.iat.as_ref().and_then(numeric_date).ok_or(ProofError::IssuedAt)?;
    let oldest = now.saturating_sub_unsigned(MAX_AGE.as_secs());
    if !(oldest..=now.saturating_add_unsigned(LEEWAY.as_secs())).contains(&issued) {
        return Err(ProofError::IssuedAt);
    }
    let jti = claims.jti.filter(|jti| !jti.is_empty()).ok_or(ProofError::Id)?;
    if let Some(token) = request.access_token
        && claims.ath.as_deref() != Some(&URL_SAFE_NO_PAD.encode(Sha256::digest(token)))
    {
        return Err(ProofError::TokenHash);
    }
    let thumbprint = jwk::thumbprint(&key);
    let forgotten = issued.saturating_add_unsigned(MAX_AGE.as_secs() + 1);
    let forgotten = Timestamp::from_unix(forgotten).map_err(|_| ProofError::IssuedAt)?;
    let single_use = SingleUse::new(["proof", request.org.as_str(), &thumbprint], &jti, forgotten);
    Ok(Proof { thumbprint, nonce: claims.nonce, single_use })
}

/// Whether two addresses mean the same. A query or a fragment does not count (RFC 9449, clause 4.3, step 9).
fn is_same_address(given: &str, expected: &str) -> bool {
    let (Ok(given), Ok(expected)) = (Url::parse(given), Url::parse(expected)) else { return false };
    // Scheme, host and port; then the path, decoded part by part.
    let decoded =
        |url: &Url| -> Vec<Vec<u8>> { url.path().split('/').map(|part| percent_decode_str(part).collect()).collect() };
    let has_user = !given.username().is_empty() || given.password().is_some();
    !has_user && given.origin() == expected.origin() && decoded(&given) == decoded(&expected)
}

/// A nonce for clients of this org.
pub(super) fn nonce(envelope: &Envelope, org: &OrgId, now: Timestamp) -> String {
    URL_SAFE_NO_PAD.encode(envelope.seal(nonce_place(org), &now.unix().to_be_bytes()).as_bytes())
}

/// Whether the vault made this nonce, and not too long ago.
pub(super) fn is_fresh(envelope: &Envelope, org: &OrgId, nonce: &str, now: Timestamp) -> bool {
    let made = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|bytes| {
        let opened = envelope.open(nonce_place(org), &Sealed::from_bytes(bytes)).ok()?;
        Some(i64::from_be_bytes(opened.as_slice().try_into().ok()?))
    });
    made.is_some_and(|made| {
        let oldest = now.unix().saturating_sub_unsigned(NONCE_LIFETIME.as_secs());
        (oldest + 1..=now.unix().saturating_add_unsigned(LEEWAY.as_secs())).contains(&made)
    })
}

fn nonce_place(org: &OrgId) -> Place<'_> {
    Place { org: org.as_str(), table: "", row: "DPoP", column: "nonce" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_as_what_it_means() {
        let expected = "http://127.0.0.1:8080/api/v1/hook-keys/a%20b";
        for same in [
            expected,
            "HTTP://127.0.0.1:8080/api/v1/hook-keys/a%20b",
            "http://127.0.0.1:8080/api/v1/hook-keys/a%20b?expand=publickey#top",
            "http://127.0.0.1:8080/api/v1/hook-keys/a b",
            "http://127.0.0.1:8080/api/v1/hook%2Dkeys/a%20b",
        ] {
            assert!(is_same_address(same, expected), "{same}");
        }
        for other in [
            "https://127.0.0.1:8080/api/v1/hook-keys/a%20b",
            "http://127.0.0.1/api/v1/hook-keys/a%20b",
            "http://localhost:8080/api/v1/hook-keys/a%20b",
            "http://127.0.0.1:8080/api/v1/hook-keys/a%20b/",
            "http://127.0.0.1:8080/API/v1/hook-keys/a%20b",
            "http://127.0.0.1:8080/api%2Fv1/hook-keys/a%20b",
            "http://user@127.0.0.1:8080/api/v1/hook-keys/a%20b",
            "/api/v1/hook-keys/a%20b",
            "",
        ] {
            assert!(!is_same_address(other, expected), "{other}");
        }
        assert!(is_same_address(
            "https://Keys.Example.com:443/oauth2/v1/token",
            "https://keys.example.com/oauth2/v1/token"
        ));
    }
}
