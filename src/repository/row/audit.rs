//! The audit trail as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::audit::{AuditEntry, AuditHead};
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::sealed::Sealed;
use crate::repository::audit::{AuditKey, StoredAuditNode};
use crate::repository::error::StoreError;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct AuditHeadRow {
    pub org_id: String,
    pub size: i64,
    pub forgotten: i64,
    pub seal: Vec<u8>,
}

impl Named for AuditHeadRow {
    const TABLE: &'static str = "audit_head";
    const NAME: &'static [&'static str] = &["org_id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.org_id)
    }
}

impl UnderSeal for AuditHeadRow {
    fn content(&self) -> Content {
        Content::of(Self::TABLE).text(&self.org_id).number(self.size).number(self.forgotten)
    }

    fn seal(&self) -> Option<&[u8]> {
        Some(&self.seal)
    }
}

/// As it is written, without its seal.
impl From<&AuditHead> for AuditHeadRow {
    fn from(head: &AuditHead) -> Self {
        Self {
            org_id: head.org_id.as_str().to_owned(),
            size: head.size.cast_signed(),
            forgotten: head.forgotten.cast_signed(),
            seal: Vec::new(),
        }
    }
}

impl TryFrom<AuditHeadRow> for AuditHead {
    type Error = StoreError;

    fn try_from(found: AuditHeadRow) -> Result<Self, StoreError> {
        let row = Row { table: "audit_head", id: &found.org_id };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            size: row.large("size", found.size)?,
            forgotten: row.large("forgotten", found.forgotten)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct AuditEntryRow {
    pub org_id: String,
    pub number: i64,
    pub published: i64,
    pub kind: String,
    pub entry: Option<String>,
    pub leaf: Vec<u8>,
    pub seal: Vec<u8>,
}

impl Named for AuditEntryRow {
    const TABLE: &'static str = "audit_entry";
    const NAME: &'static [&'static str] = &["org_id", "number"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}/{}", self.org_id, self.number))
    }
}

impl UnderSeal for AuditEntryRow {
    /// Without the text, which may be forgotten: its hash stands for it.
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.org_id)
            .number(self.number)
            .number(self.published)
            .text(&self.kind)
            .bytes(&self.leaf)
    }

    fn seal(&self) -> Option<&[u8]> {
        Some(&self.seal)
    }
}

/// As it is written, without its seal.
impl From<&AuditEntry> for AuditEntryRow {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            org_id: entry.org_id.as_str().to_owned(),
            number: entry.number.cast_signed(),
            published: entry.published.unix(),
            kind: entry.kind.clone(),
            entry: entry.text.clone(),
            leaf: entry.leaf.to_vec(),
            seal: Vec::new(),
        }
    }
}

impl TryFrom<AuditEntryRow> for AuditEntry {
    type Error = StoreError;

    fn try_from(found: AuditEntryRow) -> Result<Self, StoreError> {
        let name = found.name().into_owned();
        let row = Row { table: "audit_entry", id: &name };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            number: row.large("number", found.number)?,
            published: row.time("published", found.published)?,
            leaf: row.hash("leaf", &found.leaf)?,
            kind: found.kind,
            text: found.entry,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct AuditNodeRow {
    pub org_id: String,
    pub place: i64,
    pub hash: Vec<u8>,
}

impl Named for AuditNodeRow {
    const TABLE: &'static str = "audit_node";
    const NAME: &'static [&'static str] = &["org_id", "place"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}/{}", self.org_id, self.place))
    }
}

impl TryFrom<AuditNodeRow> for StoredAuditNode {
    type Error = StoreError;

    fn try_from(found: AuditNodeRow) -> Result<Self, StoreError> {
        let name = found.name().into_owned();
        let row = Row { table: "audit_node", id: &name };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            place: row.large("place", found.place)?,
            hash: row.hash("hash", &found.hash)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct AuditKeyRow {
    pub org_id: String,
    pub public_key: Vec<u8>,
    pub sealed_seed: Vec<u8>,
    pub created: i64,
    pub seal: Vec<u8>,
}

impl Named for AuditKeyRow {
    const TABLE: &'static str = "audit_key";
    const NAME: &'static [&'static str] = &["org_id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.org_id)
    }
}

impl UnderSeal for AuditKeyRow {
    /// Without the seed: it is bound to its place by itself.
    fn content(&self) -> Content {
        Content::of(Self::TABLE).text(&self.org_id).bytes(&self.public_key).number(self.created)
    }

    fn seal(&self) -> Option<&[u8]> {
        Some(&self.seal)
    }
}

/// As it is written, without its seal.
impl From<&AuditKey> for AuditKeyRow {
    fn from(key: &AuditKey) -> Self {
        Self {
            org_id: key.org_id.as_str().to_owned(),
            public_key: key.public_key.to_vec(),
            sealed_seed: key.sealed_seed.as_bytes().to_vec(),
            created: key.created.unix(),
            seal: Vec::new(),
        }
    }
}

impl TryFrom<AuditKeyRow> for AuditKey {
    type Error = StoreError;

    fn try_from(found: AuditKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "audit_key", id: &found.org_id };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            public_key: row.hash("public_key", &found.public_key)?,
            sealed_seed: Sealed::from_bytes(found.sealed_seed),
            created: row.time("created", found.created)?,
        })
    }
}
