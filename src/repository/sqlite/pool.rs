//! What all pools of connections have in common.

use sqlx::Connection as _;
use sqlx::sqlite::SqlitePoolOptions;
use std::time::Duration;

/// How long a connection waits for another process, and a request for a connection, before the store is busy.
pub const PATIENCE: Duration = Duration::from_secs(15);

pub fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false).before_acquire(|connection, _| {
        Box::pin(async move {
            // SQLite ends a transaction by itself when the disk is full or broken; sqlx then still counts it as open, and no
            // other can begin. Such a connection is replaced. The ping waits until a rollback that is under way has been
            // counted.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}
