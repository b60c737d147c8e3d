//! One transaction, of either kind. Which of its methods can be called is decided by the view it is handed out as.

use super::constraint;
use super::eraser;
use super::error::store_error;
use super::query::query;
use crate::domain::actor::Actor;
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::repository::erasure::Erasure;
use crate::repository::error::{Conflict, Refusable, StoreError};
use crate::repository::row::seal::Seals;
use crate::repository::store::{ReadTx, WriteTx};
use crate::repository::version::Concern;
use async_trait::async_trait;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Transaction};
use std::time::Duration;

/// How long a commit may go without an answer. PostgreSQL's own bound of a statement must be longer: where a synchronous standby does not
/// confirm a commit, PostgreSQL gives up waiting at that bound and says that it is done, although one machine alone has it.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);

const UNCONFIRMED: &str = "PostgreSQL has not confirmed a commit for 10 s, and whether it will count is not known; perhaps its synchronous standby is gone";

pub struct PostgresTx {
    transaction: Transaction<'static, Postgres>,
    actor: Actor,
    seals: Seals,
    /// A rule has refused a write.
    is_over: bool,
    /// Something sealed was deleted or replaced.
    erases: bool,
}

impl PostgresTx {
    pub fn new(transaction: Transaction<'static, Postgres>, actor: Actor, seals: Seals) -> Self {
        Self { transaction, actor, seals, is_over: false, erases: false }
    }

    /// # Errors
    /// [`StoreError::Over`].
    pub fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.is_over { Err(StoreError::Over) } else { Ok(&mut *self.transaction) }
    }

    /// Others that lock the same org wait until this transaction is over; rows that refer to the org may still come.
    pub async fn lock_org(&mut self, org: &OrgId) -> Result<(), StoreError> {
        let lock = query("SELECT FROM org WHERE id = $1 FOR NO KEY UPDATE").bind(org.as_str());
        self.execute(lock).await.map(drop)
    }

    pub fn seals(&self) -> &Seals {
        &self.seals
    }

    /// Runs a statement that no rule refuses. Returns how many rows it concerned.
    pub async fn execute(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<u64, StoreError> {
        let done = query.execute(self.connection()?).await.map_err(store_error)?;
        Ok(done.rows_affected())
    }

    /// Runs a statement that writes rows that are there, or new ones, and that no rule refuses.
    ///
    /// # Errors
    /// [`StoreError::Unwritten`] where it has written none.
    pub async fn write(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<(), StoreError> {
        StoreError::unless_written(self.execute(query).await?)
    }

    /// As [`Self::write`], where a constraint may refuse.
    pub async fn attempt(&mut self, query: Query<'_, Postgres, PgArguments>) -> Refusable<()> {
        match query.execute(self.connection()?).await {
            Ok(done) => StoreError::unless_written(done.rows_affected()).map(Ok),
            Err(error) => match constraint::broken(&error) {
                Some(conflict) => self.refuse(conflict),
                None => Err(store_error(error)),
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

impl ReadTx for PostgresTx {}

#[async_trait]
impl WriteTx for PostgresTx {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn narrow(&mut self, _: Concern) {
        // Of another server's commit nothing more would be known anyway than that there was one.
    }

    async fn commit(mut self: Box<Self>, now: Timestamp) -> Result<Erasure, StoreError> {
        let erases = self.erases;
        let connection = self.connection()?;
        if erases {
            eraser::record(connection, now).await?;
        }
        // Where no answer comes, nobody knows; the caller is told so, and the connection ends.
        match tokio::time::timeout(COMMIT_PATIENCE, self.transaction.commit()).await {
            Ok(done) => done.map_err(store_error)?,
            Err(_) => return Err(StoreError::Unavailable(UNCONFIRMED.into())),
        }
        // What was deleted is out of every new view now; VACUUM has to wait for the old ones, and is no work for a request.
        Ok(if erases { Erasure::Scheduled } else { Erasure::Nothing })
    }
}
