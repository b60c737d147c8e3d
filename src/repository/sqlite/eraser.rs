//! Takes deleted bytes off the disk: `secure_delete` has overwritten them in the pages, and truncating the WAL removes the older
//! copies of those pages.
//!
//! 1. Each transaction that deletes something sealed records that beside it.
//! 2. A passive checkpoint first: it blocks nobody, and tells whether somebody still reads an older state.
//! 3. Only where nobody does, the WAL is truncated, which needs the writer's place for a moment; and what was recorded before goes.

use super::error::store_error;
use crate::domain::clock::Timestamp;
use crate::repository::erasure::Erasure;
use crate::repository::error::StoreError;
use sqlx::{SqliteConnection, SqlitePool};
use std::time::Duration;
use tokio::time::Instant;

/// How long one erasure goes on trying while others read an older state, or erase themselves.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// Between two tries others may write.
const PAUSE: Duration = Duration::from_millis(10);

/// A connection by itself: it has little patience.
#[derive(Clone)]
pub struct Eraser(SqlitePool);

impl Eraser {
    pub fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    pub fn pool(&self) -> &SqlitePool {
        &self.0
    }

    /// Records, in the transaction of a deletion, that its bytes are on the disk.
    pub async fn record(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
        let insert = sqlx::query("INSERT INTO pending_erasure (since) VALUES (?)").bind(now.unix());
        insert.execute(connection).await.map(drop).map_err(store_error)
    }

    /// Erases everything that was recorded before.
    pub async fn erase(&self, patience: Duration) -> Result<Erasure, StoreError> {
        let until = Instant::now() + patience;
        let mut connection = self.0.acquire().await.map_err(store_error)?;
        // What is committed now is in the WAL or the file when the checkpoint begins.
        let recorded: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM pending_erasure")
            .fetch_one(&mut *connection)
            .await
            .map_err(store_error)?;
        let Some(recorded) = recorded else { return Ok(Erasure::Nothing) };
        loop {
            if truncate(&mut connection).await? && forget(&mut connection, recorded).await? {
                return Ok(Erasure::Done);
            }
            if Instant::now() >= until {
                return Ok(Erasure::Pending);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Returns whether the WAL is empty now. That somebody is in the way is an answer here, not an error.
async fn truncate(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let (busy, pages, copied): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *connection).await.map_err(store_error)?;
    if busy != 0 || copied < pages {
        return Ok(false);
    }
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await.map_err(store_error)?;
    Ok(busy == 0)
}

/// Returns whether the record is gone; it stays for the next try where the writer's place is taken.
async fn forget(connection: &mut SqliteConnection, recorded: i64) -> Result<bool, StoreError> {
    let delete = sqlx::query("DELETE FROM pending_erasure WHERE seq <= ?").bind(recorded);
    match delete.execute(connection).await.map_err(store_error) {
        Ok(_) => Ok(true),
        Err(StoreError::Busy(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
