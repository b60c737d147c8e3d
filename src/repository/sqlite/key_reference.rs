//! References to hook keys in SQLite.

use super::error::store_error;
use super::transaction::SqliteTx;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{KeyReference, MAX_REFERENCES_PER_KEY, StoredKeyReference};
use crate::domain::id::{HookKeyId, InlineHookId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::InlineHook;
use crate::domain::name::Name;
use crate::repository::error::{Conflict, Refusable, StoreError};
use crate::repository::hook_key::HookKeyRead as _;
use crate::repository::key_reference::{KeyReferenceCursor, KeyReferenceRead, KeyReferenceWrite};
use crate::repository::page::Page;
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::key_reference::ReferenceRow;
use async_trait::async_trait;

/// The columns of a [`ReferenceRow`]; what follows in each query picks the rows.
macro_rules! select_reference {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used, seal FROM hook_key_reference
             WHERE org_id = ? AND hook_key_id = ? ",
            $rest
        )
    };
}

#[async_trait]
impl KeyReferenceRead for SqliteTx {
    async fn key_reference_list(&mut self, org: &OrgId, key: &HookKeyId) -> Result<Vec<KeyReference>, StoreError> {
        let rows: Vec<Found<ReferenceRow>> =
            sqlx::query_as(select_reference!("ORDER BY since, consumer_kind, consumer_id"))
                .bind(org.as_str())
                .bind(key.as_str())
                .fetch_all(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn key_reference_find(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
    ) -> Result<Option<KeyReference>, StoreError> {
        let row: Option<Found<ReferenceRow>> = sqlx::query_as(select_reference!("AND consumer_id = ?"))
            .bind(org.as_str())
            .bind(key.as_str())
            .bind(consumer.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn key_reference_page(
        &mut self,
        from: Option<KeyReferenceCursor>,
        limit: u32,
    ) -> Result<Page<Result<StoredKeyReference, StoreError>, KeyReferenceCursor>, StoreError> {
        let (org, key, consumer) = from.unwrap_or_default();
        let rows: Vec<Placed<KeyReferenceCursor, ReferenceRow>> = sqlx::query_as(
            "SELECT CAST(org_id AS BLOB), CAST(hook_key_id AS BLOB), CAST(consumer_id AS BLOB),
                    org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used, seal
             FROM hook_key_reference
             WHERE (org_id, hook_key_id, consumer_id) >= (CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT))
                   AND typeof(org_id) = 'text' AND typeof(hook_key_id) = 'text' AND typeof(consumer_id) = 'text'
             ORDER BY org_id, hook_key_id, consumer_id LIMIT ?4",
        )
        .bind(org)
        .bind(key)
        .bind(consumer)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }
}

#[async_trait]
impl KeyReferenceWrite for SqliteTx {
    async fn key_reference_put(&mut self, org: &OrgId, key: &HookKeyId, reference: &KeyReference) -> Refusable<()> {
        if self.hook_key_find(org, key).await?.is_none() {
            return self.refuse(Conflict::HookKeyMissing);
        }
        let before = self.key_reference_find(org, key, &reference.consumer_id).await?;
        let since = before.map_or(reference.since, |before| before.since);
        let row = ReferenceRow { since: since.unix(), ..ReferenceRow::new(org, key, reference) };
        let seal = self.seals().of(&row);
        // No free slot leaves NULL, which the check refuses.
        let query = sqlx::query(
            "INSERT INTO hook_key_reference
                 (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, slot, seal)
             WITH RECURSIVE slots (slot) AS (VALUES (1) UNION ALL SELECT slot + 1 FROM slots WHERE slot < ?7)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, coalesce(
                 (SELECT slot FROM hook_key_reference WHERE org_id = ?1 AND hook_key_id = ?2 AND consumer_id = ?4),
                 (SELECT min(slot) FROM slots WHERE slot NOT IN (
                     SELECT slot FROM hook_key_reference WHERE org_id = ?1 AND hook_key_id = ?2 AND slot IS NOT NULL))), ?8
             WHERE true
             ON CONFLICT (org_id, hook_key_id, consumer_id)
             DO UPDATE SET consumer_kind = excluded.consumer_kind, consumer_name = excluded.consumer_name, seal = excluded.seal",
        )
        .bind(row.org_id)
        .bind(row.hook_key_id)
        .bind(row.consumer_kind)
        .bind(row.consumer_id)
        .bind(row.consumer_name)
        .bind(row.since)
        .bind(MAX_REFERENCES_PER_KEY)
        .bind(seal);
        self.attempt(query).await
    }

    async fn key_reference_put_hook(&mut self, hook: &InlineHook, since: Timestamp) -> Result<(), StoreError> {
        let Some(key) = hook.channel.auth.hook_key_id() else { return Ok(()) };
        let row = ReferenceRow::of_hook(hook, key, since);
        let before = since_of_hook(self, hook, key).await?;
        let row = ReferenceRow { since: before.unwrap_or(row.since), ..row };
        let seal = self.seals().of(&row);
        let query = sqlx::query(
            "INSERT INTO hook_key_reference
                 (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, inline_hook_id, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?4, ?7)
             ON CONFLICT (org_id, hook_key_id, consumer_id)
             DO UPDATE SET consumer_name = excluded.consumer_name, since = excluded.since, seal = excluded.seal",
        )
        .bind(row.org_id)
        .bind(row.hook_key_id)
        .bind(row.consumer_kind)
        .bind(row.consumer_id)
        .bind(row.consumer_name)
        .bind(row.since)
        .bind(seal);
        self.write(query).await
    }

    async fn key_reference_delete_hook(&mut self, org: &OrgId, hook: &InlineHookId) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM hook_key_reference WHERE org_id = ? AND inline_hook_id = ?")
            .bind(org.as_str())
            .bind(hook.as_str());
        self.execute(query).await.map(drop)
    }

    async fn key_reference_touch(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE hook_key_reference SET last_used = ? WHERE org_id = ? AND hook_key_id = ? AND consumer_id = ?",
        )
        .bind(now.unix())
        .bind(org.as_str())
        .bind(key.as_str())
        .bind(consumer.as_str());
        self.execute(query).await.map(drop)
    }

    async fn key_reference_delete(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(
            "DELETE FROM hook_key_reference
             WHERE org_id = ? AND hook_key_id = ? AND consumer_id = ? AND inline_hook_id IS NULL",
        )
        .bind(org.as_str())
        .bind(key.as_str())
        .bind(consumer.as_str());
        Ok(self.execute(query).await? > 0)
    }
}

/// Since when a hook uses a key. What another hand has written of that counts for nothing, and is written anew.
async fn since_of_hook(tx: &mut SqliteTx, hook: &InlineHook, key: &HookKeyId) -> Result<Option<i64>, StoreError> {
    let row: Option<Found<ReferenceRow>> = sqlx::query_as(select_reference!("AND consumer_id = ?"))
        .bind(hook.org_id.as_str())
        .bind(key.as_str())
        .bind(hook.id.as_str())
        .fetch_optional(tx.connection()?)
        .await
        .map_err(store_error)?;
    match tx.seals_for(&row).await?.checked(row) {
        Ok(row) => Ok(row.map(|row| row.since)),
        Err(StoreError::Corrupt { .. } | StoreError::Forged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
