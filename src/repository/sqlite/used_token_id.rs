//! Ids of assertions and proofs that were used, in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use crate::domain::clock::Timestamp;
use crate::repository::error::{Conflict, StoreError};
use crate::repository::used_token_id::UsedTokenIdWrite;
use async_trait::async_trait;

#[async_trait]
impl UsedTokenIdWrite for SqliteTx {
    async fn used_token_id_insert(&mut self, hash: &[u8; 32], expires: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO used_token_id (hash, expires) VALUES (?, ?)")
            .bind(hash.as_slice())
            .bind(expires.unix())
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &[("used_token_id.hash", Conflict::UsedTokenId)]))?;
        Ok(())
    }

    async fn used_token_id_delete(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM used_token_id WHERE hash = ?")
            .bind(hash.as_slice())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn used_token_id_clean(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM used_token_id WHERE expires <= ?")
            .bind(now.unix())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected())
    }
}
