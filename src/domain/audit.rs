//! What the audit trail tells: changes, uses of keys, and refusals for lack of rights.

use super::id::{OrgId, PrefixedId};
use super::name::Name;

/// What happened, by the name that it has in the System Log (wire.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    OrgCreated,
    HookKeyCreated,
    HookKeyImported,
    HookKeyUpdated,
    HookKeyDeleted,
    HookKeyUsed,
    HookKeyRotated,
    HookKeyPromoted,
    HookKeyWithdrawn,
    HookKeyScheduled,
    KeyReferenceCreated,
    KeyReferenceUpdated,
    KeyReferenceDeleted,
    InlineHookCreated,
    InlineHookUpdated,
    InlineHookActivated,
    InlineHookDeactivated,
    InlineHookDeleted,
    InlineHookExecuted,
    ApiTokenCreated,
    ApiTokenUpdated,
    ApiTokenRevoked,
    ServiceAppCreated,
    ServiceAppActivated,
    ServiceAppDeactivated,
    ServiceAppDeleted,
    ClientKeyCreated,
    ClientKeyDeleted,
    SigningKeyCreated,
    SigningKeyDeleted,
    AccessTokenGranted,
    AccessDenied,
    RowsSealed,
    MasterKeyRotationStarted,
    MasterKeyRotated,
    VaultMoved,
    VaultBackedUp,
    VaultRestored,
    AuditForgotten,
    AuditKeyCreated,
    AuditHeadsCreated,
    LossAccepted,
}

impl EventKind {
    pub const ALL: [Self; 42] = [
        Self::OrgCreated,
        Self::HookKeyCreated,
        Self::HookKeyImported,
        Self::HookKeyUpdated,
        Self::HookKeyDeleted,
        Self::HookKeyUsed,
        Self::HookKeyRotated,
        Self::HookKeyPromoted,
        Self::HookKeyWithdrawn,
        Self::HookKeyScheduled,
        Self::KeyReferenceCreated,
        Self::KeyReferenceUpdated,
        Self::KeyReferenceDeleted,
        Self::InlineHookCreated,
        Self::InlineHookUpdated,
        Self::InlineHookActivated,
        Self::InlineHookDeactivated,
        Self::InlineHookDeleted,
        Self::InlineHookExecuted,
        Self::ApiTokenCreated,
        Self::ApiTokenUpdated,
        Self::ApiTokenRevoked,
        Self::ServiceAppCreated,
        Self::ServiceAppActivated,
        Self::ServiceAppDeactivated,
        Self::ServiceAppDeleted,
        Self::ClientKeyCreated,
        Self::ClientKeyDeleted,
        Self::SigningKeyCreated,
        Self::SigningKeyDeleted,
        Self::AccessTokenGranted,
        Self::AccessDenied,
        Self::RowsSealed,
        Self::MasterKeyRotationStarted,
        Self::MasterKeyRotated,
        Self::VaultMoved,
        Self::VaultBackedUp,
        Self::VaultRestored,
        Self::AuditForgotten,
        Self::AuditKeyCreated,
        Self::AuditHeadsCreated,
        Self::LossAccepted,
    ];

