//! A file that has its name only once it is whole.
//!
//! Whoever makes one has a lock on it, which ends with the process: what is not locked was left by a kill.

use super::error::BackupError;
use super::head::BEGIN;
use crate::crypto::age_file;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// How a file is called that is not whole yet.
pub(super) const UNFINISHED: &str = ".unfinished";

/// A new file beside its place, that its owner alone may read. Unless it is put there, it is removed.
pub(super) struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
    replaces: bool,
}

impl NewFile {
    /// # Arguments
    /// `replaces`: whether it may take the place of another backup.
    ///
    /// # Errors
    /// [`BackupError::Exists`], [`BackupError::NotReplaced`] or [`BackupError::Write`].
    pub(super) fn beside(path: &Path, replaces: bool) -> Result<Self, BackupError> {
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path: path.to_owned() });
        }
        if path.symlink_metadata().is_ok() && !is_backup(path) {
            // The vault itself, say, or its master key.
            return Err(BackupError::NotReplaced { path: path.to_owned() });
        }
        let unwritable = |source| BackupError::Write { path: path.to_owned(), source };
        let name = path.file_name().ok_or_else(|| unwritable(ErrorKind::IsADirectory.into()))?;
        let prefix = [".", &name.to_string_lossy(), "."].concat();
        // With mode 0600, as all that this library makes.
        let file = Builder::new().prefix(&prefix).suffix(UNFINISHED).tempfile_in(folder(path)).map_err(unwritable)?;
        // Not every file system has locks; there nothing is swept.
        let _ = file.as_file().try_lock();
        Ok(Self { file, path: path.to_owned(), replaces })
    }

    /// To write to.
    pub(super) fn open(&self) -> io::Result<File> {
        self.file.as_file().try_clone()
    }

    /// To read from, as whoever opens it by its name does.
    pub(super) fn reopen(&self) -> io::Result<File> {
        self.file.reopen()
    }

    /// Waits until it is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.as_file().sync_all()
    }

    /// Gives it its name, which outlives a crash as the content does.
    ///
    /// # Errors
    /// [`BackupError::Exists`] where somebody else has made one meanwhile, or [`BackupError::Write`].
    pub(super) fn put(self) -> Result<(), BackupError> {
        let Self { file, path, replaces } = self;
        let put = if replaces { file.persist(&path) } else { file.persist_noclobber(&path) };
        let put = put.map_err(|error| error.error).and_then(|_| File::open(folder(&path))?.sync_all());
        put.map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => BackupError::Exists { path },
            _ => BackupError::Write { path, source },
        })
    }
}

/// Removes what was left in the folder of a file by those that were killed while they made a backup there. What cannot be removed stays:
/// it is in nobody's way but for its room.
pub(super) fn sweep_beside(path: &Path) {
    let entries = fs::read_dir(folder(path)).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let is_unfinished = name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(UNFINISHED));
        if is_unfinished && entry.file_type().is_ok_and(|kind| kind.is_file()) && is_left(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether nobody makes it any more, and it is the beginning of a backup.
fn is_left(path: &Path) -> bool {
    let is_empty = fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0);
    (is_empty || is_backup(path)) && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Whether a file begins like a backup, be it encrypted or not.
fn is_backup(path: &Path) -> bool {
    let mut begin = [0; 19];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && (begin.starts_with(BEGIN) || begin.starts_with(age_file::MAGIC))
}

/// The folder of a file.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
