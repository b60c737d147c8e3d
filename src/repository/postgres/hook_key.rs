//! Hook keys in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as, query_scalar};
use super::transaction::PostgresTx;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, MAX_KEYS_PER_ORG, SealedHookKey};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use crate::repository::error::{Refusable, StoreError};
use crate::repository::hook_key::{HookKeyRead, HookKeyWrite, KeyDeletion};
use crate::repository::key_reference::KeyReferenceRead as _;
use crate::repository::page::{Page, Seq};
use crate::repository::row::Row;
use crate::repository::row::hook_key::{HookKeyRow, SealedRow};
use async_trait::async_trait;

/// The columns of a [`HookKeyRow`], or with more of them of a [`SealedRow`]; what follows in each query picks the rows.
macro_rules! select_hook_key {
    ($rest:literal) => {
        select_hook_key!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $more,
            "id, org_id, key_id, name, created, last_updated, modulus, exponent, EXISTS (
                 SELECT 1 FROM hook_key_reference AS r WHERE r.org_id = k.org_id AND r.hook_key_id = k.id
             ) AS is_used
             FROM hook_key AS k ",
            $rest
        )
    };
}

macro_rules! select_sealed {
    ($rest:literal) => {
        select_hook_key!("seq, sealed_pkcs8, ", $rest)
    };
}

#[async_trait]
impl HookKeyRead for PostgresTx {
    async fn hook_key_list(&mut self, org: &OrgId) -> Result<Vec<HookKey>, StoreError> {
        let rows: Vec<HookKeyRow> = query_as(select_hook_key!("WHERE org_id = $1 ORDER BY seq"))
            .bind(org.as_str())
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(HookKey::try_from).collect()
    }

    async fn hook_key_find(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<HookKey>, StoreError> {
        let row: Option<HookKeyRow> = query_as(select_hook_key!("WHERE org_id = $1 AND id = $2"))
            .bind(org.as_str())
            .bind(id.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        row.map(HookKey::try_from).transpose()
    }

    async fn hook_key_count(&mut self, org: &OrgId) -> Result<u32, StoreError> {
        let count = query_scalar("SELECT count(*) FROM hook_key WHERE org_id = $1")
            .bind(org.as_str())
            .fetch_one(self.connection()?)
            .await
            .map_err(store_error)?;
        Row { table: "hook_key", id: "" }.count("seq", count)
    }

    async fn hook_key_find_by_name(&mut self, org: &OrgId, name: &Name) -> Result<Option<HookKey>, StoreError> {
        let row: Option<HookKeyRow> = query_as(select_hook_key!("WHERE org_id = $1 AND name = $2"))
            .bind(org.as_str())
            .bind(name.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        row.map(HookKey::try_from).transpose()
    }

    async fn hook_key_find_sealed(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<SealedHookKey>, StoreError> {
        let row: Option<SealedRow> = query_as(select_sealed!("WHERE org_id = $1 AND id = $2"))
            .bind(org.as_str())
            .bind(id.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        row.map(SealedHookKey::try_from).transpose()
    }

    async fn hook_key_find_sealed_by_key_id(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedHookKey>, StoreError> {
        let row: Option<SealedRow> = query_as(select_sealed!("WHERE org_id = $1 AND key_id = $2"))
            .bind(org.as_str())
            .bind(key_id.to_string())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        row.map(SealedHookKey::try_from).transpose()
    }

    async fn hook_key_list_sealed(&mut self, org: &OrgId) -> Result<Vec<SealedHookKey>, StoreError> {
        let rows: Vec<SealedRow> = query_as(select_sealed!("WHERE org_id = $1 ORDER BY seq"))
            .bind(org.as_str())
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(SealedHookKey::try_from).collect()
    }

    async fn hook_key_page_sealed(
        &mut self,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<SealedHookKey, StoreError>, Seq>, StoreError> {
        let rows: Vec<SealedRow> = query_as(select_sealed!("WHERE seq > $1 ORDER BY seq LIMIT $2"))
            .bind(after.map_or(i64::MIN, |Seq(seq)| seq))
            .bind(i64::from(limit))
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        let placed = |row: SealedRow| (Seq(row.seq), SealedHookKey::try_from(row));
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }
}

#[async_trait]
impl HookKeyWrite for PostgresTx {
    async fn hook_key_insert(&mut self, key: &HookKey, sealed_pkcs8: &Sealed) -> Refusable<()> {
        // Two who look for the lowest free slot at once would find the same.
        self.lock_org(&key.org_id).await?;
        let query = query(
            "INSERT INTO hook_key
                 (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
             SELECT $1, $2,
                    (SELECT min(slot) FROM generate_series(1, $10) AS slot
                     WHERE slot NOT IN (SELECT slot FROM hook_key WHERE org_id = $2)),
                    $3, $4, $5, $6, $7, $8, $9",
        )
        .bind(key.id.as_str())
        .bind(key.org_id.as_str())
        .bind(key.key_id.to_string())
        .bind(key.name.as_str())
        .bind(key.created.unix())
        .bind(key.last_updated.unix())
        .bind(key.public_key.modulus.as_slice())
        .bind(key.public_key.exponent.as_slice())
        .bind(sealed_pkcs8.as_bytes())
        .bind(i64::from(MAX_KEYS_PER_ORG));
        Ok(self.attempt(query).await?.map(drop))
    }

    async fn hook_key_rename(
        &mut self,
        org: &OrgId,
        id: &HookKeyId,
        name: &Name,
        now: Timestamp,
    ) -> Refusable<Option<HookKey>> {
        let query = query("UPDATE hook_key SET name = $1, last_updated = $2 WHERE org_id = $3 AND id = $4")
            .bind(name.as_str())
            .bind(now.unix())
            .bind(org.as_str())
            .bind(id.as_str());
        match self.attempt(query).await? {
            Ok(_) => Ok(Ok(self.hook_key_find(org, id).await?)),
            Err(conflict) => Ok(Err(conflict)),
        }
    }

    async fn hook_key_delete(&mut self, org: &OrgId, id: &HookKeyId) -> Result<KeyDeletion, StoreError> {
        // A new use of the key, also one that another program makes, shares this lock by its foreign key: it came before, or waits and
        // finds no key.
        let lock = query("SELECT FROM hook_key WHERE org_id = $1 AND id = $2 FOR UPDATE");
        self.execute(lock.bind(org.as_str()).bind(id.as_str())).await?;
        let users = self.key_reference_list(org, id).await?;
        if !users.is_empty() {
            self.end();
            return Ok(KeyDeletion::InUse(users));
        }
        let query = query("DELETE FROM hook_key WHERE org_id = $1 AND id = $2").bind(org.as_str()).bind(id.as_str());
        if self.execute(query).await? == 0 {
            return Ok(KeyDeletion::Missing);
        }
        self.erases();
        Ok(KeyDeletion::Deleted)
    }
}