    /// The name of the event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrgCreated => "system.org.created",
            Self::HookKeyCreated => "system.hook.key.created",
            Self::HookKeyImported => "system.hook.key.imported",
            Self::HookKeyUpdated => "system.hook.key.updated",
            Self::HookKeyDeleted => "system.hook.key.deleted",
            Self::HookKeyUsed => "system.hook.key.used",
            Self::HookKeyRotated => "system.hook.key.rotated",
            Self::HookKeyPromoted => "system.hook.key.promoted",
            Self::HookKeyWithdrawn => "system.hook.key.withdrawn",
            Self::HookKeyScheduled => "system.hook.key.scheduled",
            Self::KeyReferenceCreated => "system.hook.key.reference.created",
            Self::KeyReferenceUpdated => "system.hook.key.reference.updated",
            Self::KeyReferenceDeleted => "system.hook.key.reference.deleted",
            Self::InlineHookCreated => "inline_hook.created",
            Self::InlineHookUpdated => "inline_hook.updated",
            Self::InlineHookActivated => "inline_hook.activated",
            Self::InlineHookDeactivated => "inline_hook.deactivated",
            Self::InlineHookDeleted => "inline_hook.deleted",
            Self::InlineHookExecuted => "inline_hook.executed",
            Self::ApiTokenCreated => "system.api_token.create",
            Self::ApiTokenUpdated => "system.api_token.update",
            Self::ApiTokenRevoked => "system.api_token.revoke",
            Self::ServiceAppCreated => "application.lifecycle.create",
            Self::ServiceAppActivated => "application.lifecycle.activate",
            Self::ServiceAppDeactivated => "application.lifecycle.deactivate",
            Self::ServiceAppDeleted => "application.lifecycle.delete",
            Self::ClientKeyCreated => "app.oauth2.client.key.created",
            Self::ClientKeyDeleted => "app.oauth2.client.key.deleted",
            Self::SigningKeyCreated => "app.oauth2.key.rollover",
            Self::SigningKeyDeleted => "app.oauth2.key.deleted",
            Self::AccessTokenGranted => "app.oauth2.token.grant.access_token",
            Self::AccessDenied => "system.api.access.denied",
            Self::RowsSealed => "system.vault.rows_sealed",
            Self::MasterKeyRotationStarted => "system.vault.master_key.rotation_started",
            Self::MasterKeyRotated => "system.vault.master_key.rotated",
            Self::VaultMoved => "system.vault.moved",
            Self::VaultBackedUp => "system.vault.backed_up",
            Self::VaultRestored => "system.vault.restored",
            Self::AuditForgotten => "system.log.forgotten",
            Self::AuditKeyCreated => "system.log.key.created",
            Self::AuditHeadsCreated => "system.log.head.created",
            Self::LossAccepted => "system.log.loss.accepted",
        }
    }

    /// For a person.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::OrgCreated => "Create org",
            Self::HookKeyCreated => "Create hook key",
            Self::HookKeyImported => "Import hook key",
            Self::HookKeyUpdated => "Update hook key",
            Self::HookKeyDeleted => "Delete hook key",
            Self::HookKeyUsed => "Sign with hook key",
            Self::HookKeyRotated => "Make next key of hook key",
            Self::HookKeyPromoted => "Begin to sign with next key of hook key",
            Self::HookKeyWithdrawn => "Withdraw key of hook key",
            Self::HookKeyScheduled => "Change how often hook key rotates",
            Self::KeyReferenceCreated => "Register use of hook key",
            Self::KeyReferenceUpdated => "Update use of hook key",
            Self::KeyReferenceDeleted => "End use of hook key",
            Self::InlineHookCreated => "Create inline hook",
            Self::InlineHookUpdated => "Update inline hook",
            Self::InlineHookActivated => "Activate inline hook",
            Self::InlineHookDeactivated => "Deactivate inline hook",
            Self::InlineHookDeleted => "Delete inline hook",
            Self::InlineHookExecuted => "Call inline hook",
            Self::ApiTokenCreated => "Create API token",
            Self::ApiTokenUpdated => "Update API token",
            Self::ApiTokenRevoked => "Revoke API token",
            Self::ServiceAppCreated => "Create application",
            Self::ServiceAppActivated => "Activate application",
            Self::ServiceAppDeactivated => "Deactivate application",
            Self::ServiceAppDeleted => "Delete application",
            Self::ClientKeyCreated => "Add public key of application",
            Self::ClientKeyDeleted => "Remove public key of application",
            Self::SigningKeyCreated => "Create signing key",
            Self::SigningKeyDeleted => "Delete signing key",
            Self::AccessTokenGranted => "Grant access token",
            Self::AccessDenied => "Refuse request for lack of rights",
            Self::RowsSealed => "Seal rows of an earlier version",
            Self::MasterKeyRotationStarted => "Start rotation of master key",
            Self::MasterKeyRotated => "Rotate master key",
            Self::VaultMoved => "Move vault to another database",
            Self::VaultBackedUp => "Back up vault",
            Self::VaultRestored => "Restore vault from a backup",
            Self::AuditForgotten => "Forget old entries of the log",
            Self::AuditKeyCreated => "Create key of the log",
            Self::AuditHeadsCreated => "Create heads of logs that had none",
            Self::LossAccepted => "Accept that something was lost",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    Success,
    /// In words, without a secret.
    Failure(String),
    /// For lack of rights, in words.
    Deny(String),
}

/// The detail of a target that says when its row was changed, where the change that is told is one of the row.
pub const LAST_UPDATED: &str = "last_updated";

/// What it happened to. There is no secret in it, nor what was sent to a hook.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub id: String,
    /// As the System Log calls it: `HookKey`.
    pub kind: &'static str,
    pub name: Option<String>,
    /// More of it, by name.
    pub details: Vec<(&'static str, String)>,
}

impl Target {
    #[must_use]
    pub fn new(kind: &'static str, id: &impl PrefixedId, name: Option<&Name>) -> Self {
        Self::of(kind, id.as_str(), name.map(Name::as_str))
    }

    #[must_use]
    pub fn of(kind: &'static str, id: &str, name: Option<&str>) -> Self {
        Self { id: id.to_owned(), kind, name: name.map(str::to_owned), details: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.push((name, value.to_string()));
        self
    }
}

/// An event, but for who, when and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    pub outcome: Outcome,
    pub targets: Vec<Target>,
    /// How often, where several are told as one.
    pub count: u64,
}

impl Event {
    #[must_use]
    pub fn new(kind: EventKind, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { kind, outcome: Outcome::Success, targets: targets.into_iter().collect(), count: 1 }
    }

    #[must_use]
    pub fn ending(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }
}

/// The trail of an org: how many entries it has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    pub org_id: OrgId,
    /// The next entry is numbered so.
    pub size: u64,
    /// The texts of entries before this one are gone, for their age; their hashes are kept.
    pub forgotten: u64,
}

/// An entry of the trail, as it is at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub org_id: OrgId,
    /// From 0 on, without gaps.
    pub number: u64,
    pub published: super::clock::Timestamp,
    /// A name of [`EventKind`], perhaps of a later version.
    pub kind: String,
    /// JSON, in one line; `None` once it is forgotten.
    pub text: Option<String>,
    /// Of the text (RFC 6962, clause 2.1).
    pub leaf: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_event_has_a_name_of_its_own() {
        let names: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
    }
}
