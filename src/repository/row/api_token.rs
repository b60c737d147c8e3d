//! API tokens as rows.

use super::Row;
use crate::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use crate::domain::id::{ApiTokenId, OrgId, PrefixedId as _, UserId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::repository::error::StoreError;

#[derive(sqlx::FromRow)]
pub struct ApiTokenRow {
    pub id: String,
    pub org_id: String,
    pub user_id: String,
    pub name: String,
    pub scopes: String,
    pub created: i64,
    pub expires: Option<i64>,
    pub revoked: Option<i64>,
}

/// With its hash, and its place in the order of creation.
#[derive(sqlx::FromRow)]
pub struct PlacedApiTokenRow {
    pub seq: i64,
    #[sqlx(flatten)]
    pub token: ApiTokenRow,
    pub hash: Vec<u8>,
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

impl TryFrom<PlacedApiTokenRow> for StoredApiToken {
    type Error = StoreError;

    fn try_from(found: PlacedApiTokenRow) -> Result<Self, StoreError> {
        let hash = Row { table: "api_token", id: &found.token.id }.hash("hash", &found.hash)?;
        Ok(Self { token: ApiToken::try_from(found.token)?, hash: TokenHash(hash) })
    }
}
