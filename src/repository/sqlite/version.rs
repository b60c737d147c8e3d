//! Whether anybody has changed the file: SQLite's own `PRAGMA data_version` says so of what other connections have committed, those of
//! other processes too, in some microseconds.
//!
//! Its numbers mean something on one connection alone, so each change that a connection notices counts one further for all. Where several
//! notice the same one it counts more than once, which costs a look at the database, and nothing else. None is missed: what was read under a
//! number was read after it was given, so a commit that came later is noticed by each connection that is asked later.
//!
//! The connections only look, and on the caller's own thread: a hop to another thread, as sqlx makes it, costs ten times as much.

use crate::repository::version::Version;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// How many threads can look at once without waiting for each other.
const WATCHERS: usize = 8;

pub struct Versions {
    path: PathBuf,
    watchers: [Mutex<Watcher>; WATCHERS],
    count: AtomicU64,
    next: AtomicUsize,
}

/// A connection, and what it has seen last.
#[derive(Default)]
enum Watcher {
    #[default]
    Unopened,
    Open(Connection, i64),
    Closed,
}

impl Versions {
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            watchers: Default::default(),
            count: AtomicU64::default(),
            next: AtomicUsize::default(),
        }
    }

    /// `None` where it cannot be told: a read of the database will say why.
    pub fn look(&self) -> Option<Version> {
        let mut watcher = self.free_watcher();
        if matches!(*watcher, Watcher::Unopened) {
            // What was read before it was open was read under a number of another one.
            *watcher = Watcher::Open(self.open().ok()?, i64::MIN);
        }
        let Watcher::Open(connection, seen) = &mut *watcher else { return None };
        let current = data_version(connection).ok()?;
        if current != *seen {
            *seen = current;
            return Some(Version(self.count.fetch_add(1, Ordering::SeqCst) + 1));
        }
        Some(Version(self.count.load(Ordering::SeqCst)))
    }

    /// One that nobody is asking, or else the one whose turn it is.
    fn free_watcher(&self) -> MutexGuard<'_, Watcher> {
        for watcher in &self.watchers {
            match watcher.try_lock() {
                Ok(free) => return free,
                Err(TryLockError::Poisoned(free)) => return free.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let next = self.next.fetch_add(1, Ordering::Relaxed) % WATCHERS;
        self.watchers[next].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        // Whoever waits here keeps a worker waiting.
        connection.busy_timeout(std::time::Duration::ZERO)?;
        Ok(connection)
    }

    /// Closes the connections.
    pub fn close(&self) {
        for watcher in &self.watchers {
            *watcher.lock().unwrap_or_else(PoisonError::into_inner) = Watcher::Closed;
        }
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
