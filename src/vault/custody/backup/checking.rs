//! Which files of a folder are the backups that their names say: what a name alone says, anybody can write.

use super::doubt::Doubt;
use super::error::BackupError;
use super::folder::{Folder, put_record, record_path};
use super::record::{Content, Record};
use crate::crypto::envelope::Envelope;
use crate::domain::clock::Timestamp;
use crate::domain::master_key::DatedMasterKey;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// No record is longer, in bytes.
const LONGEST_RECORD: u64 = 4096;

/// A backup that counts.
#[derive(Debug, Clone)]
pub(in crate::vault) struct Sound {
    pub made: Timestamp,
    pub path: PathBuf,
    /// What opens it.
    pub opens: DatedMasterKey,
}

/// The backups in a folder.
pub(super) struct Found {
    /// Newest first.
    pub sound: Vec<Sound>,
    pub doubted: Vec<(PathBuf, Doubt)>,
}

impl Found {
    /// The newest sound one. One of later was made by a clock that was wrong.
    pub(super) fn newest(&self, now: Timestamp) -> Option<&Sound> {
        self.sound.iter().find(|sound| sound.made <= now)
    }
}

/// What changes where another file is under the name, or somebody writes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    inode: u64,
    modified: (i64, i64),
    /// Nobody can set it back.
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            length: file.len(),
            inode: file.ino(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

/// The files that were found sound, each with its record: as long as nobody touches one, it is read once.
#[derive(Default)]
pub(in crate::vault) struct Checked(Mutex<HashMap<PathBuf, (Stamp, Record)>>);

impl Checked {
    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, (Stamp, Record)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at all that are called like backups, each off the async workers.
    ///
    /// # Errors
    /// [`BackupError::Folder`] or [`BackupError::Task`].
    pub(super) async fn look(&self, folder: &Folder, envelope: &Envelope) -> Result<Found, BackupError> {
        let mut found = Found { sound: Vec::new(), doubted: Vec::new() };
        let mut checked = HashMap::new();
        for (made, path) in folder.list()? {
            let known = self.lock().get(&path).cloned();
            let (file, envelope) = (path.clone(), envelope.clone());
            // A file by itself, so that a server that stops need not wait for all.
            match tokio::task::spawn_blocking(move || check(&file, known, &envelope)).await? {
                Ok(known) => {
                    found.sound.push(Sound { made, path: path.clone(), opens: known.1.opens() });
                    checked.insert(path, known);
                }
                // Another server may have removed it meanwhile.
                Err(_) if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) => {}
                Err(doubt) => found.doubted.push((path, doubt)),
            }
        }
        *self.lock() = checked;
        Ok(found)
    }

    /// Writes the records anew that are under another master key than the one that seals now, which a rotation may soon have forgotten.
    ///
    /// # Errors
    /// [`BackupError::Write`].
    pub(super) fn renew_records(&self, envelope: &Envelope) -> Result<(), BackupError> {
        for (path, (_, record)) in self.lock().iter_mut() {
            if record.master_key() != envelope.key_id() {
                let (renewed, bytes) = record.renewed(envelope);
                put_record(path, &bytes).map_err(|source| BackupError::Write { path: record_path(path), source })?;
                *record = renewed;
            }
        }
        Ok(())
    }
}

/// # Arguments
/// `known`: what was found before under this name.
fn check(path: &Path, known: Option<(Stamp, Record)>, envelope: &Envelope) -> Result<(Stamp, Record), Doubt> {
    let unreadable = |error: std::io::Error| Doubt::Unreadable(error.to_string());
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    // Neither a link, which may lead anywhere, nor a pipe, at which a reader waits.
    if !metadata.is_file() {
        return Err(Doubt::NoFile);
    }
    let stamp = Stamp::of(&metadata);
    if let Some(known) = known.filter(|(before, _)| *before == stamp) {
        return Ok(known);
    }
    let record = read_record(path, envelope)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let content = File::open(path).and_then(|mut file| Content::read(&name, &mut file)).map_err(unreadable)?;
    if *record.content() == content { Ok((stamp, record)) } else { Err(Doubt::Differs) }
}

fn read_record(of: &Path, envelope: &Envelope) -> Result<Record, Doubt> {
    let path = record_path(of);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Doubt::NoRecord),
        Ok(metadata) if !metadata.is_file() => return Err(Doubt::Record),
        _ => {}
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_RECORD).read_to_end(&mut bytes));
    read.map_err(|error| Doubt::Unreadable(error.to_string()))?;
    Record::from_bytes(&bytes, envelope)
}
