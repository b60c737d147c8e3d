//! Group commit: whoever comes to write while somebody else does goes on in the same transaction, which is committed once for all of them.
//! Each gets its answer after that commit, so that what was answered is on disk.
//!
//! 1. One at a time has the turn, in the order in which they came.
//! 2. The first one begins the transaction, and commits it by itself where nobody waits. Otherwise it queues for the turn once more, to commit
//!    what those have written who waited before it did.
//! 3. The others stand behind a savepoint each: who gives up is undone alone.
//! 4. SQLite ends a transaction by itself where the disk is full or broken. Then nobody's write was made, and all are told so.
//!
//! Who joins reads what others have written and not committed yet. Whoever is refused something because of that, and so commits nothing, waits with
//! the answer until that is committed ([`Writers::settled`]).

use super::error::store_error;
use super::known_trails::KnownTrails;
use super::version::Versions;
use crate::repository::error::StoreError;
use crate::repository::version::Concern;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, Transaction};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// How many may share a commit: so long does the first of them wait for its answer.
const MAX_MEMBERS: usize = 64;

/// Those of the file, once it is open, where anybody asks for them.
pub type KnownVersions = Arc<OnceLock<Versions>>;

type Outcome = Result<(), Arc<StoreError>>;

/// A transaction that more may join.
struct Group {
    transaction: Transaction<'static, Sqlite>,
    /// Those who have written, and wait for the commit.
    members: Vec<oneshot::Sender<Outcome>>,
    /// What they have changed.
    concern: Concern,
    /// How many have joined.
    joined: usize,
    /// The savepoint of one that has given up.
    undo: Option<usize>,
    trails: KnownTrails,
}

/// Hands out turns.
#[derive(Clone)]
pub struct Writers {
    pool: SqlitePool,
    group: Arc<Mutex<Option<Group>>>,
    waiting: Arc<AtomicUsize>,
    /// Whether a transaction was rolled back as a whole since the last one began.
    was_rolled_back: Arc<AtomicBool>,
    versions: KnownVersions,
    patience: Duration,
    /// Whether one has seen what others in the group have written, and has given up: it is about to answer.
    has_answers: Arc<AtomicBool>,
    /// How many groups were not committed.
    lost: Arc<AtomicU64>,
}

/// Whether others may go on in the transaction of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Group,
    Alone,
}

/// The only one that may write now. Dropping it undoes what was written.
pub struct Turn {
    place: Option<OwnedMutexGuard<Option<Group>>>,
    writers: Writers,
    /// The savepoint, of one that has joined.
    savepoint: Option<usize>,
    share: Share,
}

impl Writers {
    /// # Arguments
    /// `pool`, `connection`: options for the pool, and for the one connection in it. `patience`: how long a turn is waited for.
    pub fn new(
        pool: SqlitePoolOptions,
        connection: SqliteConnectOptions,
        versions: KnownVersions,
        patience: Duration,
    ) -> Self {
        let was_rolled_back = Arc::<AtomicBool>::default();
        let told = was_rolled_back.clone();
        let pool = pool.max_connections(1).after_connect(move |connection, _| {
            let told = told.clone();
            Box::pin(async move {
                let mut handle = connection.lock_handle().await?;
                handle.set_rollback_hook(move || told.store(true, Ordering::SeqCst));
                Ok(())
            })
        });
        let pool = pool.connect_lazy_with(connection);
        Self {
            pool,
            group: Arc::default(),
            waiting: Arc::default(),
            was_rolled_back,
            versions,
            patience,
            has_answers: Arc::default(),
            lost: Arc::default(),
        }
    }

    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::SeqCst)
    }

    /// Waits until what those have seen who have given up is committed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where something was not, of what there was since `lost` was asked.
    pub async fn settled(&self, lost: u64) -> Result<(), StoreError> {
        if self.has_answers.load(Ordering::SeqCst) {
            let mut place = self.group.clone().lock_owned().await;
            if self.has_answers.load(Ordering::SeqCst)
                && let Some(group) = place.take()
            {
                self.end(group).await?;
            }
        }
        if self.lost() == lost {
            return Ok(());
        }
        Err(StoreError::Unavailable("what others have written, and this has seen, was not committed".into()))
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where others have it for too long, or one of the engine.
    pub async fn turn(&self, share: Share) -> Result<Turn, StoreError> {
        let mut place = {
            let _waiting = Waiting::beside(&self.waiting);
            let turn = self.group.clone().lock_owned();
            tokio::time::timeout(self.patience, turn)
                .await
                .map_err(|_| StoreError::Busy("others write for too long".into()))?
        };
        let savepoint = match place.as_mut() {
            Some(group) if share == Share::Group && group.joined < MAX_MEMBERS => {
                group.join(&self.was_rolled_back).await.ok()
            }
            _ => None,
        };
        if savepoint.is_none() {
            if let Some(group) = place.take() {
                self.end(group).await?;
            }
            let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
            self.was_rolled_back.store(false, Ordering::SeqCst);
            *place = Some(Group {
                transaction,
                members: Vec::new(),
                concern: Concern::nothing(),
                joined: 0,
                undo: None,
                trails: KnownTrails::default(),
            });
        }
        Ok(Turn { place: Some(place), writers: self.clone(), savepoint, share })
    }

    /// Goes on where the one who waits here gives up: others wait for it too.
    async fn end(&self, group: Group) -> Result<(), StoreError> {
        tokio::spawn(group.end(self.clone())).await.map_err(|error| StoreError::Other(error.into()))
    }

    async fn commit(&self, transaction: Transaction<'static, Sqlite>, concern: Concern) -> Result<(), StoreError> {
        let committing = self.versions.get().map(Versions::begin_commit);
        transaction.commit().await.map_err(store_error)?;
        if let Some(committing) = committing {
            committing.done(concern);
        }
        Ok(())
    }
}

