//! The store in one SQLite file: the only place with SQL.
//!
//! 1. One connection writes, a few others read, one erases.
//! 2. WAL and synchronous FULL: a commit that returned is on disk, and readers never wait for the writer.
//! 3. Write transactions begin IMMEDIATE, so that they queue instead of failing half-way with `SQLITE_BUSY_SNAPSHOT`.
//! 4. `secure_delete` overwrites what is deleted; truncating the WAL removes the older copies (`erase_deleted`).

mod api_token;
mod error;
pub mod file;
mod hook_key;
mod inline_hook;
mod integrity;
mod key_reference;
pub mod look;
mod master_key;
pub mod migrate;
mod org;
mod row;
mod service_app;
mod signing_key;
mod used_token_id;
mod watch;

use super::error::StoreError;
use super::{ReadTx, Store, WriteTx};
use async_trait::async_trait;
pub use error::store_error;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, Transaction};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use watch::Watch;

/// How long a connection waits for another process, and a request for a connection, before the store is busy.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long an erasure goes on trying while others read an older state, or erase themselves.
const ERASURE_PATIENCE: Duration = Duration::from_secs(5);

/// How long one try waits. Nobody else can write meanwhile.
const ERASURE_TRY: Duration = Duration::from_millis(250);

/// How long a stop waits for connections that are still in use.
const CLOSING_PATIENCE: Duration = Duration::from_secs(3);

/// Between two tries others may write.
const PAUSE: Duration = Duration::from_millis(20);

const READERS: u32 = 4;

/// A store over a file that exists.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    /// By itself, for its own patience.
    eraser: SqlitePool,
    /// For a connection that looks at the whole file, and keeps no reader from others.
    examiner: SqliteConnectOptions,
    /// Where something may be written.
    watch: Option<Arc<Watch>>,
}

impl SqliteStore {
    /// Opens the file; see [`file::prepare`] for making it.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be opened or is no database.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let reader = SqliteConnectOptions::new().read_only(true);
        let mut store = Self::over(path, SqliteConnectOptions::new().journal_mode(SqliteJournalMode::Wal), reader);
        // The writer first: it turns the file to WAL, which a read-only connection cannot. SQLite does not wait with
        // that while another connection does the same: it says busy at once, whatever the busy time-out.
        let until = Instant::now() + PATIENCE;
        loop {
            match store.writer.acquire().await.map_err(store_error) {
                Ok(_) => break,
                Err(StoreError::Busy(_)) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
        store.watch = Some(Arc::new(Watch::over(path, &store.examiner).await?));
        Ok(store)
    }

    /// As [`Self::open`], for looking alone: nothing of the file is changed, and every write fails.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be opened or is no database.
    pub async fn open_read_only(path: &Path, options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let store = Self::over(path, options.clone(), options);
        store.readers.acquire().await.map_err(store_error)?;
        Ok(store)
    }

    fn over(path: &Path, writer: SqliteConnectOptions, reader: SqliteConnectOptions) -> Self {
        let common = |options: SqliteConnectOptions| {
            options
                .filename(path)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                .synchronous(SqliteSynchronous::Full)
                // Overwrites deleted content with zeros.
                .pragma("secure_delete", "ON")
                // Nothing of the database goes to a folder for temporary files.
                .pragma("temp_store", "MEMORY")
                // A damaged schema must not run what it likes.
                .pragma("trusted_schema", "OFF")
                // A damaged page is noticed when it is read.
                .pragma("cell_size_check", "ON")
        };
        let pool = || {
            SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false).before_acquire(
                |connection, _| {
                    Box::pin(async move {
                        // SQLite ends a transaction by itself when the disk is full or broken; sqlx then still counts it
                        // as open, and no other can begin. Such a connection is replaced. The ping waits until a rollback
                        // that is under way has been counted.
                        connection.ping().await?;
                        Ok(!connection.is_in_transaction())
                    })
                },
            )
        };
        let writer = common(writer);
        let reader = common(reader);
        Self {
            eraser: pool().max_connections(1).connect_lazy_with(writer.clone().busy_timeout(ERASURE_TRY)),
            writer: pool().max_connections(1).connect_lazy_with(writer),
            readers: pool().max_connections(READERS).connect_lazy_with(reader.clone()),
            examiner: reader,
            watch: None,
        }
    }
}

/// One transaction, of either kind. Which of its methods can be called is decided by the view it is handed out as.
struct SqliteTx(Transaction<'static, Sqlite>, Option<Arc<Watch>>);

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn ReadTx>, StoreError> {
        Ok(Box::new(SqliteTx(self.readers.begin().await.map_err(store_error)?, self.watch.clone())))
    }

    async fn write(&self) -> Result<Box<dyn WriteTx>, StoreError> {
        self.check_in_place()?;
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        Ok(Box::new(SqliteTx(transaction, self.watch.clone())))
    }

    fn check_in_place(&self) -> Result<(), StoreError> {
        self.watch.as_deref().map_or(Ok(()), Watch::check)
    }

    async fn examine(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.examiner.connect().await.map_err(store_error)?;
        let found = integrity::examine(&mut connection).await;
        connection.close().await.map_err(store_error)?;
        found
    }

    async fn erase_deleted(&self) -> Result<(), StoreError> {
        let until = Instant::now() + ERASURE_PATIENCE;
        loop {
            // Busy is an answer here, not an error: at once where another connection does the same, after the
            // connection's patience where somebody reads an older state.
            let (busy, _, _): (i64, i64, i64) =
                sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.eraser).await.map_err(store_error)?;
            if busy == 0 {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(StoreError::Busy("an older state of the database is still being read".into()));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn close(&self) {
        // The writer last, so that it is the connection that removes the WAL.
        if let Some(watch) = &self.watch {
            watch.close().await;
        }
        for pool in [&self.readers, &self.eraser, &self.writer] {
            // sqlx gives a connection back on the runtime that used it. Where that one has ended first, the connection
            // never comes back; all that was answered is on disk all the same.
            if tokio::time::timeout(CLOSING_PATIENCE, pool.close()).await.is_err() {
                tracing::debug!("a database connection was not given back");
            }
        }
    }
}

impl ReadTx for SqliteTx {}

#[async_trait]
impl WriteTx for SqliteTx {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self(transaction, watch) = *self;
        watch.as_deref().map_or(Ok(()), Watch::check)?;
        transaction.commit().await.map_err(store_error)
    }
}
