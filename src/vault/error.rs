//! Why a use case did not do what was asked.

use crate::crypto::envelope::OpenError;
use crate::crypto::jws::SignError;
use crate::crypto::private_key::SigningError;
use crate::crypto::rsa_key::NotAPublicKey;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::domain::id::KeyId;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::repository::error::{Conflict, StoreError};
use crate::vault::custody::damage::DamageReason;
use crate::vault::hooks::call::CallError;
use crate::vault::oauth::error::{AccessTokenError, ProofError, TokenRequestError};
use crate::vault::oauth::issuers::IssuerUnavailable;

/// Why a credential does not count. `Display` completes "the credential …", for the log: it would help who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    #[error("is not in the form of one")]
    Malformed,
    #[error("is unknown")]
    Unknown,
    #[error("is of another org than the host's")]
    OtherOrg,
    #[error("has expired")]
    Expired,
    #[error("was revoked")]
    Revoked,
}

/// `Display` is for the log and the shell; the HTTP layer has its own words.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no {kind} {id}")]
    NotFound { kind: &'static str, id: String },
    #[error("there is more than one {kind} called {name}")]
    Ambiguous { kind: &'static str, name: String },
    #[error("the name {0}")]
    Name(Invalid),
    /// At least one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<InvalidField>),
    #[error("there is no hook key {given}")]
    HookKeyUnknown { given: String },
    #[error("another inline hook of the org has this name")]
    HookNameTaken,
    #[error("the org has all the inline hooks that it may have")]
    HookCapReached,
    #[error("the key has all the uses that other programs may register")]
    ReferenceCapReached,
    #[error("the inline hook is active")]
    HookActive,
    #[error("the inline hook is inactive")]
    HookInactive,
    #[error(transparent)]
    Call(Box<CallError>),
    #[error("the sealed value cannot be opened")]
    KeyUnusable(#[source] OpenError),
    #[error("the private key cannot be used")]
    KeyCannotSign(#[source] SigningError),
    #[error("the key {kid} is damaged: {reason}")]
    KeyDamaged { kid: KeyId, reason: DamageReason },
    #[error("the JWT cannot be signed")]
    Sign(#[source] SignError),
    #[error("a public key cannot be used")]
    PublicKey(#[source] NotAPublicKey),
    #[error("another key of the org has this name")]
    NameTaken,
    #[error("the org has all the keys that it may have")]
    CapReached,
    #[error("another org has this name")]
    OrgNameTaken,
    #[error("another org has this domain")]
    OrgDomainTaken,
    #[error("another token of the org has this name")]
    TokenNameTaken,
    #[error("the key is used by {} others", .users.len())]
    KeyInUse { users: Vec<KeyReference> },
    #[error("another service app of the org has this name")]
    AppNameTaken,
    #[error("another key of the service app has this kid")]
    AppKeyIdTaken,
    #[error("the service app is active")]
    AppActive,
    #[error("the next signing key is there already, and signs from {} on", .signs_from.to_wire())]
    RotationUnderWay { signs_from: Timestamp },
    #[error("the token request is refused: {0}")]
    TokenRequest(TokenRequestError),
    #[error("the access token does not count: {0}")]
    AccessToken(AccessTokenError),
    #[error("the DPoP proof does not count: {0}")]
    Proof(ProofError),
    #[error(transparent)]
    IssuerUnavailable(IssuerUnavailable),
    #[error("there is no credential")]
    NoCredential,
    #[error("the credential {0}")]
    BadCredential(CredentialError),
    /// What was sealed is gone, and its bytes will be; but not yet.
    #[error("it was done, but the sealed bytes of before are not off the disk yet")]
    NotErasedYet(#[source] StoreError),
    #[error(transparent)]
    Busy(StoreError),
    #[error(transparent)]
    Full(StoreError),
    #[error(transparent)]
    Unavailable(StoreError),
    #[error(transparent)]
    Damaged(StoreError),
    #[error(transparent)]
    Store(StoreError),
    #[error("a task was stopped half-way")]
    Task(#[from] tokio::task::JoinError),
    /// Only before the first start has made what is missing.
    #[error("the database holds no default org or no master key record")]
    Empty,
}

impl VaultError {
    /// Whether the database holds something that this program has not written.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged(_)
                | Self::KeyDamaged { .. }
                | Self::KeyUnusable(_)
                | Self::KeyCannotSign(_)
                | Self::PublicKey(_)
        )
    }
}

impl From<StoreError> for VaultError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Conflict::HookKeyName) => Self::NameTaken,
            StoreError::Conflict(Conflict::HookKeyCap) => Self::CapReached,
            StoreError::Conflict(Conflict::KeyReferenceCap) => Self::ReferenceCapReached,
            StoreError::Conflict(Conflict::InlineHookName) => Self::HookNameTaken,
            StoreError::Conflict(Conflict::InlineHookCap) => Self::HookCapReached,
            StoreError::Conflict(Conflict::OrgName) => Self::OrgNameTaken,
            StoreError::Conflict(Conflict::OrgDomain) => Self::OrgDomainTaken,
            StoreError::Conflict(Conflict::ApiTokenName) => Self::TokenNameTaken,
            StoreError::Conflict(Conflict::ServiceAppName) => Self::AppNameTaken,
            StoreError::Conflict(Conflict::ServiceAppKeyId) => Self::AppKeyIdTaken,
            // The use cases handle these where they can occur.
            StoreError::Conflict(
                Conflict::HookKeyUsed
                | Conflict::HookKeyMissing
                | Conflict::OrgDefault
                | Conflict::SigningKeyGeneration
                | Conflict::UsedTokenId
                | Conflict::MasterKey,
            ) => Self::Store(error),
            StoreError::Busy(_) => Self::Busy(error),
            StoreError::Full(_) => Self::Full(error),
            StoreError::Unavailable(_) | StoreError::Closed => Self::Unavailable(error),
            StoreError::Corrupt { .. } | StoreError::Damaged(_) => Self::Damaged(error),
            StoreError::Other(_) => Self::Store(error),
        }
    }
}

impl From<TokenRequestError> for VaultError {
    fn from(error: TokenRequestError) -> Self {
        Self::TokenRequest(error)
    }
}

impl From<AccessTokenError> for VaultError {
    fn from(error: AccessTokenError) -> Self {
        Self::AccessToken(error)
    }
}

impl From<ProofError> for VaultError {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

impl From<CallError> for VaultError {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

impl From<InvalidField> for VaultError {
    fn from(field: InvalidField) -> Self {
        Self::Invalid(vec![field])
    }
}

impl From<Vec<InvalidField>> for VaultError {
    fn from(fields: Vec<InvalidField>) -> Self {
        Self::Invalid(fields)
    }
}
