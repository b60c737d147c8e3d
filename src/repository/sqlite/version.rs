//! Whether anybody has changed the file: SQLite itself learns it from the header of the WAL index, which is another one after each
//! commit, those of other processes too. One read of it takes a microsecond, on the caller's own thread.

use super::wal_index::{Header, WalIndex};
use crate::repository::version::Version;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub struct Versions {
    index: WalIndex,
    /// The last header that was seen, and how many different ones came before it.
    seen: Mutex<(Header, u64)>,
}

impl Versions {
    /// # Arguments
    /// `index`: the WAL index of a database that this process has open, and keeps so.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn of(index: &Path) -> io::Result<Self> {
        Ok(Self { index: WalIndex::open(index)?, seen: Mutex::new(([0; _], 0)) })
    }

    /// `None` where it cannot be told: a read of the database will say why.
    ///
    /// Looks that overtake each other count once more, which costs a look at the database, and nothing else: what was read under a number
    /// was read after its header was, and whoever gets that number again has seen that very header.
    pub fn look(&self) -> Option<Version> {
        let header = self.index.header()?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0 != header {
            *seen = (header, seen.1 + 1);
        }
        Some(Version(seen.1))
    }

    /// To be called once no connection of this process to the database is open any more.
    pub fn close(&self) {
        self.index.close();
    }
}
