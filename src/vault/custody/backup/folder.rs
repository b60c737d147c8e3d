//! The folder of the backups that servers make by themselves: what is ours in it, and what of that is kept.
//!
//! A backup is called `hookvault-<id of the default org>-<moment>.backup`, with `.age` behind it where it is encrypted: names sort by
//! time, and vaults may share a folder. All that has such a name was verified before it got it.

use super::error::BackupError;
use super::new_file::UNFINISHED;
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::keep_rules::KeepRules;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PLAIN: &str = ".backup";
const ENCRYPTED: &str = ".backup.age";

/// How long one may be in the making, by any server. What is older was left by one that has died.
const MAKING: Duration = Duration::from_hours(24);

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

    /// Removes those that no rule keeps, and what servers have left that died while they made one. Returns how many backups those were.
    pub(super) fn tidy(&self, keep: &KeepRules, now: Timestamp) -> Result<usize, BackupError> {
        let found = self.list()?;
        let moments: Vec<_> = found.iter().map(|(moment, _)| *moment).collect();
        let kept = keep.kept(&moments);
        let gone: Vec<_> = found.iter().zip(kept).filter(|(_, kept)| !kept).map(|((_, path), _)| path).collect();
        for path in &gone {
            fs::remove_file(path).map_err(|error| self.failed(error))?;
        }
        for name in self.names()? {
            // `.NAME.RANDOM.unfinished`
            let begun = name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED)?.rsplit_once('.'));
            let begun = begun.and_then(|(name, _)| self.moment(name));
            if begun.is_some_and(|begun| begun.after(MAKING).is_ok_and(|until| until < now)) {
                fs::remove_file(self.path.join(name)).map_err(|error| self.failed(error))?;
            }
        }
        Ok(gone.len())
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
