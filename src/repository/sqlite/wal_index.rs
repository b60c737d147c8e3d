//! The header of the WAL index, which SQLite itself looks at to learn whether anybody has committed anything: it holds a count of all
//! commits, where the WAL ends and the checksum over it (the file format of the WAL index, "The WAL-Index Header",
//! <https://www.sqlite.org/walformat.html>).
//!
//! Closing any descriptor of a file gives up all locks that the process has on it (POSIX), those of SQLite too. So one descriptor is shared by
//! all of a process that have the same file open, and it is closed only where its users say that their connections are; else it stays.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock, Weak};

/// How long a header is, the checksum over itself included.
const LENGTH: usize = 48;

/// Where in it stand the count of commits, as the machine writes numbers, and whether it was ever written.
const COMMITS: usize = 8;
const IS_INITIALIZED: usize = 12;

/// What SQLite compares: another one is another state of the database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header([u8; LENGTH]);

impl Default for Header {
    /// One that no database has.
    fn default() -> Self {
        Self([0; LENGTH])
    }
}

impl Header {
    fn commits(&self) -> u32 {
        u32::from_ne_bytes([0, 1, 2, 3].map(|index| self.0[COMMITS + index]))
    }

    /// Whether it is of the very next commit.
    pub fn follows(&self, before: &Self) -> bool {
        self.commits() == before.commits().wrapping_add(1)
    }
}

/// Files by device and inode.
type Files = HashMap<(u64, u64), Weak<File>>;

/// Those that are open in this process, whoever has opened them: so it is with the locks.
static OPEN: LazyLock<Mutex<Files>> = LazyLock::new(Mutex::default);

pub struct WalIndex(RwLock<Option<Arc<File>>>);

impl WalIndex {
    /// # Arguments
    /// `path`: of the index; a connection of this process has it open, and keeps it so.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at by its name, since a descriptor that is not needed could not be closed.
        let metadata = path.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        if let Some(file) = open.get(&identity).and_then(Weak::upgrade) {
            return Ok(Self(RwLock::new(Some(file))));
        }
        let file = Arc::new(File::open(path)?);
        open.retain(|_, file| file.strong_count() > 0);
        open.insert(identity, Arc::downgrade(&file));
        Ok(Self(RwLock::new(Some(file))))
    }

    /// As it is now; `None` while somebody writes it, and where it cannot be read.
    pub fn header(&self) -> Option<Header> {
        let file = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // A writer writes the second copy first: where both are the same, nobody was at it.
        let mut copies = [[0; LENGTH]; 2];
        file.as_ref()?.read_exact_at(copies.as_flattened_mut(), 0).ok()?;
        let [header, second] = copies;
        (header == second && header[IS_INITIALIZED] != 0).then_some(Header(header))
    }

    /// Closes it, once no connection of this process is open any more.
    pub fn close(&self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
        open.retain(|_, file| file.strong_count() > 0);
    }
}

impl Drop for WalIndex {
    /// Nobody has said that it may be closed.
    fn drop(&mut self) {
        if let Some(file) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // A reference that is never given back.
            let _ = Arc::into_raw(file);
        }
    }
}
