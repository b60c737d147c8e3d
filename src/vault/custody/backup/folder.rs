//! The folder of the backups that servers make by themselves: what is ours in it, and what of that is kept.
//!
//! A backup is called `hookvault-<id of the default org>-<moment>.backup`, with `.age` behind it where it is encrypted: names sort by
//! time, and vaults may share a folder. Its record has the same name with `.record` behind it, and is there before the backup is, and
//! as long.

use super::error::BackupError;
use super::new_file::UNFINISHED;
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::keep_rules::KeepRules;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::Builder;

const PLAIN: &str = ".backup";
const ENCRYPTED: &str = ".backup.age";

/// What is behind the name of a backup in that of its record.
const RECORD: &str = ".record";

/// A file that is of no use any more, and cannot be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    pub path: PathBuf,
    pub reason: String,
}

/// The backups of one vault in a folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    prefix: String,
}

impl Folder {
    pub(super) fn of(path: &Path, vault: &OrgId) -> Self {
        Self { path: path.to_owned(), prefix: format!("hookvault-{}-", vault.as_str()) }
    }

    fn failed(&self, source: std::io::Error) -> BackupError {
        BackupError::Folder { path: self.path.clone(), source }
    }

    /// The right to make one, until it is dropped or the process ends in whatever way; `None` while somebody else has it.
    pub(super) fn lock(&self) -> Result<Option<File>, BackupError> {
        let path = self.path.join(format!(".{}lock", self.prefix));
        // An empty file that stays: one that is removed could be locked by two.
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let file = file.map_err(|error| self.failed(error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.failed(error)),
        }
    }

    /// What one of this moment is called.
    pub(super) fn file(&self, made: Timestamp, is_encrypted: bool) -> PathBuf {
        let moment = made.to_wire().replace(".000", "").replace(['-', ':'], "");
        self.path.join(format!("{}{moment}{}", self.prefix, if is_encrypted { ENCRYPTED } else { PLAIN }))
    }

    /// The moment of one, where the name is that of one of ours.
    fn moment(&self, name: &str) -> Option<Timestamp> {
        let rest = name.strip_prefix(&self.prefix)?;
        let moment = rest.strip_suffix(ENCRYPTED).or_else(|| rest.strip_suffix(PLAIN))?;
        let is_plain = moment.len() == 16 && moment.is_ascii();
        let [date, time] = [moment.get(..8)?, moment.get(9..15)?];
        let text = format!(
            "{}-{}-{}T{}:{}:{}Z",
            date.get(..4)?,
            date.get(4..6)?,
            date.get(6..)?,
            time.get(..2)?,
            time.get(2..4)?,
            time.get(4..)?
        );
        Timestamp::parse(&text).ok().filter(|_| is_plain && moment.ends_with('Z') && moment.as_bytes()[8] == b'T')
    }

    fn names(&self) -> Result<Vec<String>, BackupError> {
        let entries = fs::read_dir(&self.path).map_err(|error| self.failed(error))?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect::<Result<_, _>>().map_err(|error| self.failed(error))
    }

    /// Those that are there, newest first.
    pub(super) fn list(&self) -> Result<Vec<(Timestamp, PathBuf)>, BackupError> {
        let names = self.names()?.into_iter();
        let mut found: Vec<_> = names.filter_map(|name| Some((self.moment(&name)?, self.path.join(&name)))).collect();
        found.sort_by(|one, other| other.cmp(one));
        Ok(found)
    }

    /// Removes what servers have left that died while they made one: by whoever has the lock, as nobody else makes any then.
    pub(super) fn sweep(&self) -> Result<Vec<Stuck>, BackupError> {
        let names = self.names()?;
        let is_left = |name: &str| {
            // `.NAME.RANDOM.unfinished`, that of a record likewise.
            let begun = name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED)?.rsplit_once('.'));
            let begun = begun.map(|(name, _)| name.strip_suffix(RECORD).unwrap_or(name));
            let recorded = name.strip_suffix(RECORD).filter(|backup| !names.iter().any(|name| name == backup));
            begun.or(recorded).is_some_and(|name| self.moment(name).is_some())
        };
        let left = names.iter().filter(|name| is_left(name));
        Ok(left.filter_map(|name| remove(self.path.join(name)).err()).collect())
    }
}

/// The newest file in a folder that is called like a backup, of whichever vault. A folder that cannot be read has none.
#[must_use]
pub fn newest_of_any(path: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(path).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let dated = names.filter_map(|name| {
        let vault = name.strip_prefix("hookvault-")?.split('-').next()?;
        let made = Folder::of(path, &OrgId::parse(vault).ok()?).moment(&name)?;
        Some((made, path.join(name)))
    });
    dated.max().map(|(_, path)| path)
}

/// Where the record of a backup is.
pub(super) fn record_path(of: &Path) -> PathBuf {
    of.with_added_extension(&RECORD[1..])
}

/// Writes the record of a backup, whole or not at all; one that is there is replaced.
pub(super) fn put_record(of: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = record_path(of);
    let prefix = [".", &path.file_name().unwrap_or_default().to_string_lossy(), "."].concat();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = Builder::new().prefix(&prefix).suffix(UNFINISHED).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// Removes those backups that no rule keeps, and their records. Returns how many, and what is left all the same.
///
/// # Arguments
/// `newest_first`: all that count, with the moment of each.
pub(super) fn prune(newest_first: Vec<(Timestamp, PathBuf)>, keep: &KeepRules) -> (usize, Vec<Stuck>) {
    let moments: Vec<_> = newest_first.iter().map(|(moment, _)| *moment).collect();
    let (mut removed, mut stuck) = (0, Vec::new());
    for ((_, path), _) in newest_first.into_iter().zip(keep.kept(&moments)).filter(|(_, kept)| !kept) {
        let record = record_path(&path);
        // In this order: a backup without its record would count as nobody's.
        match remove(path).and_then(|()| {
            removed += 1;
            remove(record)
        }) {
            Ok(()) => {}
            Err(left) => stuck.push(left),
        }
    }
    (removed, stuck)
}

/// What is gone already is no failure.
fn remove(path: PathBuf) -> Result<(), Stuck> {
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Stuck { path, reason: error.to_string() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_are_ours() {
        let folder = Folder::of(Path::new("/backups"), &OrgId::parse("00o1emaHnQYHs1HLm0g4").unwrap());
        let made = Timestamp::parse("2025-10-24T13:06:07Z").unwrap();
        for (is_encrypted, name) in [
            (false, "hookvault-00o1emaHnQYHs1HLm0g4-20251024T130607Z.backup"),
            (true, "hookvault-00o1emaHnQYHs1HLm0g4-20251024T130607Z.backup.age"),
        ] {
            assert_eq!(folder.file(made, is_encrypted), Path::new("/backups").join(name));
            assert_eq!(folder.moment(name), Some(made));
        }
        for strange in [
            "hookvault-00o1emaHnQYHs1HLm0g5-20251024T130607Z.backup",
            "hookvault-00o1emaHnQYHs1HLm0g4-20251024T130607Z.backup.old",
            "hookvault-00o1emaHnQYHs1HLm0g4-20251024T130607.backup",
            "hookvault-00o1emaHnQYHs1HLm0g4-20251024 130607Z.backup",
            "hookvault-00o1emaHnQYHs1HLm0g4-20259924T130607Z.backup",
            "hookvault-00o1emaHnQYHs1HLm0g4-.backup",
            ".hookvault-00o1emaHnQYHs1HLm0g4-lock",
            "notes.backup",
        ] {
            assert_eq!(folder.moment(strange), None, "{strange}");
        }
    }
}
