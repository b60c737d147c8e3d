//! API tokens in SQLite.

use super::error::store_error;
use super::transaction::SqliteTx;
use crate::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ApiTokenId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::repository::api_token::{ApiTokenRead, ApiTokenWrite};
use crate::repository::error::{Refusable, StoreError};
use crate::repository::page::{Page, Seq};
use crate::repository::row::api_token::ApiTokenRow;
use crate::repository::row::found::{Found, Placed};
use async_trait::async_trait;

#[async_trait]
impl ApiTokenRead for SqliteTx {
    async fn api_token_list(&mut self) -> Result<Vec<Result<ApiToken, StoreError>>, StoreError> {
        let rows: Vec<Found<ApiTokenRow>> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal FROM api_token ORDER BY seq",
        )
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        Ok(self.seals_for(&rows).await?.read_each(rows))
    }

    async fn api_token_list_unrevoked(&mut self, org: &OrgId) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<Found<ApiTokenRow>> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal
             FROM api_token WHERE org_id = ? AND revoked IS NULL ORDER BY seq",
        )
        .bind(org.as_str())
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn api_token_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<StoredApiToken, StoreError>, Seq>, StoreError> {
        let rows: Vec<Placed<Seq, ApiTokenRow>> = sqlx::query_as(
            "SELECT seq, id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal
             FROM api_token WHERE seq >= ? ORDER BY seq LIMIT ?",
        )
        .bind(from.unwrap_or(Seq::LEAST).0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }

    async fn api_token_find(&mut self, id: &ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<Found<ApiTokenRow>> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal FROM api_token WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn api_token_list_by_name(&mut self, name: &Name, limit: u32) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<Found<ApiTokenRow>> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal
             FROM api_token WHERE name = ? AND revoked IS NULL ORDER BY seq LIMIT ?",
        )
        .bind(name.as_str())
        .bind(limit)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn api_token_find_by_hash(&mut self, hash: &TokenHash) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<Found<ApiTokenRow>> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal FROM api_token WHERE hash = ?",
        )
        .bind(hash.0.as_slice())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }
}

#[async_trait]
impl ApiTokenWrite for SqliteTx {
    async fn api_token_insert(&mut self, token: &ApiToken, hash: &TokenHash) -> Refusable<()> {
        let row = ApiTokenRow::new(token, hash);
        let seal = self.seals().of(&row);
        let query = sqlx::query(
            "INSERT INTO api_token (id, org_id, user_id, name, hash, scopes, created, expires, revoked, seal)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id)
        .bind(row.org_id)
        .bind(row.user_id)
        .bind(row.name)
        .bind(row.hash)
        .bind(row.scopes)
        .bind(row.created)
        .bind(row.expires)
        .bind(row.revoked)
        .bind(seal);
        self.attempt(query).await
    }

    async fn api_token_rescope(&mut self, id: &ApiTokenId, scopes: &Scopes) -> Result<bool, StoreError> {
        let Some(row) = held(self, id).await? else { return Ok(false) };
        write(self, ApiTokenRow { scopes: scopes.to_string(), ..row }).await
    }

    async fn api_token_revoke(&mut self, id: &ApiTokenId, now: Timestamp) -> Result<bool, StoreError> {
        match held(self, id).await? {
            Some(row) if row.revoked.is_none() => write(self, ApiTokenRow { revoked: Some(now.unix()), ..row }).await,
            Some(_) | None => Ok(false),
        }
    }

    async fn api_token_remove(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("DELETE FROM api_token WHERE id = ? RETURNING org_id")
            .bind(id)
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)
    }
}

/// The row of a token, which nobody else changes until the transaction is over.
async fn held(tx: &mut SqliteTx, id: &ApiTokenId) -> Result<Option<ApiTokenRow>, StoreError> {
    let row: Option<Found<ApiTokenRow>> = sqlx::query_as(
        "SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal
         FROM api_token WHERE id = ?",
    )
    .bind(id.as_str())
    .fetch_optional(tx.connection()?)
    .await
    .map_err(store_error)?;
    tx.seals_for(&row).await?.checked(row)
}

/// Writes what may change of a token.
async fn write(tx: &mut SqliteTx, row: ApiTokenRow) -> Result<bool, StoreError> {
    let seal = tx.seals().of(&row);
    let query = sqlx::query("UPDATE api_token SET scopes = ?, revoked = ?, seal = ? WHERE id = ?")
        .bind(row.scopes)
        .bind(row.revoked)
        .bind(seal)
        .bind(row.id);
    tx.write(query).await.map(|()| true)
}