impl Group {
    /// Undoes what the last one has left behind, where that gave up.
    async fn settle(&mut self, was_rolled_back: &AtomicBool) -> Result<(), StoreError> {
        if let Some(savepoint) = self.undo {
            // May be done twice, should the first one end in between.
            self.run(format!("ROLLBACK TO turn_{savepoint}")).await?;
            self.undo = None;
        }
        if was_rolled_back.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable(
                "the transaction was rolled back by SQLite, with what others wrote".into(),
            ));
        }
        Ok(())
    }

    async fn run(&mut self, statement: String) -> Result<(), StoreError> {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *self.transaction).await.map(drop).map_err(store_error)
    }

    /// Returns the savepoint.
    async fn join(&mut self, was_rolled_back: &AtomicBool) -> Result<usize, StoreError> {
        self.settle(was_rolled_back).await?;
        self.joined += 1;
        // The names differ, so that one that was given up half-way is in nobody's way.
        self.run(format!("SAVEPOINT turn_{}", self.joined)).await?;
        Ok(self.joined)
    }

    /// Commits, and tells all.
    async fn end(mut self, writers: Writers) {
        let outcome = match self.settle(&writers.was_rolled_back).await {
            Ok(()) => writers.commit(self.transaction, self.concern).await.map_err(Arc::new),
            Err(error) => Err(Arc::new(error)),
        };
        // In this order: who finds no answers waiting any more must find what was lost.
        if outcome.is_err() {
            writers.lost.fetch_add(1, Ordering::SeqCst);
        }
        writers.has_answers.store(false, Ordering::SeqCst);
        for member in self.members {
            // Who does not wait any more need not know.
            let _ = member.send(outcome.clone());
        }
    }
}

impl Turn {
    pub fn connection(&mut self) -> Option<&mut SqliteConnection> {
        Some(&mut *self.place.as_mut()?.as_mut()?.transaction)
    }

    /// What is known of trails in this transaction.
    pub fn trails(&mut self) -> Option<&mut KnownTrails> {
        Some(&mut self.place.as_mut()?.as_mut()?.trails)
    }

    /// Whether others have begun the transaction, and have found that it may be written.
    pub fn has_joined(&self) -> bool {
        self.savepoint.is_some()
    }

    /// Makes what was written durable.
    ///
    /// # Arguments
    /// `concern`: what it changes of all that is known by a version.
    ///
    /// # Errors
    /// Those of the engine; then nothing was written.
    pub async fn commit(mut self, concern: Concern) -> Result<(), StoreError> {
        let Some(mut place) = self.place.take() else { return Err(StoreError::Over) };
        let is_first = self.savepoint.is_none();
        if is_first && (self.share == Share::Alone || self.writers.waiting.load(Ordering::SeqCst) == 0) {
            let Some(group) = place.take() else { return Err(StoreError::Over) };
            return self.writers.commit(group.transaction, concern).await;
        }
        let (sender, outcome) = oneshot::channel();
        let group = place.as_mut().ok_or(StoreError::Over)?;
        group.members.push(sender);
        group.concern = mem::replace(&mut group.concern, Concern::Everything).and(concern);
        if is_first {
            let writers = self.writers.clone();
            // Goes on where the one who waits here gives up: others wait for it too.
            tokio::spawn(async move {
                let mut place = writers.group.clone().lock_owned().await;
                if let Some(group) = place.take() {
                    group.end(writers).await;
                }
            });
        }
        drop(place);
        match outcome.await {
            Ok(outcome) => outcome.map_err(|error| shared(&error)),
            Err(_) => Err(StoreError::Unavailable("the transaction was given up with those of others".into())),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(mut place) = self.place.take() else { return };
        match (self.savepoint, place.as_mut()) {
            (Some(savepoint), Some(group)) => {
                group.undo = Some(savepoint);
                self.writers.has_answers.store(true, Ordering::SeqCst);
                group.trails.forget();
            }
            // Nobody else has written in it.
            _ => drop(place.take()),
        }
    }
}

/// The same error for one of several whom it concerns.
fn shared(error: &Arc<StoreError>) -> StoreError {
    let source = error.clone();
    match **error {
        StoreError::Full(_) => StoreError::Full(source.into()),
        StoreError::Busy(_) => StoreError::Busy(source.into()),
        StoreError::Damaged(_) => StoreError::Damaged(source.into()),
        StoreError::Closed => StoreError::Closed,
        _ => StoreError::Unavailable(source.into()),
    }
}

/// One more who waits, for as long as it is there.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn beside(others: &'a AtomicUsize) -> Self {
        others.fetch_add(1, Ordering::SeqCst);
        Self(others)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
