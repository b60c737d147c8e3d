//! API tokens in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as};
use super::transaction::PostgresTx;
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
impl ApiTokenRead for PostgresTx {
    async fn api_token_list(&mut self) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<ApiTokenRow> =
            query_as("SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token ORDER BY seq")
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
        let rows: Vec<PlacedApiTokenRow> = query_as(
            "SELECT seq, id, org_id, user_id, name, hash, scopes, created, expires, revoked
             FROM api_token WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(after.map_or(i64::MIN, |Seq(seq)| seq))
        .bind(i64::from(limit))
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        let placed = |row: PlacedApiTokenRow| (Seq(row.seq), StoredApiToken::try_from(row));
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }

    async fn api_token_find(&mut self, id: &ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<ApiTokenRow> = query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        row.map(ApiToken::try_from).transpose()
    }

    async fn api_token_list_by_name(&mut self, name: &Name, limit: u32) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<ApiTokenRow> = query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked
             FROM api_token WHERE name = $1 AND revoked IS NULL ORDER BY seq LIMIT $2",
        )
        .bind(name.as_str())
        .bind(i64::from(limit))
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    async fn api_token_find_by_hash(&mut self, hash: &TokenHash) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<ApiTokenRow> = query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token WHERE hash = $1",
        )
        .bind(hash.0.as_slice())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        row.map(ApiToken::try_from).transpose()
    }
}

#[async_trait]
impl ApiTokenWrite for PostgresTx {
    async fn api_token_insert(&mut self, token: &ApiToken, hash: &TokenHash) -> Refusable<()> {
        let query = query(
            "INSERT INTO api_token (id, org_id, user_id, name, hash, scopes, created, expires, revoked)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
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
        let query = query("UPDATE api_token SET scopes = $1 WHERE id = $2").bind(scopes.to_string()).bind(id.as_str());
        Ok(self.execute(query).await? > 0)
    }

    async fn api_token_revoke(&mut self, id: &ApiTokenId, now: Timestamp) -> Result<bool, StoreError> {
        let query = query("UPDATE api_token SET revoked = $1 WHERE id = $2 AND revoked IS NULL")
            .bind(now.unix())
            .bind(id.as_str());
        Ok(self.execute(query).await? > 0)
    }
}
