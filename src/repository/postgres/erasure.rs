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
        let (count, since): (i64, Option<i64>) = query_as("SELECT count(*), min(since) FROM pending_erasure")
            .fetch_one(self.connection()?)
            .await
            .map_err(store_error)?;
        let row = Row { table: "pending_erasure", id: "" };
        let Some(since) = since else { return Ok(None) };
        Ok(Some(PendingErasures { count: row.count("seq", count)?, since: row.time("since", since)? }))
    }
}
