//! Ids of assertions and proofs that were used, in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as};
use super::transaction::PostgresTx;
use crate::domain::clock::Timestamp;
use crate::repository::error::StoreError;
use crate::repository::page::Page;
use crate::repository::row::found::Placed;
use crate::repository::row::used_token_id::UsedTokenIdRow;
use crate::repository::used_token_id::{UsedTokenId, UsedTokenIdCursor, UsedTokenIdRead, UsedTokenIdWrite};
use async_trait::async_trait;

#[async_trait]
impl UsedTokenIdRead for PostgresTx {
    async fn used_token_id_page(
        &mut self,
        from: Option<UsedTokenIdCursor>,
        limit: u32,
    ) -> Result<Page<Result<UsedTokenId, StoreError>, UsedTokenIdCursor>, StoreError> {
        let rows: Vec<Placed<UsedTokenIdCursor, UsedTokenIdRow>> =
            query_as("SELECT hash, expires FROM used_token_id WHERE hash >= $1 ORDER BY hash LIMIT $2")
                .bind(from.unwrap_or_default().0)
                .bind(i64::from(limit) + 1)
                .fetch_all(self.connection()?)
                .await
                .map_err(store_error)?;
        let placed = |row: Placed<UsedTokenIdCursor, UsedTokenIdRow>| (row.place, row.row.parsed());
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }
}

#[async_trait]
impl UsedTokenIdWrite for PostgresTx {
    async fn used_token_id_insert(&mut self, hash: &[u8; 32], expires: Timestamp) -> Result<bool, StoreError> {
        let query = query("INSERT INTO used_token_id (hash, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(hash.as_slice())
            .bind(expires.unix());
        Ok(self.execute(query).await? > 0)
    }

    async fn used_token_id_delete(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        let query = query("DELETE FROM used_token_id WHERE hash = $1").bind(hash.as_slice());
        self.execute(query).await.map(drop)
    }

    async fn used_token_id_clean(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let query = query("DELETE FROM used_token_id WHERE expires <= $1").bind(now.unix());
        self.execute(query).await
    }
}
