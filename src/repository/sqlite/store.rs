//! The connections to the file.

use super::eraser::{Eraser, PATIENCE as ERASURE_PATIENCE};
use super::error::store_error;
use super::group::{KnownVersions, Share, Writers};
use super::pool::{PATIENCE, pool};
use super::transaction::{Connection, SqliteTx};
use super::version::Versions;
use super::watch::Watch;
use super::{file, integrity, left, look, migrate};
use crate::domain::actor::Actor;
use crate::domain::id::OrgId;
use crate::repository::erasure::Erasure;
use crate::repository::error::{OpenError, StoreError};
use crate::repository::mode::Mode;
use crate::repository::row::seal::Seals;
use crate::repository::store::{Emptying, Finding, Migration, ReadTx, Serial, Store, WriteTx};
use crate::repository::version::Version;
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long the eraser waits for others in one go. Nobody else can write meanwhile.
const ERASER_PATIENCE: Duration = Duration::from_millis(50);

/// How long a stop waits for connections that are still in use.
const CLOSING_PATIENCE: Duration = Duration::from_secs(3);

/// Between two tries to open.
const PAUSE: Duration = Duration::from_millis(20);

const READERS: u32 = 4;

pub struct SqliteStore {
    writers: Writers,
    readers: SqlitePool,
    eraser: Eraser,
    /// For a connection that looks at the whole file, and keeps no reader from others; `None` where there is one connection for all.
    examiner: Option<SqliteConnectOptions>,
    /// Held while it does.
    examining: Mutex<()>,
    /// Where something may be written.
    watch: Option<Arc<Watch>>,
    /// Where something may be written.
    versions: KnownVersions,
    seals: Seals,
}

impl SqliteStore {
    /// # Errors
    /// [`OpenError`] where the file cannot be made, opened, or is no database.
    pub async fn open(path: &Path, mode: Mode, seals: Seals) -> Result<(Self, bool), OpenError> {
        if mode != Mode::Fill {
            left::refuse_beside(path)?;
        }
        let is_new = match mode {
            Mode::Create | Mode::Fill => file::prepare(path, true)?,
            Mode::Existing => file::prepare(path, false)?,
            Mode::ReadOnly => {
                file::examine(path)?;
                let options = look::options(path)?;
                let store = Self::to(path, options.clone(), options, seals);
                store.readers.acquire().await.map_err(store_error)?;
                return Ok((store, false));
            }
        };
        let reader = SqliteConnectOptions::new().read_only(true);
        let writer = SqliteConnectOptions::new().journal_mode(SqliteJournalMode::Wal);
        let mut store = Self::to(path, writer, reader, seals);
        // The writer first: it turns the file to WAL, which a read-only connection cannot. SQLite does not wait with
        // that while another connection does the same: it says busy at once, whatever the busy time-out.
        let until = Instant::now() + PATIENCE;
        loop {
            match store.writers.pool().acquire().await.map_err(store_error) {
                Ok(_) => break,
                Err(StoreError::Busy(_)) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    store.close().await;
                    // An empty file would keep its room, and hide that there is none. Another process that holds it has a use for it.
                    if is_new && !matches!(error, StoreError::Busy(_)) {
                        file::remove(path);
                    }
                    return Err(error.into());
                }
            }
        }
        if let Some(options) = &store.examiner {
            store.watch = Some(Arc::new(Watch::over(path, options).await?));
            // Without it everything is read each time.
            if let Ok(versions) = Versions::of(&file::beside(path, file::WAL_INDEX)) {
                let _ = store.versions.set(versions);
            }
        }
        Ok((store, is_new))
    }

    /// An empty store that nobody else sees: SQLite keeps it in a file that has no name any more, and gives its room back with the one
    /// connection to it. It has no WAL, and nothing of it is synced.
    pub fn scratch(seals: Seals) -> Self {
        // Another connection would have another file, so this one stays.
        let pool = pool().max_lifetime(None).idle_timeout(None);
        let writers = Writers::new(pool, options(Path::new(""), SqliteConnectOptions::new()), Arc::default(), PATIENCE);
        let only = writers.pool();
        Self {
            eraser: Eraser::new(only.clone()),
            readers: only.clone(),
            writers,
            examiner: None,
            examining: Mutex::default(),
            watch: None,
            versions: Arc::default(),
            seals,
        }
    }

    fn to(path: &Path, writer: SqliteConnectOptions, reader: SqliteConnectOptions, seals: Seals) -> Self {
        let writer = options(path, writer);
        let reader = options(path, reader);
        let versions = KnownVersions::default();
        let eraser = pool().max_connections(1).connect_lazy_with(writer.clone().busy_timeout(ERASER_PATIENCE));
        Self {
            eraser: Eraser::new(eraser),
            writers: Writers::new(pool(), writer, versions.clone(), PATIENCE),
            readers: pool().max_connections(READERS).connect_lazy_with(reader.clone()),
            examiner: Some(reader),
            examining: Mutex::default(),
            watch: None,
            versions,
            seals,
        }
    }
}

