//! What can be wrong with what is sealed.

use crate::crypto::envelope::OpenError;
use crate::domain::id::{HookKeyId, InlineHookId, KeyId, OrgId};
use crate::domain::name::Name;
use crate::repository::error::StoreError;
use crate::repository::store::Finding;
use crate::vault::custody::audit::broken::Broken;
use crate::vault::custody::audit::fact::Discrepancy;

/// A private key or a secret of a hook that cannot be used, or what else is wrong with the database. `Display` names it with its
/// reason.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    #[error("{id} ({name}): {reason}")]
    Key { id: HookKeyId, name: Name, reason: DamageReason },
    #[error("next key {key_id} of {id}: {reason}")]
    NextKey { id: HookKeyId, key_id: KeyId, reason: DamageReason },
    #[error("signing key {id}: {reason}")]
    SigningKey { id: KeyId, reason: DamageReason },
    #[error("{id} ({name}): {reason}")]
    Hook { id: InlineHookId, name: Name, reason: OpenError },
    #[error("{0}")]
    Row(StoreError),
    #[error("the audit trail of the org {org}: {broken}")]
    Audit { org: OrgId, broken: Broken },
    #[error("the org {org}: {discrepancy}")]
    Told { org: OrgId, discrepancy: Discrepancy },
    #[error("the key of the audit trail of the org {org}: {reason}")]
    AuditKey { org: OrgId, reason: OpenError },
    /// What the engine does not read right.
    #[error("the database is damaged: {0}")]
    Store(String),
    /// A rule of the database that is broken or gone, where all can be read.
    #[error("the database is damaged: {0}")]
    Rule(String),
    /// Something of another hand that would run when the vault writes, and the statement that removes it.
    #[error("the database is damaged: the {what} is none of the vault's: `{removal}` removes it")]
    Planted { what: String, removal: String },
}

impl From<Finding> for Damaged {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Damaged(what) => Self::Store(what),
            Finding::Broken(what) => Self::Rule(what),
            Finding::Planted { what, removal } => Self::Planted { what, removal },
        }
    }
}

/// Why a private key cannot be used, or its public half must not be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DamageReason {
    #[error(transparent)]
    DoesNotOpen(#[from] OpenError),
    #[error("what was sealed is no private key")]
    NoPrivateKey,
    #[error("the private key does not belong to the public key beside it")]
    WrongPublicKey,
}
