//! What the entries of a trail say is there, and what they say is not.

use super::text::{TargetText, Text};
use crate::domain::audit::{EventKind, Target};
use crate::domain::id::{HookKeyId, InlineHookId};
use std::fmt;

/// Something that is so, or not, by the word of the trail. `Display` names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fact {
    pub(super) kind: FactKind,
    pub(super) id: String,
    /// What it belongs to: of a client's key its app, of a use its key.
    pub(super) owner: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum FactKind {
    Org,
    HookKey,
    /// The one of its keys that signs.
    SigningVersion,
    /// One of its keys that verifiers may have.
    PublishedVersion,
    /// By a program; those by hooks go with the hooks.
    KeyReference,
    InlineHook,
    ActiveInlineHook,
    /// That was not revoked.
    ApiToken,
    ServiceApp,
    ActiveServiceApp,
    ClientKey,
    SigningKey,
    AuditKey,
}

impl FactKind {
    const ALL: [Self; 13] = [
        Self::Org,
        Self::HookKey,
        Self::SigningVersion,
        Self::PublishedVersion,
        Self::KeyReference,
        Self::InlineHook,
        Self::ActiveInlineHook,
        Self::ApiToken,
        Self::ServiceApp,
        Self::ActiveServiceApp,
        Self::ClientKey,
        Self::SigningKey,
        Self::AuditKey,
    ];

    /// What the trail calls it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Org => "Org",
            Self::HookKey => "HookKey",
            Self::SigningVersion => "SigningHookKeyVersion",
            Self::PublishedVersion => "HookKeyVersion",
            Self::KeyReference => "HookKeyUser",
            Self::InlineHook => "InlineHook",
            Self::ActiveInlineHook => "ActiveInlineHook",
            Self::ApiToken => "Token",
            Self::ServiceApp => "PublicClientApp",
            Self::ActiveServiceApp => "ActivePublicClientApp",
            Self::ClientKey => "PublicKey",
            Self::SigningKey => "SigningKey",
            Self::AuditKey => "AuditKey",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::HookKey => "hook key",
            Self::SigningVersion => "signature with the key",
            Self::PublishedVersion => "published key",
            Self::KeyReference => "use of a key",
            Self::InlineHook => "inline hook",
            Self::ActiveInlineHook => "active inline hook",
            Self::ApiToken => "token that is not revoked",
            Self::ServiceApp => "app",
            Self::ActiveServiceApp => "active app",
            Self::ClientKey => "key of an app",
            Self::SigningKey => "signing key",
            Self::AuditKey => "key of the audit trail",
        }
    }
}

impl Fact {
    pub(super) fn of(kind: FactKind, id: &str) -> Self {
        Self { kind, id: id.to_owned(), owner: None }
    }

    /// The row that it is, by its table and id, where it is one as a whole.
    pub(in crate::vault::custody) fn row(&self) -> Option<(&'static str, &str)> {
        let table = match self.kind {
            FactKind::HookKey => "hook_key",
            FactKind::InlineHook => "inline_hook",
            FactKind::ApiToken => "api_token",
            FactKind::ServiceApp => "service_app",
            _ => return None,
        };
        Some((table, &self.id))
    }

    /// Whether there is none of it where there is none of the other.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        match (self.kind, other.kind) {
            (FactKind::KeyReference | FactKind::SigningVersion | FactKind::PublishedVersion, FactKind::HookKey)
            | (FactKind::ClientKey, FactKind::ServiceApp) => self.owner.as_ref() == Some(&other.id),
            (FactKind::ActiveInlineHook, FactKind::InlineHook) | (FactKind::ActiveServiceApp, FactKind::ServiceApp) => {
                self.id == other.id
            }
            _ => false,
        }
    }

    /// Whether it is what signs the checkpoints of the trail.
    #[must_use]
    pub fn is_audit_key(&self) -> bool {
        self.kind == FactKind::AuditKey
    }

    /// As the trail tells of it where it was lost.
    pub(super) fn target(&self) -> Target {
        let target = Target::of(self.kind.as_str(), &self.id, None);
        match &self.owner {
            Some(owner) => target.with("owner", owner),
            None => target,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.words(), self.id.escape_debug())?;
        self.owner.as_ref().map_or(Ok(()), |owner| write!(f, " of {owner}"))
    }
}

