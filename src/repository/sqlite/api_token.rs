//! API tokens in SQLite.

use super::error::store_error;
use super::transaction::SqliteTx;
use crate::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ApiTokenId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::repository::api_token::{ApiTokenRead, ApiTokenWrite};
use crate::repository::error::{Refusable, StoreError};
use crate::repository::page::{Page, Seq};
use crate::repository::row::api_token::{ApiTokenRow, PlacedApiTokenRow};
use async_trait::async_trait;

#[async_trait]
impl ApiTokenRead for SqliteTx {
    async fn api_token_list(&mut self) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<ApiTokenRow> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token ORDER BY seq",
        )
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    async fn api_token_page(
        &mut self,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<StoredApiToken, StoreError>, Seq>, StoreError> {
        let rows: Vec<PlacedApiTokenRow> = sqlx::query_as(
            "SELECT seq, id, org_id, user_id, name, hash, scopes, created, expires, revoked
             FROM api_token WHERE seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(after.map_or(i64::MIN, |Seq(seq)| seq))
        .bind(limit)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        let placed = |row: PlacedApiTokenRow| (Seq(row.seq), StoredApiToken::try_from(row));
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }

    async fn api_token_find(&mut self, id: &ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<ApiTokenRow> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        row.map(ApiToken::try_from).transpose()
    }

    async fn api_token_list_by_name(&mut self, name: &Name, limit: u32) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<ApiTokenRow> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked
             FROM api_token WHERE name = ? AND revoked IS NULL ORDER BY seq LIMIT ?",
        )
        .bind(name.as_str())
        .bind(limit)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    async fn api_token_find_by_hash(&mut self, hash: &TokenHash) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<ApiTokenRow> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token WHERE hash = ?",
        )
        .bind(hash.0.as_slice())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        row.map(ApiToken::try_from).transpose()
    }
}

#[async_trait]
impl ApiTokenWrite for SqliteTx {
    async fn api_token_insert(&mut self, token: &ApiToken, hash: &TokenHash) -> Refusable<()> {
        let query = sqlx::query(
            "INSERT INTO api_token (id, org_id, user_id, name, hash, scopes, created, expires, revoked)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(token.id.as_str())
        .bind(token.org_id.as_str())
        .bind(token.user_id.as_str())
        .bind(token.name.as_str())
        .bind(hash.0.as_slice())
        .bind(token.scopes.to_string())
        .bind(token.created.unix())
        .bind(token.expires.map(Timestamp::unix))
        .bind(token.revoked.map(Timestamp::unix));
        Ok(self.attempt(query).await?.map(drop))
    }

    async fn api_token_rescope(&mut self, id: &ApiTokenId, scopes: &Scopes) -> Result<bool, StoreError> {
        let query =
            sqlx::query("UPDATE api_token SET scopes = ? WHERE id = ?").bind(scopes.to_string()).bind(id.as_str());
        Ok(self.execute(query).await? > 0)
    }

    async fn api_token_revoke(&mut self, id: &ApiTokenId, now: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query("UPDATE api_token SET revoked = ? WHERE id = ? AND revoked IS NULL")
            .bind(now.unix())
            .bind(id.as_str());
        Ok(self.execute(query).await? > 0)
    }
}
