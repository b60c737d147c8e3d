//! The keys that sign access tokens in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as, query_scalar};
use super::transaction::PostgresTx;
use crate::domain::clock::Timestamp;
use crate::domain::id::{KeyId, OrgId, PrefixedId as _};
use crate::domain::sealed::Sealed;
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use crate::repository::error::{Refusable, StoreError};
use crate::repository::page::Page;
use crate::repository::row::Row;
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::signing_key::{SealedSigningKeyRow, SigningKeyRow};
use crate::repository::signing_key::{SigningKeyCursor, SigningKeyRead, SigningKeyWrite};
use async_trait::async_trait;

#[async_trait]
impl SigningKeyRead for PostgresTx {
    async fn signing_key_list(&mut self, org: &OrgId) -> Result<Vec<SigningKey>, StoreError> {
        let rows: Vec<Found<SigningKeyRow>> = query_as(
            "SELECT org_id, generation, key_id, modulus, exponent, created, signs_from, seal
             FROM signing_key WHERE org_id = $1 ORDER BY generation",
        )
        .bind(org.as_str())
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn signing_key_page_orgs(
        &mut self,
        since: Timestamp,
        from: Option<String>,
        limit: u32,
    ) -> Result<Page<Result<OrgId, StoreError>, String>, StoreError> {
        let found: Vec<String> = query_scalar(
            "SELECT org_id FROM signing_key WHERE org_id >= $1 GROUP BY org_id
             HAVING count(*) > 1 OR min(signs_from) <= $2 ORDER BY org_id LIMIT $3",
        )
        .bind(from.unwrap_or_default())
        .bind(since.unix())
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        let placed = |id: String| {
            let org = Row { table: "signing_key", id: &id }.value("org_id", OrgId::parse(&id));
            (id, org)
        };
        Ok(Page::new(found.into_iter().map(placed).collect(), limit))
    }

    async fn signing_key_find_sealed(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedSigningKey>, StoreError> {
        let row: Option<Found<SealedSigningKeyRow>> = query_as(
            "SELECT org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from, seal
             FROM signing_key WHERE org_id = $1 AND key_id = $2",
        )
        .bind(org.as_str())
        .bind(key_id.to_string())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn signing_key_page_sealed(
        &mut self,
        from: Option<SigningKeyCursor>,
        limit: u32,
    ) -> Result<Page<Result<SealedSigningKey, StoreError>, SigningKeyCursor>, StoreError> {
        let (org, generation) = from.unwrap_or((Vec::new(), i64::MIN));
        let rows: Vec<Placed<SigningKeyCursor, SealedSigningKeyRow>> = query_as(
            "SELECT convert_to(org_id, 'UTF8'), generation,
                    org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from, seal
             FROM signing_key WHERE (org_id, generation) >= (convert_from($1, 'UTF8'), $2)
             ORDER BY org_id, generation LIMIT $3",
        )
        .bind(org)
        .bind(generation)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }
}

#[async_trait]
impl SigningKeyWrite for PostgresTx {
    async fn signing_key_insert(&mut self, key: &SigningKey, sealed_pkcs8: &Sealed) -> Refusable<()> {
        let row = SigningKeyRow::from(key);
        let seal = self.seals().of(&row);
        let query = query(
            "INSERT INTO signing_key
                 (org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from, seal)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(row.org_id)
        .bind(row.generation)
        .bind(row.key_id)
        .bind(row.modulus)
        .bind(row.exponent)
        .bind(sealed_pkcs8.as_bytes())
        .bind(row.created)
        .bind(row.signs_from)
        .bind(seal);
        self.attempt(query).await
    }

    async fn signing_key_delete(&mut self, org: &OrgId, key_id: &KeyId) -> Result<bool, StoreError> {
        let query = query("DELETE FROM signing_key WHERE org_id = $1 AND key_id = $2")
            .bind(org.as_str())
            .bind(key_id.to_string());
        let deleted = self.execute(query).await? > 0;
        if deleted {
            self.erases();
        } else if self.signing_key_list(org).await?.iter().any(|key| key.key_id == *key_id) {
            // Another server may have been first, but then it is gone.
            return Err(StoreError::Unwritten);
        }
        Ok(deleted)
    }
}
