//! A file that has its name only once it is whole.

use super::error::BackupError;
use super::head::BEGIN;
use crate::crypto::age_file;
use std::fs::File;
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
