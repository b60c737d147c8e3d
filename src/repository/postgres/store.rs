//! The connections to the server.

use super::error::{is_connection_lost, store_error};
use super::hosts::{Hosts, open_error};
use super::query::{query, query_scalar};
use super::transaction::PostgresTx;
use super::version::Versions;
use super::{eraser, integrity, migrate};
use crate::domain::actor::Actor;
use crate::repository::erasure::Erasure;
use crate::repository::error::{NOTHING_THERE, OpenError, StoreError};
use crate::repository::mode::Mode;
use crate::repository::row::seal::Seals;
use crate::repository::store::{Emptying, Finding, Migration, ReadTx, Serial, Store, WriteTx};
use crate::repository::url::PostgresUrl;
use crate::repository::version::Version;
use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// How long a request waits for a connection before the store is busy or cannot be reached.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a transaction may take to begin before other hosts are asked.
const DOUBT: Duration = Duration::from_millis(250);

/// Between two tries to begin.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a stop waits for connections that are still in use.
const CLOSING_PATIENCE: Duration = Duration::from_secs(3);

/// The server's own bounds, for this transaction alone: of a statement, of a wait for a lock, and of a vault that says nothing.
macro_rules! bounded {
    ($begin:literal) => {
        concat!(
            $begin,
            "; SET LOCAL statement_timeout = '15s'; SET LOCAL lock_timeout = '10s'; ",
            "SET LOCAL idle_in_transaction_session_timeout = '30s'"
        )
    };
}

/// A standby refuses it: what it has may be old.
const READ: &str = bounded!("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE");
/// For a look alone, at a standby as well.
const LOOK: &str = bounded!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
/// Every write shares a lock that one who writes alone has for itself. It comes before all others, so that nobody waits in a circle, as
/// with locks of tables. `hookall` in ASCII.
const WRITE: &str = concat!(
    bounded!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
    "; SELECT pg_advisory_xact_lock_shared(x'00686f6f6b616c6c'::bigint)"
);
const WRITE_ALONE: &str = bounded!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'00686f6f6b616c6c'::bigint)";

pub struct PostgresStore {
    hosts: Hosts,
    /// Of the host that takes writes, as far as is known.
    pool: RwLock<PgPool>,
    connections: u32,
    is_for_looking: bool,
    versions: Arc<Versions>,
    seals: Seals,
    /// The runtime in which the store was opened.
    home: Handle,
}

impl PostgresStore {
    /// Returns also whether the database was empty.
    ///
    /// # Errors
    /// [`OpenError`] where the server cannot be reached, or has no vault and none is to be made.
    pub async fn open(url: &PostgresUrl, mode: Mode, seals: Seals) -> Result<(Self, bool), OpenError> {
        let hosts = Hosts::new(url)?;
        let options = if hosts.is_one() { None } else { hosts.primary().await };
        let options = options.unwrap_or_else(|| hosts.first().clone());
        if let Some(error) = hosts.trouble().await.filter(|_| hosts.is_one()) {
            return Err(open_error(error));
        }
        let connections = url.connections();
        let pool = RwLock::new(pool(options, connections));
        let is_for_looking = mode == Mode::ReadOnly;
        let versions = Arc::default();
        let store = Self { hosts, pool, connections, is_for_looking, versions, seals, home: Handle::current() };
        let mut tx = store.begin(LOOK).await?;
        let encoding: String = query_scalar("SHOW server_encoding").fetch_one(&mut *tx).await.map_err(store_error)?;
        if encoding != "UTF8" {
            return Err(OpenError::new(
                format!("the database holds its texts as {encoding}"),
                "make one of UTF-8: createdb -E UTF8 -T template0 NAME",
            ));
        }
        let is_new = !migrate::is_begun(&mut tx).await?;
        if is_new && !matches!(mode, Mode::Create | Mode::Fill) {
            return Err(OpenError::new("there is no vault in the database", NOTHING_THERE).as_nothing_there());
        }
        drop(tx);
        Ok((store, is_new))
    }

