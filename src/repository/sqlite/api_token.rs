//! API tokens in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::api_token::{ApiToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ApiTokenId, OrgId, PrefixedId as _, UserId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::repository::api_token::{ApiTokenRead, ApiTokenWrite};
use crate::repository::error::{Conflict, StoreError};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct ApiTokenRow {
    id: String,
    org_id: String,
    user_id: String,
    name: String,
    scopes: String,
    created: i64,
    expires: Option<i64>,
    revoked: Option<i64>,
}

impl TryFrom<ApiTokenRow> for ApiToken {
    type Error = StoreError;

    fn try_from(found: ApiTokenRow) -> Result<Self, StoreError> {
        let row = Row { table: "api_token", id: &found.id };
        Ok(Self {
            id: row.value("id", ApiTokenId::parse(&found.id))?,
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            user_id: row.value("user_id", UserId::parse(&found.user_id))?,
            name: row.value("name", Name::known(&found.name))?,
            scopes: row.value("scopes", Scopes::parse(&found.scopes))?,
            created: row.time("created", found.created)?,
            expires: found.expires.map(|seconds| row.time("expires", seconds)).transpose()?,
            revoked: found.revoked.map(|seconds| row.time("revoked", seconds)).transpose()?,
        })
    }
}

/// A token that is inserted twice has its name twice as well.
const CONSTRAINTS: [(&str, Conflict); 2] =
    [("api_token.org_id, api_token.name", Conflict::ApiTokenName), ("api_token.hash", Conflict::ApiTokenName)];

#[async_trait]
impl ApiTokenRead for SqliteTx {
    async fn api_token_list(&mut self) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<ApiTokenRow> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token ORDER BY seq",
        )
        .fetch_all(&mut *self.0)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    async fn api_token_find_by_hash(&mut self, hash: &TokenHash) -> Result<Option<ApiToken>, StoreError> {
        let row: Option<ApiTokenRow> = sqlx::query_as(
            "SELECT id, org_id, user_id, name, scopes, created, expires, revoked FROM api_token WHERE hash = ?",
        )
        .bind(hash.0.as_slice())
        .fetch_optional(&mut *self.0)
        .await
        .map_err(store_error)?;
        row.map(ApiToken::try_from).transpose()
    }
}

#[async_trait]
impl ApiTokenWrite for SqliteTx {
    async fn api_token_insert(&mut self, token: &ApiToken, hash: &TokenHash) -> Result<(), StoreError> {
        sqlx::query(
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
        .bind(token.revoked.map(Timestamp::unix))
        .execute(&mut *self.0)
        .await
        .map_err(|error| conflict_or(error, &CONSTRAINTS))?;
        Ok(())
    }

    async fn api_token_rescope(&mut self, id: &ApiTokenId, scopes: &Scopes) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE api_token SET scopes = ? WHERE id = ?")
            .bind(scopes.to_string())
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }

    async fn api_token_revoke(&mut self, id: &ApiTokenId, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE api_token SET revoked = ? WHERE id = ? AND revoked IS NULL")
            .bind(now.unix())
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }
}
