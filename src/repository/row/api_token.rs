//! API tokens as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ApiTokenId, OrgId, PrefixedId as _, UserId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::repository::error::StoreError;
use std::borrow::Cow;

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
    pub hash: Vec<u8>,
    pub seal: Option<Vec<u8>>,
}

impl Named for ApiTokenRow {
    const TABLE: &'static str = "api_token";
    const NAME: &'static [&'static str] = &["id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}

impl UnderSeal for ApiTokenRow {
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.id)
            .text(&self.org_id)
            .text(&self.user_id)
            .text(&self.name)
            .bytes(&self.hash)
            .text(&self.scopes)
            .number(self.created)
            .maybe(self.expires, Content::number)
            .maybe(self.revoked, Content::number)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

/// As it is written, without its seal.
impl ApiTokenRow {
    pub fn new(token: &ApiToken, hash: &TokenHash) -> Self {
        Self {
            id: token.id.as_str().to_owned(),
            org_id: token.org_id.as_str().to_owned(),
            user_id: token.user_id.as_str().to_owned(),
            name: token.name.as_str().to_owned(),
            scopes: token.scopes.to_string(),
            created: token.created.unix(),
            expires: token.expires.map(Timestamp::unix),
            revoked: token.revoked.map(Timestamp::unix),
            hash: hash.0.to_vec(),
            seal: None,
        }
    }
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

impl TryFrom<ApiTokenRow> for StoredApiToken {
    type Error = StoreError;

    fn try_from(found: ApiTokenRow) -> Result<Self, StoreError> {
        let hash = Row { table: "api_token", id: &found.id }.hash("hash", &found.hash)?;
        Ok(Self { token: ApiToken::try_from(found)?, hash: TokenHash(hash) })
    }
}
