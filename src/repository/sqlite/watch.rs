//! Whether what is open is still what stands on the disk under its name.
//!
//! A file that was replaced or removed is read and written on by whoever has it open, and is gone with them: all would look well,
//! and all would be lost with the next start. The same holds of the WAL and of the index into it.

use super::error::store_error;
use super::file::{WAL, WAL_INDEX, beside};
use crate::repository::error::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A file on this machine, whatever it is called: device and inode.
type Identity = Option<(u64, u64)>;

/// The database file and its companions, as they were when they were opened.
pub struct Watch {
    path: PathBuf,
    opened: [Identity; 3],
    /// Never used, and never closed before the store is: the last connection to close takes the companions with it.
    held: Mutex<Option<SqliteConnection>>,
}

impl Watch {
    /// # Arguments
    /// `options`: for a connection to the file at `path`, which is open already.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be opened.
    pub async fn over(path: &Path, options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        let mut held = options.connect().await.map_err(store_error)?;
        // SQLite opens the companions with the first look into the file.
        sqlx::raw_sql("SELECT 1 FROM sqlite_schema LIMIT 1").execute(&mut held).await.map_err(store_error)?;
        Ok(Self { path: path.to_owned(), opened: identities(path), held: Mutex::new(Some(held)) })
    }

    /// Costs three calls of the operating system, none of which reads a disk.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where what is open is not what stands there.
    pub fn check(&self) -> Result<(), StoreError> {
        let now = identities(&self.path);
        if now.iter().all(Option::is_some) && now == self.opened {
            return Ok(());
        }
        Err(StoreError::Unavailable(
            format!(
                "{} or a file that belongs to it was replaced or removed while it was open: what is written now would be lost; \
                 stop the server before files are exchanged",
                self.path.display()
            )
            .into(),
        ))
    }

    pub async fn close(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(held) = held
            && let Err(error) = held.close().await
        {
            tracing::debug!(error = %error, "a database connection was not closed in order");
        }
    }
}

fn identities(path: &Path) -> [Identity; 3] {
    [identity(path), identity(&beside(path, WAL)), identity(&beside(path, WAL_INDEX))]
}

fn identity(path: &Path) -> Identity {
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
