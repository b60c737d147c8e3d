//! What the entries of a trail say is there, and what they say is not.

use crate::domain::audit::{EventKind, Target};
use crate::domain::invalid::Invalid;
use serde::Deserialize;
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
    HookKey,
    KeyReference,
    InlineHook,
    ActiveInlineHook,
    /// That was not revoked.
    ApiToken,
    ServiceApp,
    ActiveServiceApp,
    ClientKey,
    SigningKey,
}

impl FactKind {
    const ALL: [Self; 9] = [
        Self::HookKey,
        Self::KeyReference,
        Self::InlineHook,
        Self::ActiveInlineHook,
        Self::ApiToken,
        Self::ServiceApp,
        Self::ActiveServiceApp,
        Self::ClientKey,
        Self::SigningKey,
    ];

    /// What the trail calls it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::HookKey => "HookKey",
            Self::KeyReference => "HookKeyUser",
            Self::InlineHook => "InlineHook",
            Self::ActiveInlineHook => "ActiveInlineHook",
            Self::ApiToken => "Token",
            Self::ServiceApp => "PublicClientApp",
            Self::ActiveServiceApp => "ActivePublicClientApp",
            Self::ClientKey => "PublicKey",
            Self::SigningKey => "SigningKey",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::HookKey => "hook key",
            Self::KeyReference => "use of a key",
            Self::InlineHook => "inline hook",
            Self::ActiveInlineHook => "active inline hook",
            Self::ApiToken => "token that is not revoked",
            Self::ServiceApp => "app",
            Self::ActiveServiceApp => "active app",
            Self::ClientKey => "key of an app",
            Self::SigningKey => "signing key",
        }
    }
}

impl Fact {
    /// Whether there is none of it where there is none of the other.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        match (self.kind, other.kind) {
            (FactKind::KeyReference, FactKind::HookKey) | (FactKind::ClientKey, FactKind::ServiceApp) => {
                self.owner.as_ref() == Some(&other.id)
            }
            (FactKind::ActiveInlineHook, FactKind::InlineHook) | (FactKind::ActiveServiceApp, FactKind::ServiceApp) => {
                self.id == other.id
            }
            _ => false,
        }
    }

    /// What it belongs to, parsed.
    pub(super) fn owner<T>(&self, parse: fn(&str) -> Result<T, Invalid>) -> Option<T> {
        parse(self.owner.as_deref()?).ok()
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
}

impl Discrepancy {
    /// Whether this is why that is missing.
    pub(super) fn explains(&self, other: &Fact) -> bool {
        matches!(self, Self::Missing { fact, .. } if other.goes_with(fact))
    }
}

/// The kinds of entries that say something of the sort.
pub(super) const TELLING: [EventKind; 20] = [
    EventKind::HookKeyCreated,
    EventKind::HookKeyImported,
    EventKind::HookKeyDeleted,
    EventKind::KeyReferenceCreated,
    EventKind::KeyReferenceDeleted,
    EventKind::InlineHookCreated,
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
    EventKind::LossAccepted,
];

/// What is read of an entry's text.
#[derive(Deserialize)]
struct Text {
    target: Vec<TargetText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetText {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    detail_entry: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What an entry says, each with whether it is so from then on. Nothing, where it has no word on anything.
pub(super) fn told(kind: &str, text: &str) -> Vec<(Fact, bool)> {
    let Some(kind) = TELLING.into_iter().find(|known| known.as_str() == kind) else { return Vec::new() };
    let Ok(Text { target }) = serde_json::from_str(text) else { return Vec::new() };
    if kind == EventKind::LossAccepted {
        return target.iter().filter_map(lost).map(|fact| (fact, false)).collect();
    }
    let mut targets = target.into_iter().map(|target| target.id);
    let Some(first) = targets.next() else { return Vec::new() };
    let of = |kind| Fact { kind, id: first.clone(), owner: None };
    match (kind, targets.next()) {
        (EventKind::HookKeyCreated | EventKind::HookKeyImported, _) => vec![(of(FactKind::HookKey), true)],
        (EventKind::HookKeyDeleted, _) => vec![(of(FactKind::HookKey), false)],
        (EventKind::InlineHookCreated, _) => {
            vec![(of(FactKind::InlineHook), true), (of(FactKind::ActiveInlineHook), true)]
        }
        (EventKind::InlineHookActivated, _) => vec![(of(FactKind::ActiveInlineHook), true)],
        (EventKind::InlineHookDeactivated, _) => vec![(of(FactKind::ActiveInlineHook), false)],
        (EventKind::InlineHookDeleted, _) => vec![(of(FactKind::InlineHook), false)],
        (EventKind::ApiTokenCreated, _) => vec![(of(FactKind::ApiToken), true)],
        (EventKind::ApiTokenRevoked, _) => vec![(of(FactKind::ApiToken), false)],
        (EventKind::ServiceAppCreated, _) => {
            vec![(of(FactKind::ServiceApp), true), (of(FactKind::ActiveServiceApp), true)]
        }
        (EventKind::ServiceAppActivated, _) => vec![(of(FactKind::ActiveServiceApp), true)],
        (EventKind::ServiceAppDeactivated, _) => vec![(of(FactKind::ActiveServiceApp), false)],
        (EventKind::ServiceAppDeleted, _) => vec![(of(FactKind::ServiceApp), false)],
        (EventKind::SigningKeyCreated, _) => vec![(of(FactKind::SigningKey), true)],
        (EventKind::SigningKeyDeleted, _) => vec![(of(FactKind::SigningKey), false)],
        (EventKind::KeyReferenceCreated, Some(id)) => vec![(owned(FactKind::KeyReference, id, first), true)],
        (EventKind::KeyReferenceDeleted, Some(id)) => vec![(owned(FactKind::KeyReference, id, first), false)],
        (EventKind::ClientKeyCreated, Some(id)) => vec![(owned(FactKind::ClientKey, id, first), true)],
        (EventKind::ClientKeyDeleted, Some(id)) => vec![(owned(FactKind::ClientKey, id, first), false)],
        _ => Vec::new(),
    }
}

fn owned(kind: FactKind, id: String, owner: String) -> Fact {
    Fact { kind, id, owner: Some(owner) }
}

fn lost(target: &TargetText) -> Option<Fact> {
    let kind = FactKind::ALL.into_iter().find(|kind| kind.as_str() == target.kind)?;
    let owner = target.detail_entry.as_ref().and_then(|details| details.get("owner")?.as_str());
    Some(Fact { kind, id: target.id.clone(), owner: owner.map(str::to_owned) })
}
