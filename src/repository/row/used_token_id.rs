//! Used ids as rows.

use super::Row;
use crate::repository::error::StoreError;
use crate::repository::used_token_id::UsedTokenId;

#[derive(sqlx::FromRow)]
pub struct UsedTokenIdRow {
    pub hash: Vec<u8>,
    pub expires: i64,
}

impl TryFrom<UsedTokenIdRow> for UsedTokenId {
    type Error = StoreError;

    fn try_from(found: UsedTokenIdRow) -> Result<Self, StoreError> {
        // The hash tells nothing of the token, and is too long for an error.
        let row = Row { table: "used_token_id", id: "a hash" };
        Ok(Self { hash: row.hash("hash", &found.hash)?, expires: row.time("expires", found.expires)? })
    }
}