/// That something is not as the trail tells.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    #[error("the {fact} is missing: entry {entry} of the audit trail tells of it, and none that it went")]
    Missing { fact: Fact, entry: u64 },
    #[error("the {fact} is there: entry {entry} of the audit trail tells that it went")]
    PutBack { fact: Fact, entry: u64 },
    #[error("the {fact} is there, and nothing in the audit trail tells where it came from")]
    Untold { fact: Fact },
    #[error(
        "the {fact} is not as entry {entry} of the audit trail tells, which is the last that does: an older state of it was put back"
    )]
    Outdated { fact: Fact, entry: u64 },
    #[error("the inline hook {hook} has the key {key}, and the entry of that use is missing")]
    Unreferenced { hook: InlineHookId, key: HookKeyId },
}

impl Discrepancy {
    pub(in crate::vault::custody) fn missing_org(id: &str, entry: u64) -> Self {
        Self::Missing { fact: Fact::of(FactKind::Org, id), entry }
    }

    /// Whether this is why that is missing.
    pub(super) fn explains(&self, other: &Fact) -> bool {
        matches!(self, Self::Missing { fact, .. } if other.goes_with(fact))
    }
}

impl Discrepancy {
    /// Whether what another hand has done to this row is said already.
    pub(super) fn is_of_row(&self, row: &Fact) -> bool {
        let (Self::Missing { fact, .. } | Self::PutBack { fact, .. } | Self::Untold { fact }) = self else {
            return false;
        };
        match fact.kind {
            FactKind::ActiveInlineHook => fact.id == row.id,
            FactKind::SigningVersion => fact.owner.as_ref() == Some(&row.id),
            _ => fact == row,
        }
    }

    /// Whether that goes without saying where this is said.
    pub(super) fn covers(&self, other: &Fact) -> bool {
        matches!(self, Self::Untold { fact } | Self::PutBack { fact, .. } if other.goes_with(fact))
    }
}

/// The kinds of entries that say something of the sort.
pub(super) const TELLING: [EventKind; 28] = [
    EventKind::OrgCreated,
    EventKind::HookKeyCreated,
    EventKind::HookKeyImported,
    EventKind::HookKeyUpdated,
    EventKind::HookKeyScheduled,
    EventKind::HookKeyDeleted,
    EventKind::HookKeyRotated,
    EventKind::HookKeyPromoted,
    EventKind::HookKeyWithdrawn,
    EventKind::KeyReferenceCreated,
    EventKind::KeyReferenceDeleted,
    EventKind::InlineHookCreated,
    EventKind::InlineHookUpdated,
    EventKind::InlineHookActivated,
    EventKind::InlineHookDeactivated,
    EventKind::InlineHookDeleted,
    EventKind::ApiTokenCreated,
    EventKind::ApiTokenRevoked,
    EventKind::ServiceAppCreated,
    EventKind::ServiceAppActivated,
    EventKind::ServiceAppDeactivated,
    EventKind::ServiceAppDeleted,
    EventKind::ClientKeyCreated,
    EventKind::ClientKeyDeleted,
    EventKind::SigningKeyCreated,
    EventKind::SigningKeyDeleted,
    EventKind::AuditKeyCreated,
    EventKind::LossAccepted,
];

