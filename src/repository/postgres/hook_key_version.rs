//! The keys of a hook key that do not sign, in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as, query_scalar};
use super::transaction::PostgresTx;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key_version::HookKeyVersion;
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::repository::error::{Refusable, StoreError};
use crate::repository::hook_key_version::{DueCursor, DuePage, HookKeyVersionRead, HookKeyVersionWrite};
use crate::repository::page::{Key, Page};
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::hook_key_version::{HookKeyVersionRow, due_page};
use async_trait::async_trait;
use std::time::Duration;

/// The columns of a [`HookKeyVersionRow`]; what follows picks the rows.
macro_rules! select_version {
    ($rest:literal) => {
        select_version!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $more,
            "key_id, org_id, hook_key_id, modulus, exponent, signs_from, grace, until, sealed_pkcs8, origin, born_by, born_with, seal
             FROM hook_key_version ",
            $rest
        )
    };
}

#[async_trait]
impl HookKeyVersionRead for PostgresTx {
    async fn hook_key_version_list(
        &mut self,
        org: &OrgId,
        of: Option<&HookKeyId>,
    ) -> Result<Vec<HookKeyVersion>, StoreError> {
        let select = match of {
            None => query_as(select_version!("WHERE org_id = $1 ORDER BY key_id")).bind(org.as_str()),
            Some(key) => query_as(select_version!("WHERE org_id = $1 AND hook_key_id = $2 ORDER BY key_id"))
                .bind(org.as_str())
                .bind(key.as_str()),
        };
        let rows: Vec<Found<HookKeyVersionRow>> = select.fetch_all(self.connection()?).await.map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn hook_key_version_find(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<HookKeyVersion>, StoreError> {
        let row: Option<Found<HookKeyVersionRow>> = query_as(select_version!("WHERE key_id = $1"))
            .bind(key_id.to_string())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        let found: Option<HookKeyVersion> = self.seals_for(&row).await?.read_one(row)?;
        Ok(found.filter(|version| version.org_id == *org))
    }

    async fn hook_key_version_page_due(
        &mut self,
        now: Timestamp,
        from: Option<DueCursor>,
        limit: u32,
    ) -> Result<DuePage, StoreError> {
        let (due, id) = from.unwrap_or((i64::MIN, String::new()));
        let rows: Vec<(i64, String, String)> = query_as(
            "SELECT coalesce(until, signs_from), hook_key_id, org_id FROM hook_key_version
             WHERE coalesce(until, signs_from) <= $1 AND (coalesce(until, signs_from), hook_key_id) >= ($2, $3)
             ORDER BY coalesce(until, signs_from), hook_key_id LIMIT $4",
        )
        .bind(now.unix())
        .bind(due)
        .bind(id)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        Ok(due_page(rows, limit))
    }

    async fn hook_key_page_rotating(
        &mut self,
        now: Timestamp,
        ahead: Duration,
        from: Option<DueCursor>,
        limit: u32,
    ) -> Result<DuePage, StoreError> {
        let (due, id) = from.unwrap_or((i64::MIN, String::new()));
        let rows: Vec<(i64, String, String)> = query_as(
            "SELECT coalesce(signs_from, created) + rotate_every, id, org_id FROM hook_key
             WHERE rotate_every IS NOT NULL AND coalesce(signs_from, created) + rotate_every <= $1
               AND (coalesce(signs_from, created) + rotate_every, id) >= ($2, $3)
               AND NOT EXISTS (SELECT 1 FROM hook_key_version AS v
                               WHERE v.org_id = hook_key.org_id AND v.hook_key_id = hook_key.id AND v.until IS NULL)
             ORDER BY coalesce(signs_from, created) + rotate_every, id LIMIT $4",
        )
        .bind(now.unix().saturating_add_unsigned(ahead.as_secs()))
        .bind(due)
        .bind(id)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        Ok(due_page(rows, limit))
    }

    async fn hook_key_version_page(
        &mut self,
        from: Option<Key>,
        limit: u32,
    ) -> Result<Page<Result<HookKeyVersion, StoreError>, Key>, StoreError> {
        let rows: Vec<Placed<Key, HookKeyVersionRow>> = query_as(select_version!(
            "convert_to(key_id, 'UTF8'), ",
            "WHERE key_id >= convert_from($1, 'UTF8') ORDER BY key_id LIMIT $2"
        ))
        .bind(from.unwrap_or_default().0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }
}

#[async_trait]
impl HookKeyVersionWrite for PostgresTx {
    async fn hook_key_version_insert(&mut self, version: &HookKeyVersion) -> Refusable<()> {
        let row = HookKeyVersionRow::from(version);
        let seal = self.seals().of(&row);
        let insert = query(
            "INSERT INTO hook_key_version
                 (key_id, org_id, hook_key_id, modulus, exponent, signs_from, grace, until, sealed_pkcs8, origin, born_by, born_with,
                  seal)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(row.key_id)
        .bind(row.org_id)
        .bind(row.hook_key_id)
        .bind(row.modulus)
        .bind(row.exponent)
        .bind(row.signs_from)
        .bind(row.grace)
        .bind(row.until)
        .bind(row.sealed_pkcs8)
        .bind(row.origin)
        .bind(row.born_by)
        .bind(row.born_with)
        .bind(seal);
        Ok(self.attempt(insert).await?.map(drop))
    }

    async fn hook_key_version_delete(&mut self, org: &OrgId, key_id: &KeyId) -> Result<bool, StoreError> {
        let delete = query_scalar(
            "DELETE FROM hook_key_version WHERE org_id = $1 AND key_id = $2 RETURNING sealed_pkcs8 IS NOT NULL",
        )
        .bind(org.as_str())
        .bind(key_id.to_string());
        let had_private: Vec<bool> = delete.fetch_all(self.connection()?).await.map_err(store_error)?;
        if had_private.contains(&true) {
            self.erases();
        }
        Ok(!had_private.is_empty())
    }
}
