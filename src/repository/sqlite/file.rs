//! The database file on disk: made with the right mode, and refused with a wrong one.

use crate::repository::error::{NOTHING_THERE, OpenError};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What SQLite keeps beside the file: the write-ahead log, the index into it, and in place of both for a file that was not in WAL
/// mode, a journal of what it changes.
pub const WAL: &str = "-wal";
pub const WAL_INDEX: &str = "-shm";
pub const JOURNAL: &str = "-journal";

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the database file {path} can be read by others (mode {mode:04o})")]
    ReadableByOthers { path: PathBuf, mode: u32 },
    #[error("the folder {path} of the database cannot be written to: {reason}")]
    FolderNotWritable { path: PathBuf, reason: std::io::Error },
    #[error("{path} is not a file")]
    NotAFile { path: PathBuf },
    #[error("there is no folder {path} for the database file")]
    NoFolder { path: PathBuf },
    #[error("there is no database file {path}")]
    NoFile { path: PathBuf },
    #[error("the database file {path} cannot be opened: {reason}")]
    NotReadable { path: PathBuf, reason: std::io::Error },
    #[error("the database file {path} cannot be opened for writing: {reason}")]
    NotWritable { path: PathBuf, reason: std::io::Error },
    #[error(
        "the database file {path} has changes in a file of its own beside it, which cannot be read where nothing can be written"
    )]
    WalNotReadable { path: PathBuf },
}

impl From<FileError> for OpenError {
    fn from(error: FileError) -> Self {
        let hint = match &error {
            FileError::ReadableByOthers { path, .. } => format!("chmod 600 {}", path.display()),
            FileError::NotAFile { .. } => "check the path, and who owns the file".into(),
            FileError::NoFolder { path } => format!("mkdir -m 700 -p {}", path.display()),
            FileError::NoFile { .. } => NOTHING_THERE.into(),
            FileError::WalNotReadable { path } => {
                format!("copy {0} and {0}-wal to a folder that can be written to, and look at the copy", path.display())
            }
            FileError::NotReadable { .. } => "run hookvault as the owner of the file".into(),
            FileError::NotWritable { .. } | FileError::FolderNotWritable { .. } => {
                "run hookvault as the owner of the file, in a folder that it may write to".into()
            }
        };
        let open = Self::new(error.to_string(), hint);
        if matches!(error, FileError::NoFile { .. }) { open.as_nothing_there() } else { open }
    }
}

/// Makes an empty file with mode 0600 where there is none, and checks the mode where there is one. Returns whether it
/// was made.
///
/// # Errors
/// [`FileError`].
pub fn prepare(path: &Path, create: bool) -> Result<bool, FileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(FileError::NoFolder { path: folder.to_owned() });
    }
    if path.exists() && !path.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    let not_writable = |reason| FileError::NotWritable { path: path.to_owned(), reason };
    // SQLite gives its companions the mode of the file.
    let made = match OpenOptions::new().read(true).write(true).create_new(create).mode(0o600).open(path) {
        Ok(_) => {
            if create {
                // The name is part of the folder: it must outlive a crash as the content does.
                File::open(folder.unwrap_or(Path::new(".")))
                    .and_then(|folder| folder.sync_all())
                    .map_err(not_writable)?;
            }
            create
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            OpenOptions::new().read(true).write(true).open(path).map_err(not_writable)?;
            false
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(FileError::NoFile { path: path.to_owned() }),
        Err(error) => return Err(not_writable(error)),
    };
    // SQLite makes files beside it.
    let beside = folder.unwrap_or(Path::new("."));
    match tempfile::tempfile_in(beside) {
        Err(reason) if matches!(reason.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            return Err(FileError::FolderNotWritable { path: beside.to_owned(), reason });
        }
        // A full disk is told where it matters.
        Ok(_) | Err(_) => {}
    }
    examine(path)?;
    Ok(made)
}

/// Checks the mode of a file that is there, and whether it can be read.
///
/// # Errors
/// [`FileError`].
pub fn examine(path: &Path) -> Result<(), FileError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(FileError::NoFile { path: path.to_owned() }),
        Ok(metadata) if !metadata.is_file() => return Err(FileError::NotAFile { path: path.to_owned() }),
        found => found.and_then(|_| File::open(path)),
    }
    .map_err(|reason| FileError::NotReadable { path: path.to_owned(), reason })?;
    refuse_readable_by_others(path)?;
    for companion in [WAL, WAL_INDEX, JOURNAL] {
        refuse_readable_by_others(&beside(path, companion))?;
    }
    Ok(())
}

/// Where a file is, or would be: a link may lead to what is gone.
pub fn place_of(path: &Path) -> PathBuf {
    let target = |target| {
        fs::canonicalize(path).unwrap_or_else(|_| path.parent().unwrap_or(Path::new("")).join::<PathBuf>(target))
    };
    fs::read_link(path).map_or_else(|_| path.to_owned(), target)
}

/// The companion of a database file. Where that is a link, SQLite keeps it where the link leads to.
pub fn beside(path: &Path, companion: &str) -> PathBuf {
    let mut name = place_of(path).into_os_string();
    name.push(companion);
    name.into()
}

/// Removes a file and its companions, as far as it goes.
pub fn remove(path: &Path) {
    for part in [WAL, WAL_INDEX, JOURNAL, ""] {
        let _ = fs::remove_file(beside(path, part));
    }
}

/// The journals of a file that is not there. What was committed last may be in them alone, and SQLite removes them with a new file.
pub fn stray_journals(path: &Path) -> Vec<PathBuf> {
    if path.exists() {
        return Vec::new();
    }
    let journals = [WAL, JOURNAL].map(|companion| beside(path, companion));
    journals.into_iter().filter(|journal| fs::metadata(journal).is_ok_and(|metadata| metadata.len() > 0)).collect()
}

fn refuse_readable_by_others(path: &Path) -> Result<(), FileError> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(FileError::ReadableByOthers { path: path.to_owned(), mode }) }
}
