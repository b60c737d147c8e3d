//! One transaction, of either kind. Which of its methods can be called is decided by the view it is handed out as.

use super::constraint;
use super::eraser::{Eraser, PATIENCE};
use super::error::store_error;
use super::group::Turn;
use super::known_trails::KnownTrails;
use super::numbers;
use super::watch::Watch;
use crate::domain::actor::Actor;
use crate::domain::clock::Timestamp;
use crate::repository::erasure::Erasure;
use crate::repository::error::{Conflict, Refusable, StoreError};
use crate::repository::row::seal::Seals;
use crate::repository::store::{ReadTx, WriteTx};
use crate::repository::version::Concern;
use async_trait::async_trait;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection, Transaction};
use std::sync::Arc;

/// Where the statements go.
pub enum Connection {
    Reader(Transaction<'static, Sqlite>),
    Writer(Turn),
}

pub struct SqliteTx {
    connection: Connection,
    actor: Actor,
    seals: Seals,
    eraser: Eraser,
    watch: Option<Arc<Watch>>,
    /// A rule has refused a write. SQLite would go on; other engines would not, so none does.
    is_over: bool,
    /// Something sealed was deleted or replaced.
    erases: bool,
    concern: Concern,
}

impl SqliteTx {
    pub fn new(connection: Connection, actor: Actor, seals: Seals, eraser: Eraser, watch: Option<Arc<Watch>>) -> Self {
        Self { connection, actor, seals, eraser, watch, is_over: false, erases: false, concern: Concern::Everything }
    }

    /// # Errors
    /// [`StoreError::Over`].
    pub fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if self.is_over {
            return Err(StoreError::Over);
        }
        match &mut self.connection {
            Connection::Reader(transaction) => Ok(&mut *transaction),
            Connection::Writer(turn) => turn.connection().ok_or(StoreError::Over),
        }
    }

    /// What is known of trails in this transaction, if it writes.
    pub fn trails(&mut self) -> Option<&mut KnownTrails> {
        match &mut self.connection {
            Connection::Reader(_) => None,
            Connection::Writer(turn) => turn.trails(),
        }
    }

    pub fn seals(&self) -> &Seals {
        &self.seals
    }

    /// Runs a statement that no rule refuses. Returns how many rows it concerned.
    pub async fn execute(&mut self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<u64, StoreError> {
        match query.execute(self.connection()?).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(error) => Err(self.told(error).await),
        }
    }

    /// What a failed statement means. Where SQLite says that there is no room, it may mean that no row has a number any more.
    async fn told(&mut self, error: sqlx::Error) -> StoreError {
        let error = store_error(error);
        if let StoreError::Full(_) = error
            && let Ok(connection) = self.connection()
            && let Ok(Some(table)) = numbers::used_up(connection).await.map(|tables| tables.into_iter().next())
        {
            return StoreError::Exhausted { table };
        }
        error
    }

    /// Runs a statement that writes rows that are there, or new ones, and that no rule refuses.
    ///
    /// # Errors
    /// [`StoreError::Unwritten`] where it has written none.
    pub async fn write(&mut self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<(), StoreError> {
        StoreError::unless_written(self.execute(query).await?)
    }

    /// As [`Self::write`], where a constraint may refuse.
    pub async fn attempt(&mut self, query: Query<'_, Sqlite, SqliteArguments>) -> Refusable<()> {
        match query.execute(self.connection()?).await {
            Ok(done) => StoreError::unless_written(done.rows_affected()).map(Ok),
            Err(error) => match constraint::broken(&error) {
                Some(conflict) => self.refuse(conflict),
                None => Err(self.told(error).await),
            },
        }
    }

    /// Refuses what was asked, and everything after it.
    pub fn refuse<T>(&mut self, conflict: Conflict) -> Refusable<T> {
        self.end();
        Ok(Err(conflict))
    }

    /// From now on it can only be dropped.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// Tells that something sealed was deleted or replaced.
    pub fn erases(&mut self) {
        self.erases = true;
    }
}

impl ReadTx for SqliteTx {}

#[async_trait]
impl WriteTx for SqliteTx {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn narrow(&mut self, concern: Concern) {
        self.concern = concern;
    }

    async fn commit(mut self: Box<Self>, now: Timestamp) -> Result<Erasure, StoreError> {
        let erases = self.erases;
        let connection = self.connection()?;
        if erases {
            Eraser::record(connection, now).await?;
        }
        let Self { connection, eraser, watch, concern, .. } = *self;
        let Connection::Writer(turn) = connection else { return Err(StoreError::Over) };
        watch.as_deref().map_or(Ok(()), Watch::check)?;
        turn.commit(concern).await?;
        if !erases {
            return Ok(Erasure::Nothing);
        }
        // It is committed, whatever becomes of this.
        Ok(eraser.erase(PATIENCE).await.unwrap_or(Erasure::Pending))
    }
}
