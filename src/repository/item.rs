//! The things that a store keeps, as one type: for what is done to all of them alike.

use super::audit::{AuditKey, StoredAuditNode};
use super::error::StoreError;
use super::used_token_id::UsedTokenId;
use crate::domain::api_token::StoredApiToken;
use crate::domain::audit::{AuditEntry, AuditHead};
use crate::domain::hook_key::{SealedHookKey, StoredKeyReference};
use crate::domain::hook_key_version::HookKeyVersion;
use crate::domain::id::ServiceAppId;
use crate::domain::inline_hook::StoredInlineHook;
use crate::domain::master_key::MasterKeys;
use crate::domain::org::Org;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::domain::signing_key::SealedSigningKey;
use async_trait::async_trait;

/// One thing that a vault keeps, as it is at rest.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    MasterKeys(MasterKeys),
    Org(Org),
    HookKey(SealedHookKey),
    HookKeyVersion(HookKeyVersion),
    InlineHook(Box<StoredInlineHook>),
    KeyReference(StoredKeyReference),
    ApiToken(StoredApiToken),
    ServiceApp(ServiceApp),
    ClientKey(ServiceAppId, AppKey),
    SigningKey(SealedSigningKey),
    UsedTokenId(UsedTokenId),
    AuditHead(AuditHead),
    AuditEntry(AuditEntry),
    AuditNode(StoredAuditNode),
    AuditKey(AuditKey),
}

impl Item {
    /// What it is, for a person.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::MasterKeys(_) => "master key record",
            Self::Org(_) => "org",
            Self::HookKey(_) => "hook key",
            Self::HookKeyVersion(_) => "version of a hook key",
            Self::InlineHook(_) => "inline hook",
            Self::KeyReference(_) => "use of a key",
            Self::ApiToken(_) => "API token",
            Self::ServiceApp(_) => "service app",
            Self::ClientKey(..) => "key of a service app",
            Self::SigningKey(_) => "signing key",
            Self::UsedTokenId(_) => "used token id",
            Self::AuditHead(_) => "audit trail",
            Self::AuditEntry(_) => "entry of a trail",
            Self::AuditNode(_) => "node of a trail",
            Self::AuditKey(_) => "key of a trail",
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        match self {
            Self::MasterKeys(_) => "master_key",
            Self::Org(_) => "org",
            Self::HookKey(_) => "hook_key",
            Self::HookKeyVersion(_) => "hook_key_version",
            Self::InlineHook(_) => "inline_hook",
            Self::KeyReference(_) => "hook_key_reference",
            Self::ApiToken(_) => "api_token",
            Self::ServiceApp(_) => "service_app",
            Self::ClientKey(..) => "service_app_key",
            Self::SigningKey(_) => "signing_key",
            Self::UsedTokenId(_) => "used_token_id",
            Self::AuditHead(_) => "audit_head",
            Self::AuditEntry(_) => "audit_entry",
            Self::AuditNode(_) => "audit_node",
            Self::AuditKey(_) => "audit_key",
        }
    }

    /// Whether its row carries a seal.
    #[must_use]
    pub fn has_seal(&self) -> bool {
        !matches!(self, Self::MasterKeys(_) | Self::UsedTokenId(_) | Self::AuditNode(_))
    }
}

/// What of an item is sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The row, unless its seal is of the master key that seals now.
    Seal,
    /// The row, for its value is another one.
    SealAndValue,
}

#[async_trait]
pub trait ItemRead: Send {
    /// How many rows a table has, whether or not they can be read.
    ///
    /// # Errors
    /// Those of the engine.
    async fn row_count(&mut self, table: &'static str) -> Result<u64, StoreError>;
}

#[async_trait]
pub trait ItemWrite {
    /// Gives the row of an item a new seal, and what is sealed of it the bytes that the item has. All else of the row stays as it is,
    /// and one that is not there any more stays away. The bytes of before are not erased by that. Returns whether anything was written.
    ///
    /// # Errors
    /// [`StoreError::Forged`] for a row whose seal does not fit, or one of the engine.
    async fn item_reseal(&mut self, item: &Item, renewal: Renewal) -> Result<bool, StoreError>;
}
