//! References to hook keys in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::repository::error::{Conflict, StoreError};
use crate::repository::key_reference::{KeyReferenceRead, KeyReferenceWrite};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct ReferenceRow {
    consumer_kind: String,
    consumer_id: String,
    consumer_name: String,
    since: i64,
    last_used: Option<i64>,
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

/// The columns of a [`ReferenceRow`]; what follows in each query picks the rows.
macro_rules! select_reference {
    ($rest:literal) => {
        concat!(
            "SELECT consumer_kind, consumer_id, consumer_name, since, last_used FROM hook_key_reference
             WHERE org_id = ? AND hook_key_id = ? ",
            $rest
        )
    };
}

const KEY_MISSING: (&str, Conflict) = ("FOREIGN KEY constraint failed", Conflict::HookKeyMissing);

const CAP_REACHED: (&str, Conflict) = ("CHECK constraint failed: hook_key_reference", Conflict::KeyReferenceCap);

#[async_trait]
impl KeyReferenceRead for SqliteTx {
    async fn key_reference_list(&mut self, org: &OrgId, key: &HookKeyId) -> Result<Vec<KeyReference>, StoreError> {
        let rows: Vec<ReferenceRow> = sqlx::query_as(select_reference!("ORDER BY since, consumer_kind, consumer_id"))
            .bind(org.as_str())
            .bind(key.as_str())
            .fetch_all(&mut *self.0)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(KeyReference::try_from).collect()
    }

    async fn key_reference_find(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
    ) -> Result<Option<KeyReference>, StoreError> {
        let row: Option<ReferenceRow> = sqlx::query_as(select_reference!("AND consumer_id = ?"))
            .bind(org.as_str())
            .bind(key.as_str())
            .bind(consumer.as_str())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(KeyReference::try_from).transpose()
    }
}

#[async_trait]
impl KeyReferenceWrite for SqliteTx {
    async fn key_reference_put(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        reference: &KeyReference,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (org_id, hook_key_id, consumer_id)
             DO UPDATE SET consumer_kind = excluded.consumer_kind, consumer_name = excluded.consumer_name",
        )
        .bind(org.as_str())
        .bind(key.as_str())
        .bind(reference.consumer_kind.as_str())
        .bind(reference.consumer_id.as_str())
        .bind(reference.consumer_name.as_str())
        .bind(reference.since.unix())
        .execute(&mut *self.0)
        .await
        .map_err(|error| conflict_or(error, &[KEY_MISSING, CAP_REACHED]))?;
        Ok(())
    }

    async fn key_reference_touch(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE hook_key_reference SET last_used = ? WHERE org_id = ? AND hook_key_id = ? AND consumer_id = ?",
        )
        .bind(now.unix())
        .bind(org.as_str())
        .bind(key.as_str())
        .bind(consumer.as_str())
        .execute(&mut *self.0)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn key_reference_delete(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
    ) -> Result<bool, StoreError> {
        let done =
            sqlx::query("DELETE FROM hook_key_reference WHERE org_id = ? AND hook_key_id = ? AND consumer_id = ?")
                .bind(org.as_str())
                .bind(key.as_str())
                .bind(consumer.as_str())
                .execute(&mut *self.0)
                .await
                .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }
}
