//! References to hook keys as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{KeyReference, StoredKeyReference};
use crate::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::{CONSUMER_KIND, InlineHook};
use crate::domain::name::Name;
use crate::repository::error::StoreError;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct ReferenceRow {
    pub org_id: String,
    pub hook_key_id: String,
    pub consumer_kind: String,
    pub consumer_id: String,
    pub consumer_name: String,
    pub since: i64,
    pub last_used: Option<i64>,
    pub seal: Option<Vec<u8>>,
}

impl Named for ReferenceRow {
    const TABLE: &'static str = "hook_key_reference";
    const NAME: &'static [&'static str] = &["hook_key_id", "consumer_id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}/{}", self.hook_key_id, self.consumer_id))
    }
}

impl UnderSeal for ReferenceRow {
    /// Without the last use, which decides nothing.
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.org_id)
            .text(&self.hook_key_id)
            .text(&self.consumer_kind)
            .text(&self.consumer_id)
            .text(&self.consumer_name)
            .number(self.since)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

/// As it is written, without its seal.
impl ReferenceRow {
    pub fn new(org: &OrgId, key: &HookKeyId, reference: &KeyReference) -> Self {
        Self {
            org_id: org.as_str().to_owned(),
            hook_key_id: key.as_str().to_owned(),
            consumer_kind: reference.consumer_kind.as_str().to_owned(),
            consumer_id: reference.consumer_id.as_str().to_owned(),
            consumer_name: reference.consumer_name.as_str().to_owned(),
            since: reference.since.unix(),
            last_used: reference.last_used.map(Timestamp::unix),
            seal: None,
        }
    }

    /// That of a hook to its key.
    pub fn of_hook(hook: &InlineHook, key: &HookKeyId, since: Timestamp) -> Self {
        Self {
            org_id: hook.org_id.as_str().to_owned(),
            hook_key_id: key.as_str().to_owned(),
            consumer_kind: CONSUMER_KIND.to_owned(),
            consumer_id: hook.id.as_str().to_owned(),
            consumer_name: hook.name.as_str().to_owned(),
            since: since.unix(),
            last_used: None,
            seal: None,
        }
    }
}

impl TryFrom<ReferenceRow> for KeyReference {
    type Error = StoreError;

    fn try_from(found: ReferenceRow) -> Result<Self, StoreError> {
        let name = found.name().into_owned();
        let row = Row { table: "hook_key_reference", id: &name };
        Ok(Self {
            consumer_kind: row.value("consumer_kind", Name::known(&found.consumer_kind))?,
            consumer_id: row.value("consumer_id", Name::known(&found.consumer_id))?,
            consumer_name: row.value("consumer_name", Name::known(&found.consumer_name))?,
            since: row.time("since", found.since)?,
            last_used: found.last_used.map(|seconds| row.time("last_used", seconds)).transpose()?,
        })
    }
}

/// With the key that it is of.
impl TryFrom<ReferenceRow> for StoredKeyReference {
    type Error = StoreError;

    fn try_from(found: ReferenceRow) -> Result<Self, StoreError> {
        let name = found.name().into_owned();
        let row = Row { table: "hook_key_reference", id: &name };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            hook_key_id: row.value("hook_key_id", HookKeyId::parse(&found.hook_key_id))?,
            reference: KeyReference::try_from(found)?,
        })
    }
}
