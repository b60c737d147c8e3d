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
use crate::repository::row::found::{Found, Named as _, Placed};
use crate::repository::row::hook_key::{HookKeyRow, SealedRow};
use crate::repository::row::key_reference::ReferenceRow;

use async_trait::async_trait;
use std::mem;

/// The columns of a [`HookKeyRow`], or with more of them of a [`SealedRow`]; what follows in each query picks the rows. A key is looked
/// for by its own id alone, so that one that was moved to another org is damage and not missing.
macro_rules! select_hook_key {
    ($rest:literal) => {
        select_hook_key!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $more,
            "k.id, k.org_id, k.key_id, k.name, k.created, k.last_updated, k.modulus, k.exponent, k.seal,
                    k.origin, k.born_by, k.born_with, k.signs_from, k.rotate_every,
                    r.consumer_kind, r.consumer_id, r.consumer_name, r.since AS consumer_since, r.seal AS consumer_seal
             FROM hook_key AS k LEFT JOIN hook_key_reference AS r ON r.org_id = k.org_id AND r.hook_key_id = k.id
                  AND r.consumer_id = (SELECT min(u.consumer_id) FROM hook_key_reference AS u
                                       WHERE u.org_id = k.org_id AND u.hook_key_id = k.id) ",
            $rest
        )
    };
}

macro_rules! select_sealed {
    ($rest:literal) => {
        select_hook_key!("k.sealed_pkcs8, ", $rest)
    };
}