    fn pool(&self) -> PgPool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins a transaction. Nothing was asked for before, so a connection that turns out to be gone is replaced by another one.
    async fn begin(&self, statement: &'static str) -> Result<Transaction<'static, Postgres>, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let pool = self.pool();
            let error = match tokio::time::timeout(self.doubt(), self.begin_on(&pool, statement)).await {
                Ok(Ok(begun)) => return Ok(begun),
                Ok(Err(error)) if is_connection_lost(&error) => error,
                Ok(Err(error @ sqlx::Error::PoolTimedOut)) => error,
                Ok(Err(error)) => return Err(store_error(error)),
                Err(_) => sqlx::Error::PoolTimedOut,
            };
            if pool.is_closed() && self.pool().is_closed() {
                return Err(StoreError::Closed);
            }
            if !self.hosts.is_one() {
                self.look_for_primary().await;
            }
            if Instant::now() >= until {
                return Err(self.reason(error).await);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// On a task of its own in the runtime of the store. A socket belongs to the runtime in which it was made, and that of a worker ends
    /// before the last request is answered. And where nobody waits any more, a transaction that has begun is rolled back in order; given
    /// up half-way, it would wait for whoever gets the connection next.
    async fn begin_on(
        &self,
        pool: &PgPool,
        statement: &'static str,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let pool = pool.clone();
        self.home.spawn(async move { pool.begin_with(statement).await }).await.map_err(|_| sqlx::Error::PoolClosed)?
    }

    fn doubt(&self) -> Duration {
        if self.hosts.is_one() { PATIENCE } else { DOUBT }
    }

    /// Goes over to the host that takes writes, if it is another one.
    async fn look_for_primary(&self) {
        let Some(primary) = self.hosts.primary().await else { return };
        let known = self.pool();
        let current = known.connect_options();
        let place = |options: &PgConnectOptions| {
            (options.get_socket().cloned(), options.get_host().to_owned(), options.get_port())
        };
        if place(&current) == place(&primary) {
            return;
        }
        tracing::warn!(host = primary.get_host(), port = primary.get_port(), "another host takes the writes now");
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = pool(primary, self.connections);
        tokio::spawn(async move { known.close().await });
    }

    /// Says whether no connection was free, or none could be made.
    async fn reason(&self, error: sqlx::Error) -> StoreError {
        match error {
            sqlx::Error::PoolTimedOut => match self.hosts.trouble().await {
                Some(trouble) => store_error(trouble),
                None => StoreError::Busy("all connections to the database are in use".into()),
            },
            error => store_error(error),
        }
    }
}

fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // A connection that is gone is noticed when a transaction begins.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

#[async_trait]
impl Store for PostgresStore {
    async fn migrations_pending(&self) -> Result<Vec<Migration>, OpenError> {
        let mut tx = self.begin(LOOK).await?;
        migrate::pending(&mut tx).await
    }

    async fn migrate(&self) -> Result<Vec<Migration>, OpenError> {
        // Most starts need no lock.
        if self.migrations_pending().await?.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.pool().begin().await.map_err(store_error)?;
        let applied = migrate::run(&mut tx).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(applied)
    }

    async fn read(&self) -> Result<Box<dyn ReadTx>, StoreError> {
        let transaction = self.begin(if self.is_for_looking { LOOK } else { READ }).await?;
        Ok(Box::new(PostgresTx::new(transaction, Actor::Vault, self.seals.clone())))
    }

    async fn version(&self) -> Result<Option<Version>, StoreError> {
        if self.is_for_looking {
            return Ok(None);
        }
        // As with a transaction: in the runtime of the store.
        let (versions, pool) = (self.versions.clone(), self.pool());
        let looked = self.home.spawn(async move { versions.look(&pool).await });
        Ok(tokio::time::timeout(DOUBT, looked).await.ok().and_then(Result::ok).flatten())
    }

    async fn write(&self, actor: &Actor, serial: Serial<'_>) -> Result<Box<dyn WriteTx>, StoreError> {
        let begin = match serial {
            _ if self.is_for_looking => LOOK,
            Serial::No | Serial::Org(_) => WRITE,
            Serial::Vault => WRITE_ALONE,
        };
        let mut tx = PostgresTx::new(self.begin(begin).await?, actor.clone(), self.seals.clone());
        match serial {
            Serial::No => {}
            Serial::Org(org) => tx.lock_org(org).await?,
            Serial::Vault => tx.execute(query(LOCK)).await.map(drop)?,
        }
        // Who rotates it writes alone: what is read here holds until the end.
        tx.follow_master_key().await?;
        Ok(Box::new(tx))
    }

    async fn write_emptied(
        &self,
        actor: &Actor,
        emptying: Emptying,
    ) -> Result<(Box<dyn WriteTx>, Vec<String>), StoreError> {
        let mut tx = PostgresTx::new(self.begin(WRITE_ALONE).await?, actor.clone(), self.seals.clone());
        tx.execute(query(LOCK)).await?;
        let planted = tx.clear(emptying).await?;
        Ok((Box::new(tx), planted))
    }

    async fn erase(&self) -> Result<Erasure, StoreError> {
        eraser::erase(&self.pool()).await
    }

    fn check_in_place(&self) -> Result<(), StoreError> {
        // Nothing can be exchanged beneath a server that is asked anew each time.
        Ok(())
    }

    async fn examine(&self) -> Result<Vec<Finding>, StoreError> {
        let mut tx = self.begin(LOOK).await?;
        integrity::examine(&mut tx).await
    }

    async fn close(&self) {
        if tokio::time::timeout(CLOSING_PATIENCE, self.pool().close()).await.is_err() {
            tracing::debug!("a database connection was not given back");
        }
    }
}
