//! Removes deleted rows from the tables: PostgreSQL keeps them until VACUUM, and overwrites nothing (SECURITY.md says what remains).
//!
//! 1. Each transaction that deletes something sealed records that beside it; the record has the transaction's own number.
//! 2. VACUUM removes rows that no view can see any more. How old the oldest view was is asked before.
//! 3. A record goes where its transaction is older than that.

use super::error::store_error;
use super::query::{query, query_scalar};
use crate::domain::clock::Timestamp;
use crate::repository::erasure::Erasure;
use crate::repository::error::StoreError;
use sqlx::{PgConnection, PgPool};

/// Those with sealed columns.
const VACUUM: [&str; 6] = [
    "VACUUM (INDEX_CLEANUP ON) hook_key",
    "VACUUM (INDEX_CLEANUP ON) hook_key_version",
    "VACUUM (INDEX_CLEANUP ON) inline_hook",
    "VACUUM (INDEX_CLEANUP ON) signing_key",
    "VACUUM (INDEX_CLEANUP ON) audit_key",
    "VACUUM (INDEX_CLEANUP ON) master_key_rotation",
];

/// Held by the one server that vacuums; the others leave it to that one. `hookvac` in ASCII.
const LOCK: i64 = 0x0068_6f6f_6b76_6163;

/// In numbers of transactions, how far back the oldest view of this database reaches: of a query here or on a standby, a replication
/// slot or a prepared transaction. Zero where nobody looks. Those of other databases hold nothing up.
const OLDEST_VIEW: &str = "
    SELECT coalesce(max(age), 0)::bigint FROM (
        SELECT age(backend_xmin) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
        UNION ALL SELECT age(xmin) FROM pg_replication_slots
        UNION ALL SELECT age(transaction) FROM pg_prepared_xacts WHERE database = current_database()
    ) AS views (age)";

/// Records, in the transaction of a deletion, that its rows are there.
pub async fn record(connection: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
    let insert = query("INSERT INTO pending_erasure (since) VALUES ($1)").bind(now.unix());
    insert.execute(connection).await.map(drop).map_err(store_error)
}

/// Erases everything that was recorded before.
pub async fn erase(pool: &PgPool) -> Result<Erasure, StoreError> {
    let mut recorder = pool.begin().await.map_err(store_error)?;
    let free: bool = query_scalar("SELECT pg_try_advisory_xact_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut *recorder)
        .await
        .map_err(store_error)?;
    if !free {
        return Ok(Erasure::Pending);
    }
    let oldest: i64 = query_scalar(OLDEST_VIEW).fetch_one(&mut *recorder).await.map_err(store_error)?;
    let due: Vec<i64> = query_scalar("SELECT seq FROM pending_erasure WHERE age(xmin) > $1")
        .bind(oldest)
        .fetch_all(&mut *recorder)
        .await
        .map_err(store_error)?;
    let recorded: i64 =
        query_scalar("SELECT count(*) FROM pending_erasure").fetch_one(&mut *recorder).await.map_err(store_error)?;
    if due.is_empty() {
        return Ok(if recorded == 0 { Erasure::Nothing } else { Erasure::Pending });
    }
    {
        // On a connection of its own: VACUUM runs in no transaction.
        let mut vacuumer = pool.acquire().await.map_err(store_error)?;
        for vacuum in VACUUM {
            sqlx::raw_sql(vacuum).execute(&mut *vacuumer).await.map_err(store_error)?;
        }
    }
    query("DELETE FROM pending_erasure WHERE seq = ANY ($1)")
        .bind(&due)
        .execute(&mut *recorder)
        .await
        .map_err(store_error)?;
    recorder.commit().await.map_err(store_error)?;
    Ok(if usize::try_from(recorded).is_ok_and(|recorded| recorded == due.len()) {
        Erasure::Removed
    } else {
        Erasure::Pending
    })
}