#[async_trait]
impl HookKeyRead for PostgresTx {
    async fn hook_key_list(&mut self, org: &OrgId) -> Result<Vec<HookKey>, StoreError> {
        let rows: Vec<Found<HookKeyRow>> = query_as(select_hook_key!("WHERE k.org_id = $1 ORDER BY k.seq"))
            .bind(org.as_str())
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn hook_key_find(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<HookKey>, StoreError> {
        let row: Option<Found<HookKeyRow>> = query_as(select_hook_key!("WHERE k.id = $1"))
            .bind(id.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        let found: Option<HookKey> = self.seals_for(&row).await?.read_one(row)?;
        Ok(found.filter(|key| key.org_id == *org))
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
        let row: Option<Found<HookKeyRow>> = query_as(select_hook_key!("WHERE k.org_id = $1 AND k.name = $2"))
            .bind(org.as_str())
            .bind(name.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn hook_key_find_sealed(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<SealedHookKey>, StoreError> {
        let row: Option<Found<SealedRow>> = query_as(select_sealed!("WHERE k.id = $1"))
            .bind(id.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        let found: Option<SealedHookKey> = self.seals_for(&row).await?.read_one(row)?;
        Ok(found.filter(|sealed| sealed.key.org_id == *org))
    }

    async fn hook_key_find_sealed_by_key_id(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedHookKey>, StoreError> {
        let row: Option<Found<SealedRow>> = query_as(select_sealed!("WHERE k.key_id = $1"))
            .bind(key_id.to_string())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        let found: Option<SealedHookKey> = self.seals_for(&row).await?.read_one(row)?;
        Ok(found.filter(|sealed| sealed.key.org_id == *org))
    }

    async fn hook_key_list_sealed(&mut self, org: &OrgId) -> Result<Vec<SealedHookKey>, StoreError> {
        let rows: Vec<Found<SealedRow>> = query_as(select_sealed!("WHERE k.org_id = $1 ORDER BY k.seq"))
            .bind(org.as_str())
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn hook_key_page_sealed(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<SealedHookKey, StoreError>, Seq>, StoreError> {
        let rows: Vec<Placed<Seq, SealedRow>> =
            query_as(select_hook_key!("k.seq, k.sealed_pkcs8, ", "WHERE k.seq >= $1 ORDER BY k.seq LIMIT $2"))
                .bind(from.unwrap_or(Seq::LEAST).0)
                .bind(i64::from(limit) + 1)
                .fetch_all(self.connection()?)
                .await
                .map_err(store_error)?;
        self.read_page(rows, limit).await
    }
}

#[async_trait]
impl HookKeyWrite for PostgresTx {
    async fn hook_key_insert(&mut self, key: &HookKey, sealed_pkcs8: &Sealed) -> Refusable<()> {
        // Two who look for the lowest free slot at once would find the same.
        self.lock_org(&key.org_id).await?;
        let row = HookKeyRow::from(key);
        let seal = self.seals().of(&row);
        let query = query(
            "INSERT INTO hook_key
                 (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8, seal,
                  origin, born_by, born_with, signs_from, rotate_every)
             SELECT $1, $2,
                    (SELECT min(slot) FROM generate_series(1, $10) AS slot
                     WHERE slot NOT IN (SELECT slot FROM hook_key WHERE org_id = $2)),
                    $3, $4, $5, $6, $7, $8, $9, $11, $12, $13, $14, $15, $16",
        )
        .bind(row.id)
        .bind(row.org_id)
        .bind(row.key_id)
        .bind(row.name)
        .bind(row.created)
        .bind(row.last_updated)
        .bind(row.modulus)
        .bind(row.exponent)
        .bind(sealed_pkcs8.as_bytes())
        .bind(i64::from(MAX_KEYS_PER_ORG))
        .bind(seal)
        .bind(row.origin)
        .bind(row.born_by)
        .bind(row.born_with)
        .bind(row.signs_from)
        .bind(row.rotate_every);
        self.attempt(query).await
    }

    async fn hook_key_rename(
        &mut self,
        org: &OrgId,
        id: &HookKeyId,
        name: &Name,
        now: Timestamp,
    ) -> Refusable<Option<(Name, SealedHookKey)>> {
        hold(self, org, id).await?;
        let Some(mut sealed) = self.hook_key_find_sealed(org, id).await? else { return Ok(Ok(None)) };
        let before = mem::replace(&mut sealed.key.name, name.clone());
        sealed.key.last_updated = now;
        let row = HookKeyRow::from(&sealed.key);
        let seal = self.seals().of(&row);
        let query = query("UPDATE hook_key SET name = $1, last_updated = $2, seal = $3 WHERE id = $4")
            .bind(row.name)
            .bind(row.last_updated)
            .bind(seal)
            .bind(row.id);
        Ok(self.attempt(query).await?.map(|()| Some((before, sealed))))
    }

    async fn hook_key_replace(&mut self, key: &HookKey, sealed_pkcs8: Option<&Sealed>) -> Result<bool, StoreError> {
        let row = HookKeyRow::from(key);
        let seal = self.seals().of(&row);
        let update = query(
            "UPDATE hook_key
             SET key_id = $1, last_updated = $2, modulus = $3, exponent = $4, origin = $5, born_by = $6,
                 born_with = $7, signs_from = $8, rotate_every = $9, seal = $10, sealed_pkcs8 = coalesce($11, sealed_pkcs8)
             WHERE id = $12",
        )
        .bind(row.key_id)
        .bind(row.last_updated)
        .bind(row.modulus)
        .bind(row.exponent)
        .bind(row.origin)
        .bind(row.born_by)
        .bind(row.born_with)
        .bind(row.signs_from)
        .bind(row.rotate_every)
        .bind(seal)
        .bind(sealed_pkcs8.map(Sealed::as_bytes))
        .bind(row.id);
        let is_there = self.execute(update).await? > 0;
        if !is_there && self.hook_key_find(&key.org_id, &key.id).await?.is_some() {
            return Err(StoreError::Unwritten);
        }
        if is_there && sealed_pkcs8.is_some() {
            self.erases();
        }
        Ok(is_there)
    }

    async fn hook_key_delete(&mut self, org: &OrgId, id: &HookKeyId) -> Result<KeyDeletion, StoreError> {
        // A new use of the key, also one that another program makes, shares this lock by its foreign key: it came before, or waits and
        // finds no key.
        hold(self, org, id).await?;
        let users = self.key_reference_list(org, id).await?;
        if !users.is_empty() {
            self.end();
            return Ok(KeyDeletion::InUse(users));
        }
        if let Some(row) = hook_without_use(self, org, id).await? {
            return Err(StoreError::Missing { table: ReferenceRow::TABLE, row });
        }
        let query = query("DELETE FROM hook_key WHERE org_id = $1 AND id = $2").bind(org.as_str()).bind(id.as_str());
        if self.execute(query).await? == 0 {
            return match self.hook_key_find(org, id).await? {
                Some(_) => Err(StoreError::Unwritten),
                None => Ok(KeyDeletion::Missing),
            };
        }
        self.erases();
        Ok(KeyDeletion::Deleted)
    }
}

/// Nobody else changes the key until the transaction is over.
async fn hold(tx: &mut PostgresTx, org: &OrgId, id: &HookKeyId) -> Result<(), StoreError> {
    let lock = query("SELECT FROM hook_key WHERE org_id = $1 AND id = $2 FOR UPDATE");
    tx.execute(lock.bind(org.as_str()).bind(id.as_str())).await.map(drop)
}

/// A hook that names a key although the use that the vault writes with it is gone. The foreign key would refuse, and not say why.
async fn hook_without_use(tx: &mut PostgresTx, org: &OrgId, key: &HookKeyId) -> Result<Option<String>, StoreError> {
    query_scalar("SELECT id FROM inline_hook WHERE org_id = $1 AND hook_key_id = $2 ORDER BY id LIMIT 1")
        .bind(org.as_str())
        .bind(key.as_str())
        .fetch_optional(tx.connection()?)
        .await
        .map_err(store_error)
}
