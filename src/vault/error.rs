//! Why a use case did not do what was asked.

use crate::crypto::checkpoint::CheckpointError;
use crate::crypto::envelope::OpenError;
pub use crate::crypto::import::{ImportError, Kinship};
use crate::crypto::jwe::UnwrapError;
use crate::crypto::jws::SignError;
use crate::crypto::private_key::SigningError;
use crate::crypto::rsa_key::NotAPublicKey;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::domain::id::{KeyId, OrgId};
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::name::Name;
pub use crate::repository::error::Conflict;
use crate::repository::error::StoreError;
use crate::vault::custody::audit::broken::Broken;
use crate::vault::custody::damage::DamageReason;
use crate::vault::hooks::call::error::CallError;
use crate::vault::oauth::error::{AccessTokenError, IssuerUnavailable, ProofError, TokenRequestError};
use std::fmt;

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Org,
    HookKey,
    KeyReference,
    InlineHook,
    ApiToken,
    ServiceApp,
    /// A public key of a service app, by its `kid`.
    ClientKey,
    User,
    AuditEntry,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Org => "org",
            Self::HookKey => "hook key",
            Self::KeyReference => "use of the key by",
            Self::InlineHook => "inline hook",
            Self::ApiToken => "API token",
            Self::ServiceApp => "service app",
            Self::ClientKey => "key of the app with the kid",
            Self::User => "user",
            Self::AuditEntry => "entry of the audit trail with the number",
        })
    }
}

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
    NotFound { kind: Kind, id: String },
    #[error("there is more than one {kind} called {name}")]
    Ambiguous { kind: Kind, name: String },
    /// A rule of the database.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    #[error("the name {0}")]
    Name(Invalid),
    /// At least one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<InvalidField>),
    #[error("there is no hook key {given}")]
    HookKeyUnknown { given: String },
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
    #[error("the key {0}")]
    Import(ImportError),
    #[error("the key {}", related(*.kinship, .kid, .name))]
    ImportRelated { kinship: Kinship, kid: KeyId, name: Name },
    #[error("the JWE {0}")]
    Unwrap(UnwrapError),
    #[error("the audit trail of the org {org} is not as it was written: {broken}")]
    TrailBroken { org: OrgId, broken: Broken },
    #[error("the checkpoint of the audit trail cannot be made")]
    Checkpoint(#[from] CheckpointError),
    #[error("the key is used by {} others", .users.len())]
    KeyInUse { users: Vec<KeyReference> },
    #[error("the service app is active")]
    AppActive,
    #[error("the next key is there already, and signs from {} on", .signs_from.to_wire())]
    HookKeyRotating { signs_from: Timestamp },
    #[error("the hook key has all the retired keys that may be published, the first until {}", .until.to_wire())]
    HookKeyRetiredCap { until: Timestamp },
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
    /// It may be the one that is damaged or missing.
    #[error("no sound org has the host {host}, and an org is damaged or missing: {damage}")]
    HostUnsure { host: String, damage: String },
    #[error("there is no credential")]
    NoCredential,
    #[error("the credential {0}")]
    BadCredential(CredentialError),
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

/// What an imported key has to do with one that the org has. Completes "the key …".
#[must_use]
pub fn related(kinship: Kinship, kid: &KeyId, name: &Name) -> String {
    match kinship {
        Kinship::Same => format!("is there already: it is the key {kid} of the hook key {name}"),
        Kinship::CommonFactor => format!(
            "shares a factor with the key {kid} of the hook key {name}: both can be computed from their public halves; replace that one, too"
        ),
    }
}

impl VaultError {
    /// The row that cannot be read, by its table and id, where that is why.
    #[must_use]
    pub fn damaged_row(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Damaged(error) => error.damaged_row(),
            _ => None,
        }
    }

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
                | Self::TrailBroken { .. }
        )
    }
}

impl From<StoreError> for VaultError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => Self::Busy(error),
            StoreError::Full(_) => Self::Full(error),
            StoreError::Unavailable(_) | StoreError::OtherMasterKey { .. } | StoreError::Closed => {
                Self::Unavailable(error)
            }
            StoreError::Corrupt { .. }
            | StoreError::Forged { .. }
            | StoreError::Unwritten
            | StoreError::Missing { .. }
            | StoreError::Uncounted { .. }
            | StoreError::Taken { .. }
            | StoreError::Exhausted { .. }
            | StoreError::Damaged(_) => Self::Damaged(error),
            StoreError::Over | StoreError::Other(_) => Self::Store(error),
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