/// What all connections have in common.
fn options(path: &Path, options: SqliteConnectOptions) -> SqliteConnectOptions {
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
}

impl SqliteStore {
    fn over(&self, connection: Connection, actor: Actor) -> SqliteTx {
        SqliteTx::new(connection, actor, self.seals.clone(), self.eraser.clone(), self.watch.clone())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrations_pending(&self) -> Result<Vec<Migration>, OpenError> {
        migrate::pending(&self.readers).await
    }

    async fn migrate(&self) -> Result<Vec<Migration>, OpenError> {
        migrate::run(&self.readers, self.writers.pool()).await
    }

    async fn read(&self) -> Result<Box<dyn ReadTx>, StoreError> {
        let begun = self.readers.begin().await.map_err(store_error);
        let transaction = match begun {
            Ok(transaction) => transaction,
            Err(error) => {
                // A new connection to a file that is gone fails for that reason, which says more.
                self.check_in_place()?;
                return Err(error);
            }
        };
        Ok(Box::new(self.over(Connection::Reader(transaction), Actor::Vault)))
    }

    async fn version(&self) -> Result<Option<Version>, StoreError> {
        Ok(self.versions.get().and_then(Versions::look))
    }

    fn version_of(&self, org: &OrgId, seen: Version) -> Version {
        self.versions.get().map_or(seen, |versions| versions.of_org(org, seen))
    }

    fn lost_writes(&self) -> u64 {
        self.writers.lost()
    }

    async fn settled(&self, lost: u64) -> Result<(), StoreError> {
        self.writers.settled(lost).await
    }

    async fn write(&self, actor: &Actor, serial: Serial<'_>) -> Result<Box<dyn WriteTx>, StoreError> {
        self.check_in_place()?;
        // All writes are serial. One of the whole vault may take long, and changes the master key.
        let share = if serial == Serial::Vault { Share::Alone } else { Share::Group };
        let turn = self.writers.turn(share).await?;
        let is_followed = turn.has_joined();
        let mut tx = self.over(Connection::Writer(turn), actor.clone());
        if !is_followed {
            tx.follow_master_key().await?;
        }
        Ok(Box::new(tx))
    }

    /// A damaged file gives way to a new one, whose tables are whole.
    async fn write_emptied(&self, actor: &Actor, _: Emptying) -> Result<(Box<dyn WriteTx>, Vec<String>), StoreError> {
        self.check_in_place()?;
        let turn = self.writers.turn(Share::Alone).await?;
        let mut tx = self.over(Connection::Writer(turn), actor.clone());
        tx.clear().await?;
        // A file is not emptied but replaced, so there is no trigger of another hand.
        Ok((Box::new(tx), Vec::new()))
    }

    async fn erase(&self) -> Result<Erasure, StoreError> {
        self.eraser.erase(ERASURE_PATIENCE).await
    }

    fn check_in_place(&self) -> Result<(), StoreError> {
        self.watch.as_deref().map_or(Ok(()), Watch::check)
    }

    async fn examine(&self) -> Result<Vec<Finding>, StoreError> {
        let _examining = self.examining.lock().await;
        let Some(examiner) = &self.examiner else {
            return integrity::examine(&mut *self.readers.acquire().await.map_err(store_error)?).await;
        };
        let mut connection = examiner.connect().await.map_err(store_error)?;
        let found = integrity::examine(&mut connection).await;
        connection.close().await.map_err(store_error)?;
        found
    }

    async fn close(&self) {
        if let Some(watch) = &self.watch {
            watch.close().await;
        }
        // The writer last, so that it is the connection that removes the WAL.
        let mut all_closed = true;
        if tokio::time::timeout(CLOSING_PATIENCE, self.examining.lock()).await.is_err() {
            all_closed = false;
            tracing::debug!("the database is still being looked at");
        }
        for pool in [&self.readers, self.eraser.pool(), self.writers.pool()] {
            // sqlx gives a connection back on the runtime that used it. Where that one has ended first, the connection
            // never comes back; all that was answered is on disk all the same.
            if tokio::time::timeout(CLOSING_PATIENCE, pool.close()).await.is_err() {
                all_closed = false;
                tracing::debug!("a database connection was not given back");
            }
        }
        if let Some(versions) = self.versions.get().filter(|_| all_closed) {
            versions.close();
        }
    }
}
