//! Why a use case did not do what was asked.

use super::hook_call::CallError;
use crate::crypto::envelope::OpenError;
use crate::crypto::rsa_key::NotAPublicKey;
use crate::crypto::signing_key::SigningError;
use crate::domain::hook_key::KeyReference;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::repository::error::{Conflict, StoreError};

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
    #[error("there is no credential")]
    NoCredential,
    #[error("the credential is unknown, expired, revoked or of another org")]
    BadCredential,
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
            // The use cases handle these where they can occur.
            StoreError::Conflict(
                Conflict::HookKeyUsed | Conflict::HookKeyMissing | Conflict::OrgDefault | Conflict::MasterKey,
            ) => Self::Store(error),
            StoreError::Busy(_) => Self::Busy(error),
            StoreError::Full(_) => Self::Full(error),
            StoreError::Unavailable(_) | StoreError::Closed => Self::Unavailable(error),
            StoreError::Corrupt { .. } | StoreError::Damaged(_) => Self::Damaged(error),
            StoreError::Other(_) => Self::Store(error),
        }
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
