//! Hook keys as they are printed.

use crate::crypto::jwk;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{Birth, KeyReference};
use crate::domain::hook_key_version::{Moment, Timeline};
use crate::domain::verifying_key::VerifyingKey;
use crate::vault::keys::publishing::PublishedKey;
use serde::Serialize;
use serde_json::{Map, Value};

/// The members have their names from the API (wire.md §1), and from the vault's own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyLine {
    id: String,
    key_id: String,
    name: String,
    created: String,
    last_updated: String,
    is_used: bool,
    rotate_every: Option<u64>,
    next_rotation: Option<String>,
    pub versions: Vec<VersionLine>,
}

/// One of the keys of a hook key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionLine {
    key_id: String,
    status: &'static str,
    signs_from: String,
    published_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth: Option<BirthText>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyDetails {
    #[serde(flatten)]
    pub line: KeyLine,
    pub used_by: Vec<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth: Option<BirthText>,
    public_key: Map<String, Value>,
}

/// How the key came to be.
#[derive(Serialize)]
struct BirthText {
    origin: &'static str,
    by: String,
    with: String,
}

#[derive(Serialize)]
pub struct User {
    kind: String,
    id: String,
    name: String,
}

impl From<&Timeline> for KeyLine {
    fn from(timeline: &Timeline) -> Self {
        let key = &timeline.key;
        Self {
            id: key.id.to_string(),
            key_id: key.key_id.to_string(),
            name: key.name.to_string(),
            created: key.created.to_wire(),
            last_updated: key.last_updated.to_wire(),
            is_used: key.is_used,
            rotate_every: key.rotate_every.map(|every| every.as_secs()),
            next_rotation: timeline.next_rotation().map(Timestamp::to_wire),
            versions: timeline.moments().iter().map(VersionLine::from).collect(),
        }
    }
}

impl KeyLine {
    pub const COLUMNS: [&str; 6] = ["ID", "NAME", "KID", "USED", "CREATED", "NEXT KEY"];

    pub fn cells(self) -> [String; 6] {
        let used = if self.is_used { "yes" } else { "no" };
        let next = self.next_rotation.unwrap_or_else(|| "-".to_owned());
        [self.id, self.name, self.key_id, used.into(), self.created, next]
    }
}

impl From<&Moment<'_>> for VersionLine {
    fn from(moment: &Moment<'_>) -> Self {
        Self {
            key_id: moment.key_id.to_string(),
            status: moment.phase.as_str(),
            signs_from: moment.signs_from.to_wire(),
            published_until: moment.until.map(Timestamp::to_wire),
            birth: moment.birth.map(BirthText::from),
        }
    }
}

impl VersionLine {
    pub const COLUMNS: [&str; 4] = ["KID", "STATUS", "SIGNS FROM", "PUBLISHED UNTIL"];

    pub fn cells(&self) -> [String; 4] {
        let until = self.published_until.clone().unwrap_or_else(|| "-".to_owned());
        [self.key_id.clone(), self.status.to_owned(), self.signs_from.clone(), until]
    }
}

impl User {
    pub const COLUMNS: [&str; 3] = ["USED BY", "ID", "NAME"];

    pub fn cells(self) -> [String; 3] {
        [self.kind, self.id, self.name]
    }
}

impl From<&Birth> for BirthText {
    fn from(birth: &Birth) -> Self {
        Self { origin: birth.origin.as_str(), by: birth.by.clone(), with: birth.with.clone() }
    }
}

impl KeyDetails {
    /// Of a key that was made just now: nobody uses it, and there is no other.
    pub fn fresh(key: &PublishedKey) -> Self {
        Self::new(key, &[], &Timeline::new(key.key().clone(), &[], key.key().created))
    }

    pub fn new(key: &PublishedKey, users: &[KeyReference], timeline: &Timeline) -> Self {
        let user = |user: &KeyReference| User {
            kind: user.consumer_kind.to_string(),
            id: user.consumer_id.to_string(),
            name: user.consumer_name.to_string(),
        };
        Self {
            line: timeline.into(),
            used_by: users.iter().map(user).collect(),
            birth: key.key().birth.as_ref().map(BirthText::from),
            public_key: jwk::members(&VerifyingKey::Rsa(key.public_key().clone())),
        }
    }
}
