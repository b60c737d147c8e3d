//! Hook keys in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, MAX_KEYS_PER_ORG, PublicKey, SealedHookKey};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use crate::repository::error::{Conflict, StoreError};
use crate::repository::hook_key::{HookKeyRead, HookKeyWrite};
use crate::repository::page::{Page, Seq};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct HookKeyRow {
    id: String,
    org_id: String,
    key_id: String,
    name: String,
    created: i64,
    last_updated: i64,
    is_used: bool,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl TryFrom<HookKeyRow> for HookKey {
    type Error = StoreError;

    fn try_from(found: HookKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "hook_key", id: &found.id };
        Ok(Self {
            id: row.value("id", HookKeyId::parse(&found.id))?,
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            key_id: row.value("key_id", KeyId::parse(&found.key_id))?,
            name: row.value("name", Name::known(&found.name))?,
            created: row.time("created", found.created)?,
            last_updated: row.time("last_updated", found.last_updated)?,
            is_used: found.is_used,
            public_key: PublicKey { modulus: found.modulus, exponent: found.exponent },
        })
    }
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    seq: i64,
    #[sqlx(flatten)]
    key: HookKeyRow,
    sealed_pkcs8: Vec<u8>,
}

impl TryFrom<SealedRow> for SealedHookKey {
    type Error = StoreError;

    fn try_from(found: SealedRow) -> Result<Self, StoreError> {
        Ok(Self { key: HookKey::try_from(found.key)?, sealed_pkcs8: Sealed::from_bytes(found.sealed_pkcs8) })
    }
}

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

const NAME_TAKEN: (&str, Conflict) = ("hook_key.org_id, hook_key.name", Conflict::HookKeyName);

/// No free slot leaves NULL; two writers never pick the same one, and if they did the slot's uniqueness would tell.
const CAP_REACHED: [(&str, Conflict); 2] =
    [("hook_key.slot", Conflict::HookKeyCap), ("hook_key.org_id, hook_key.slot", Conflict::HookKeyCap)];

const IN_USE: (&str, Conflict) = ("FOREIGN KEY constraint failed", Conflict::HookKeyUsed);

#[async_trait]
impl HookKeyRead for SqliteTx {
    async fn hook_key_list(&mut self, org: &OrgId) -> Result<Vec<HookKey>, StoreError> {
        let rows: Vec<HookKeyRow> = sqlx::query_as(select_hook_key!("WHERE org_id = ? ORDER BY seq"))
            .bind(org.as_str())
            .fetch_all(&mut *self.0)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(HookKey::try_from).collect()
    }

    async fn hook_key_find(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<HookKey>, StoreError> {
        let row: Option<HookKeyRow> = sqlx::query_as(select_hook_key!("WHERE org_id = ? AND id = ?"))
            .bind(org.as_str())
            .bind(id.as_str())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(HookKey::try_from).transpose()
    }

    async fn hook_key_count(&mut self, org: &OrgId) -> Result<u32, StoreError> {
        sqlx::query_scalar("SELECT count(*) FROM hook_key WHERE org_id = ?")
            .bind(org.as_str())
            .fetch_one(&mut *self.0)
            .await
            .map_err(store_error)
    }

    async fn hook_key_find_by_name(&mut self, org: &OrgId, name: &Name) -> Result<Option<HookKey>, StoreError> {
        let row: Option<HookKeyRow> = sqlx::query_as(select_hook_key!("WHERE org_id = ? AND name = ?"))
            .bind(org.as_str())
            .bind(name.as_str())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(HookKey::try_from).transpose()
    }

    async fn hook_key_find_sealed(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<SealedHookKey>, StoreError> {
        let row: Option<SealedRow> = sqlx::query_as(select_sealed!("WHERE org_id = ? AND id = ?"))
            .bind(org.as_str())
            .bind(id.as_str())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(SealedHookKey::try_from).transpose()
    }

    async fn hook_key_find_sealed_by_key_id(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedHookKey>, StoreError> {
        let row: Option<SealedRow> = sqlx::query_as(select_sealed!("WHERE org_id = ? AND key_id = ?"))
            .bind(org.as_str())
            .bind(key_id.to_string())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(SealedHookKey::try_from).transpose()
    }

    async fn hook_key_list_sealed(&mut self, org: &OrgId) -> Result<Vec<SealedHookKey>, StoreError> {
        let rows: Vec<SealedRow> = sqlx::query_as(select_sealed!("WHERE org_id = ? ORDER BY seq"))
            .bind(org.as_str())
            .fetch_all(&mut *self.0)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(SealedHookKey::try_from).collect()
    }

    async fn hook_key_page_sealed(
        &mut self,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<SealedHookKey, StoreError>, Seq>, StoreError> {
        let rows: Vec<SealedRow> = sqlx::query_as(select_sealed!("WHERE seq > ? ORDER BY seq LIMIT ?"))
            .bind(after.map_or(i64::MIN, |Seq(seq)| seq))
            .bind(limit)
            .fetch_all(&mut *self.0)
            .await
            .map_err(store_error)?;
        let placed = |row: SealedRow| (Seq(row.seq), SealedHookKey::try_from(row));
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }
}

#[async_trait]
impl HookKeyWrite for SqliteTx {
    async fn hook_key_insert(&mut self, key: &HookKey, sealed_pkcs8: &Sealed) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO hook_key
                 (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
             WITH RECURSIVE slots (slot) AS (VALUES (1) UNION ALL SELECT slot + 1 FROM slots WHERE slot < ?10)
             SELECT ?1, ?2,
                    (SELECT min(slot) FROM slots WHERE slot NOT IN (SELECT slot FROM hook_key WHERE org_id = ?2)),
                    ?3, ?4, ?5, ?6, ?7, ?8, ?9",
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
        .bind(MAX_KEYS_PER_ORG)
        .execute(&mut *self.0)
        .await
        .map_err(|error| conflict_or(error, &[NAME_TAKEN, CAP_REACHED[0], CAP_REACHED[1]]))?;
        Ok(())
    }

    async fn hook_key_rename(
        &mut self,
        org: &OrgId,
        id: &HookKeyId,
        name: &Name,
        now: Timestamp,
    ) -> Result<Option<HookKey>, StoreError> {
        sqlx::query("UPDATE hook_key SET name = ?, last_updated = ? WHERE org_id = ? AND id = ?")
            .bind(name.as_str())
            .bind(now.unix())
            .bind(org.as_str())
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &[NAME_TAKEN]))?;
        self.hook_key_find(org, id).await
    }

    async fn hook_key_delete(&mut self, org: &OrgId, id: &HookKeyId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM hook_key WHERE org_id = ? AND id = ?")
            .bind(org.as_str())
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &[IN_USE]))?;
        Ok(done.rows_affected() > 0)
    }
}
