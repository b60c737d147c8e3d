//! The keys that sign access tokens in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::hook_key::PublicKey;
use crate::domain::id::{KeyId, OrgId, PrefixedId as _};
use crate::domain::sealed::Sealed;
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use crate::repository::error::{Conflict, StoreError};
use crate::repository::page::Page;
use crate::repository::signing_key::{SigningKeyCursor, SigningKeyRead, SigningKeyWrite};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct SigningKeyRow {
    org_id: String,
    generation: i64,
    key_id: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    created: i64,
    signs_from: i64,
}

impl TryFrom<SigningKeyRow> for SigningKey {
    type Error = StoreError;

    fn try_from(found: SigningKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "signing_key", id: &found.key_id };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            generation: row.count("generation", found.generation)?,
            key_id: row.value("key_id", KeyId::parse(&found.key_id))?,
            public_key: PublicKey { modulus: found.modulus, exponent: found.exponent },
            created: row.time("created", found.created)?,
            signs_from: row.time("signs_from", found.signs_from)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct SealedSigningKeyRow {
    #[sqlx(flatten)]
    key: SigningKeyRow,
    sealed_pkcs8: Vec<u8>,
}

impl TryFrom<SealedSigningKeyRow> for SealedSigningKey {
    type Error = StoreError;

    fn try_from(found: SealedSigningKeyRow) -> Result<Self, StoreError> {
        Ok(Self { key: SigningKey::try_from(found.key)?, sealed_pkcs8: Sealed::from_bytes(found.sealed_pkcs8) })
    }
}

#[async_trait]
impl SigningKeyRead for SqliteTx {
    async fn signing_key_list(&mut self, org: &OrgId) -> Result<Vec<SigningKey>, StoreError> {
        let rows: Vec<SigningKeyRow> = sqlx::query_as(
            "SELECT org_id, generation, key_id, modulus, exponent, created, signs_from
             FROM signing_key WHERE org_id = ? ORDER BY generation",
        )
        .bind(org.as_str())
        .fetch_all(&mut *self.0)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(SigningKey::try_from).collect()
    }

    async fn signing_key_find_sealed(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedSigningKey>, StoreError> {
        let row: Option<SealedSigningKeyRow> = sqlx::query_as(
            "SELECT org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from
             FROM signing_key WHERE org_id = ? AND key_id = ?",
        )
        .bind(org.as_str())
        .bind(key_id.to_string())
        .fetch_optional(&mut *self.0)
        .await
        .map_err(store_error)?;
        row.map(SealedSigningKey::try_from).transpose()
    }

    async fn signing_key_page_sealed(
        &mut self,
        after: Option<SigningKeyCursor>,
        limit: u32,
    ) -> Result<Page<Result<SealedSigningKey, StoreError>, SigningKeyCursor>, StoreError> {
        let (org, generation) = after.unwrap_or_default();
        let rows: Vec<SealedSigningKeyRow> = sqlx::query_as(
            "SELECT org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from
             FROM signing_key WHERE (org_id, generation) > (?, ?) ORDER BY org_id, generation LIMIT ?",
        )
        .bind(org)
        .bind(generation)
        .bind(limit)
        .fetch_all(&mut *self.0)
        .await
        .map_err(store_error)?;
        let placed =
            |row: SealedSigningKeyRow| ((row.key.org_id.clone(), row.key.generation), SealedSigningKey::try_from(row));
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }
}

#[async_trait]
impl SigningKeyWrite for SqliteTx {
    async fn signing_key_insert(&mut self, key: &SigningKey, sealed_pkcs8: &Sealed) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO signing_key (org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.org_id.as_str())
        .bind(key.generation)
        .bind(key.key_id.to_string())
        .bind(key.public_key.modulus.as_slice())
        .bind(key.public_key.exponent.as_slice())
        .bind(sealed_pkcs8.as_bytes())
        .bind(key.created.unix())
        .bind(key.signs_from.unix())
        .execute(&mut *self.0)
        .await
        .map_err(|error| {
            conflict_or(error, &[("signing_key.org_id, signing_key.generation", Conflict::SigningKeyGeneration)])
        })?;
        Ok(())
    }

    async fn signing_key_delete(&mut self, org: &OrgId, key_id: &KeyId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM signing_key WHERE org_id = ? AND key_id = ?")
            .bind(org.as_str())
            .bind(key_id.to_string())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }
}
