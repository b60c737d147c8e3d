//! The ceiling of writes: SQLite alone, over one connection, as durable as the vault and in the same file system.

use super::error::BenchError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;
use std::time::{Duration, Instant};

const SCHEMA: &str = "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL);
    INSERT INTO thing (name, content) VALUES ('first', zeroblob(2048))";

/// One commit.
const UPDATE: &str = "UPDATE thing SET name = hex(randomblob(8)) WHERE id = 1;";

const INSERT: &str = "INSERT INTO thing (name, content) VALUES ('another', randomblob(2048))";

/// How many updates go to the thread of the connection at once, so that the way there is not what is measured.
const BATCH: usize = 32;

pub struct RawStore(SqliteConnection);

impl RawStore {
    /// # Arguments
    /// `path`: of a file that is not there yet.
    ///
    /// # Errors
    /// [`BenchError::Raw`].
    pub async fn open(path: &Path) -> Result<Self, BenchError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await.map_err(raw)?;
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await.map_err(raw)?;
        Ok(Self(connection))
    }

    /// Durable updates of one row a second.
    ///
    /// # Errors
    /// [`BenchError::Raw`].
    pub async fn updates(&mut self, time: Duration) -> Result<f64, BenchError> {
        let (batch, mut done) = (UPDATE.repeat(BATCH), 0.0);
        let started = Instant::now();
        while started.elapsed() < time {
            sqlx::raw_sql(sqlx::AssertSqlSafe(batch.as_str())).execute(&mut self.0).await.map_err(raw)?;
            done += 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
        let batch = BATCH as f64;
        Ok(batch * done / started.elapsed().as_secs_f64())
    }

    /// How long a durable insert takes, in milliseconds.
    ///
    /// # Errors
    /// [`BenchError::Raw`].
    pub async fn insert(&mut self) -> Result<f64, BenchError> {
        let started = Instant::now();
        sqlx::query(INSERT).execute(&mut self.0).await.map_err(raw)?;
        Ok(started.elapsed().as_secs_f64() * 1000.0)
    }

    /// # Errors
    /// [`BenchError::Raw`].
    pub async fn close(self) -> Result<(), BenchError> {
        self.0.close().await.map_err(raw)
    }
}

fn raw(error: sqlx::Error) -> BenchError {
    BenchError::Raw(error.into())
}
