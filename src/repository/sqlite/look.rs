//! How a file is opened for looking alone: nothing of it is changed, and nothing is left beside it.

use super::file::{FileError, JOURNAL, WAL, WAL_INDEX, beside};
use sqlx::sqlite::SqliteConnectOptions;
use std::fs::{self, OpenOptions};
use std::path::Path;

/// # Errors
/// [`FileError::WalNotReadable`].
pub fn options(path: &Path) -> Result<SqliteConnectOptions, FileError> {
    let has_content = |companion| fs::metadata(beside(path, companion)).is_ok_and(|metadata| metadata.len() > 0);
    let options = SqliteConnectOptions::new();
    match (is_writable(path), has_content(WAL) || has_content(JOURNAL)) {
        // A connection that could write takes the empty companions with it when it goes, if it is the last one. One that could not
        // would make them and leave them.
        (true, false) => Ok(options.pragma("query_only", "ON")),
        // They stay as they are: a server has them, or the next one needs them.
        (true, true) => Ok(options.read_only(true)),
        // Where nothing can be written there is no WAL to be read, and SQLite needs to be told that nobody writes.
        (false, false) => Ok(options.read_only(true).immutable(true)),
        (false, true) if beside(path, WAL_INDEX).exists() => Ok(options.read_only(true)),
        (false, true) => Err(FileError::WalNotReadable { path: path.to_owned() }),
    }
}

/// Whether the file and the folder that SQLite keeps its companions in can be written to.
fn is_writable(path: &Path) -> bool {
    let companion = beside(path, WAL);
    let folder = companion.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    OpenOptions::new().write(true).open(path).is_ok() && tempfile::tempfile_in(folder).is_ok()
}