/// What an entry says, each with whether it is so from then on. Nothing, where it has no word on anything.
pub(super) fn told(kind: &str, Text { target }: &Text) -> Vec<(Fact, bool)> {
    let Some(kind) = TELLING.into_iter().find(|known| known.as_str() == kind) else { return Vec::new() };
    if kind == EventKind::LossAccepted {
        return target.iter().filter_map(lost).map(|fact| (fact, false)).collect();
    }
    let Some(first) = target.first() else { return Vec::new() };
    let of = |kind| Fact::of(kind, &first.id);
    let second = |kind| target.get(1).map(|second| owned(kind, &second.id, &first.id));
    // One of the keys of the hook key that comes first.
    let version = |kind, detail| first.detail(detail).map(|key_id| owned(kind, key_id, &first.id));
    let begins: Vec<_> = match kind {
        EventKind::OrgCreated => vec![Some(of(FactKind::Org))],
        EventKind::HookKeyCreated | EventKind::HookKeyImported => vec![
            Some(of(FactKind::HookKey)),
            version(FactKind::PublishedVersion, "key_id"),
            version(FactKind::SigningVersion, "key_id"),
        ],
        EventKind::HookKeyRotated if first.detail("emergency").is_some() => {
            vec![version(FactKind::PublishedVersion, "key_id"), version(FactKind::SigningVersion, "key_id")]
        }
        EventKind::HookKeyRotated => vec![version(FactKind::PublishedVersion, "key_id")],
        EventKind::HookKeyPromoted => vec![version(FactKind::SigningVersion, "key_id")],
        EventKind::KeyReferenceCreated => vec![second(FactKind::KeyReference)],
        EventKind::InlineHookCreated => vec![Some(of(FactKind::InlineHook)), Some(of(FactKind::ActiveInlineHook))],
        EventKind::InlineHookActivated => vec![Some(of(FactKind::ActiveInlineHook))],
        EventKind::ApiTokenCreated => vec![Some(of(FactKind::ApiToken))],
        EventKind::ServiceAppCreated => vec![Some(of(FactKind::ServiceApp)), Some(of(FactKind::ActiveServiceApp))],
        EventKind::ServiceAppActivated => vec![Some(of(FactKind::ActiveServiceApp))],
        EventKind::ClientKeyCreated => vec![second(FactKind::ClientKey)],
        EventKind::SigningKeyCreated => vec![Some(of(FactKind::SigningKey))],
        EventKind::AuditKeyCreated => vec![Some(of(FactKind::AuditKey))],
        _ => Vec::new(),
    };
    let ends: Vec<_> = match kind {
        EventKind::HookKeyDeleted => vec![Some(of(FactKind::HookKey))],
        EventKind::HookKeyPromoted => vec![version(FactKind::SigningVersion, "previous_key_id")],
        EventKind::HookKeyWithdrawn => {
            vec![version(FactKind::PublishedVersion, "key_id"), version(FactKind::SigningVersion, "key_id")]
        }
        EventKind::KeyReferenceDeleted => vec![second(FactKind::KeyReference)],
        EventKind::InlineHookDeactivated => vec![Some(of(FactKind::ActiveInlineHook))],
        EventKind::InlineHookDeleted => vec![Some(of(FactKind::InlineHook))],
        EventKind::ApiTokenRevoked => vec![Some(of(FactKind::ApiToken))],
        EventKind::ServiceAppDeactivated => vec![Some(of(FactKind::ActiveServiceApp))],
        EventKind::ServiceAppDeleted => vec![Some(of(FactKind::ServiceApp))],
        EventKind::ClientKeyDeleted => vec![second(FactKind::ClientKey)],
        EventKind::SigningKeyDeleted => vec![Some(of(FactKind::SigningKey))],
        _ => Vec::new(),
    };
    let said = |facts: Vec<Option<Fact>>, is| facts.into_iter().flatten().map(move |fact| (fact, is));
    said(ends, false).chain(said(begins, true)).collect()
}

pub(super) fn owned(kind: FactKind, id: &str, owner: &str) -> Fact {
    Fact { kind, id: id.to_owned(), owner: Some(owner.to_owned()) }
}

fn lost(target: &TargetText) -> Option<Fact> {
    let kind = FactKind::ALL.into_iter().find(|kind| kind.as_str() == target.kind)?;
    Some(Fact { kind, id: target.id.clone(), owner: target.detail("owner").map(str::to_owned) })
}
