//! Used ids as rows.

use super::Row;
use super::found::Named;
use crate::repository::error::StoreError;
use crate::repository::used_token_id::UsedTokenId;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct UsedTokenIdRow {
    pub hash: Vec<u8>,
    pub expires: i64,
}

/// Without its hash, which tells nothing of the token, and is too long for an error.
impl Named for UsedTokenIdRow {
    const TABLE: &'static str = "used_token_id";
    const NAME: &'static [&'static str] = &["expires"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Owned(self.expires.to_string())
    }
}

impl TryFrom<UsedTokenIdRow> for UsedTokenId {
    type Error = StoreError;

    fn try_from(found: UsedTokenIdRow) -> Result<Self, StoreError> {
        let name = found.name().into_owned();
        let row = Row { table: "used_token_id", id: &name };
        Ok(Self { hash: row.hash("hash", &found.hash)?, expires: row.time("expires", found.expires)? })
    }
}
