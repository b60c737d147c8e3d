//! Why a token request, a proof or an access token does not count.

use crate::domain::trusted_issuer::TrustedIssuer;

/// Why there is no access token. The HTTP layer has the published words for each (wire.md §5).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRequestError {
    #[error("the grant type is not client_credentials")]
    GrantType,
    #[error("the request has no client credentials")]
    NoCredentials,
    #[error("the client_assertion_type is not the one for JWTs")]
    AssertionType,
    /// The rest of what can be wrong with a client.
    #[error("the client is not authenticated: {0}")]
    Client(&'static str),
    #[error("the assertion cannot be parsed")]
    Parsing,
    #[error("the algorithm of the assertion does not count here, or does not fit the key")]
    Algorithm,
    #[error("the issuer of the assertion is no client")]
    Issuer,
    #[error("the kid of the assertion names no key of the client, or is missing where the client has several")]
    KeyId,
    #[error("the signature of the assertion is invalid")]
    Signature,
    #[error("the audience of the assertion is not {expected}")]
    Audience { expected: String },
    #[error("the assertion has no exp in seconds")]
    NoExpiration,
    #[error("the assertion is expired")]
    Expired,
    #[error("the assertion would live for more than an hour")]
    ExpiresTooLate,
    #[error("the assertion was used before")]
    AlreadyUsed,
    #[error("no scopes were requested")]
    NoScopes,
    #[error("a scope is unknown")]
    UnknownScope,
    #[error("the client may have none of the scopes")]
    NoneAllowed,
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// Why a DPoP proof does not count (RFC 9449, clause 4.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("there is no proof")]
    Missing,
    #[error("there is more than one proof")]
    Several,
    #[error("the proof cannot be parsed")]
    Parsing,
    #[error("the proof has another typ")]
    Type,
    #[error("the algorithm of the proof does not count here, or does not fit its key")]
    Algorithm,
    #[error("the proof has no usable key")]
    Key,
    #[error("the signature of the proof is invalid")]
    Signature,
    #[error("the proof is for another method")]
    Method,
    #[error("the proof is for another address")]
    Uri,
    #[error("the proof is not of now")]
    IssuedAt,
    #[error("the proof has no jti")]
    Id,
    #[error("the proof was used before")]
    AlreadyUsed,
    #[error("the proof is for another access token")]
    TokenHash,
    #[error("the access token is not bound to the proof's key")]
    NotBound,
    /// With the nonce that is wanted.
    #[error("the proof has no nonce that counts")]
    Nonce(String),
}

/// Why an access token does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    #[error("the vault does not know its own address: set HOOKVAULT_PUBLIC_URL")]
    AddressUnknown,
    #[error("it cannot be parsed")]
    Parsing,
    #[error("it was not signed by a key of its issuer that is still published")]
    Key,
    #[error("its signature is invalid")]
    Signature,
    #[error("its issuer is neither the org under this address nor a trusted one")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("it is expired, or not yet valid")]
    Time,
    #[error("its client is gone, deactivated, or was so after it had been issued")]
    Client,
    #[error("it is bound to a key, and must be sent with the scheme DPoP and a proof")]
    Bound,
    #[error("it is bound in a way that cannot be checked here")]
    BoundOtherwise,
}

/// Why an issuer's keys cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the issuer {issuer} cannot be fetched: {reason}")]
pub struct IssuerUnavailable {
    issuer: String,
    reason: String,
}

impl IssuerUnavailable {
    pub(super) fn new(trusted: &TrustedIssuer, reason: String) -> Self {
        Self { issuer: trusted.issuer.to_string(), reason }
    }
}
