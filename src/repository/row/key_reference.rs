//! References to hook keys as rows.

use super::Row;
use crate::domain::hook_key::{KeyReference, StoredKeyReference};
use crate::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::repository::error::StoreError;

#[derive(sqlx::FromRow)]
pub struct ReferenceRow {
    pub consumer_kind: String,
    pub consumer_id: String,
    pub consumer_name: String,
    pub since: i64,
    pub last_used: Option<i64>,
}

impl TryFrom<ReferenceRow> for KeyReference {
    type Error = StoreError;

    fn try_from(found: ReferenceRow) -> Result<Self, StoreError> {
        let row = Row { table: "hook_key_reference", id: &found.consumer_id };
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
#[derive(sqlx::FromRow)]
pub struct StoredReferenceRow {
    pub org_id: String,
    pub hook_key_id: String,
    #[sqlx(flatten)]
    pub reference: ReferenceRow,
}

impl TryFrom<StoredReferenceRow> for StoredKeyReference {
    type Error = StoreError;

    fn try_from(found: StoredReferenceRow) -> Result<Self, StoreError> {
        let row = Row { table: "hook_key_reference", id: &found.reference.consumer_id };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            hook_key_id: row.value("hook_key_id", HookKeyId::parse(&found.hook_key_id))?,
            reference: KeyReference::try_from(found.reference)?,
        })
    }
}
