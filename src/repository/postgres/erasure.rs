//! What was deleted and may still be on the disk, as PostgreSQL records it. [`super::eraser`] takes it off.

use super::error::store_error;
use super::query::query_as;
use super::transaction::PostgresTx;
use crate::repository::erasure::{ErasureRead, PendingErasures};
use crate::repository::error::StoreError;
use crate::repository::row::Row;
use async_trait::async_trait;

#[async_trait]
impl ErasureRead for PostgresTx {
    async fn erasure_pending(&mut self) -> Result<Option<PendingErasures>, StoreError> {
        let oldest: Option<(i64, i64, i64)> =
            query_as("SELECT count(*) OVER (), since, seq FROM pending_erasure ORDER BY since LIMIT 1")
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        let Some((count, since, seq)) = oldest else { return Ok(None) };
        let row = Row { table: "pending_erasure", id: &seq.to_string() };
        Ok(Some(PendingErasures { count: row.count("seq", count)?, since: row.time("since", since)? }))
    }
}
