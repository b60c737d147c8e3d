//! A new database file that takes the place of one that is there, whatever that holds: it is never opened, and is kept beside it.
//!
//! 1. The new one is made in a folder of its own beside the old one, and is whole before anything of that is touched.
//! 2. The old one gets another name, and so do its companions: what is committed may be in them alone.
//! 3. The new one gets the name. Where that fails, the old one has it again.
//!
//! A file that is gone, and has left its journal, is replaced likewise.

use super::file::{JOURNAL, WAL, WAL_INDEX, beside, place_of};
use super::in_use;
use crate::domain::clock::Timestamp;
use crate::repository::error::OpenError;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempDir};

/// What belongs to a file, and itself in front: a name without a file in the place of it says that something is missing.
const PARTS: [&str; 4] = ["", WAL, WAL_INDEX, JOURNAL];

/// What is behind the name of a file that was replaced, before the moment.
pub const REPLACED: &str = ".replaced-";

/// What ends the name of the folder of a new file.
pub const UNFINISHED: &str = ".unfinished";

/// The new file. Unless it is put into its place, it is removed.
pub struct Replacement {
    folder: TempDir,
    /// Its place, where no link leads any further.
    place: PathBuf,
}

impl Replacement {
    /// Makes an empty file beside the one at `path`, for the same owner.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn begin(path: &Path) -> Result<Self, OpenError> {
        let made = || {
            let place = match fs::canonicalize(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => std::path::absolute(place_of(path))?,
                place => place?,
            };
            let mut parts = PARTS.iter().map(|part| fs::metadata(beside(&place, part)));
            let old = parts.find_map(Result::ok).ok_or(ErrorKind::NotFound)?;
            if !old.is_file() {
                return Err(io::Error::from(ErrorKind::IsADirectory));
            }
            let prefix = [".", &name(&place).to_string_lossy(), "."].concat();
            let folder = Builder::new().prefix(&prefix).suffix(UNFINISHED).tempdir_in(folder_of(&place))?;
            let new = Self { folder, place };
            let file = File::options().write(true).create_new(true).mode(0o600).open(new.path())?;
            let made = file.metadata()?;
            if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
                // By root, for the user of the servers.
                chown(new.path(), Some(old.uid()), Some(old.gid()))?;
            }
            Ok(new)
        };
        made().map_err(|error| failed(path, error))
    }

    /// Where it is until it has its place.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(name(&self.place))
    }

    /// Puts it into its place; nobody may have it open. Returns where the file is that was there, or else its journal.
    ///
    /// # Errors
    /// [`OpenError`]; then the old one is in its place.
    pub fn put(self, now: Timestamp) -> Result<PathBuf, OpenError> {
        if let Some(who) = in_use::other_process(&self.place).map_err(|error| failed(&self.place, error))? {
            return Err(OpenError::new(
                format!("nothing was replaced: {who}"),
                "stop every server on the database, and what copies it, then try again",
            ));
        }
        self.exchange(now).map_err(|error| failed(&self.place, error))
    }

    fn exchange(&self, now: Timestamp) -> io::Result<PathBuf> {
        let new = self.path();
        if beside(&new, WAL).exists() {
            return Err(io::Error::other("the new file was not closed in order"));
        }
        let aside = free_name(&self.place, now);
        let mut moved = Vec::new();
        for (count, part) in PARTS.iter().enumerate() {
            match fs::rename(beside(&self.place, part), beside(&aside, part)) {
                Ok(()) => moved.push(beside(&aside, part)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    self.put_back(&aside, &PARTS[..count]);
                    return Err(error);
                }
            }
        }
        if let Err(error) = fs::rename(&new, &self.place) {
            self.put_back(&aside, &PARTS);
            return Err(error);
        }
        File::open(folder_of(&self.place))?.sync_all()?;
        self.sweep();
        Ok(moved.into_iter().next().unwrap_or(aside))
    }

    /// Removes the folders of others that were killed before they had put theirs. One whose file somebody has open is not left.
    fn sweep(&self) {
        let own = name(&self.place);
        let prefix = [".", &own.to_string_lossy(), "."].concat();
        for entry in fs::read_dir(folder_of(&self.place)).into_iter().flatten().flatten() {
            let is_ours = |name: &str| name.starts_with(&prefix) && name.ends_with(UNFINISHED);
            let path = entry.path();
            if path != self.folder.path()
                && entry.file_name().to_str().is_some_and(is_ours)
                && in_use::other_process(&path.join(own)).is_ok_and(|user| user.is_none())
            {
                // What cannot be removed is in nobody's way but for its room.
                let _ = fs::remove_dir_all(path);
            }
        }
    }

    /// As far as it goes: what could not be moved back is under the other name.
    fn put_back(&self, aside: &Path, parts: &[&str]) {
        for part in parts {
            if let Err(error) = fs::rename(beside(aside, part), beside(&self.place, part))
                && error.kind() != ErrorKind::NotFound
            {
                tracing::error!(file = %beside(aside, part).display(), %error, "a file could not be moved back");
            }
        }
    }
}

/// A name beside a file that is free, with the moment in it.
fn free_name(place: &Path, now: Timestamp) -> PathBuf {
    let moment = now.to_wire().replace(".000", "").replace(['-', ':'], "");
    let named = |number: u32| {
        let mut name = place.as_os_str().to_owned();
        name.push(format!("{REPLACED}{moment}"));
        if number > 1 {
            name.push(format!("-{number}"));
        }
        PathBuf::from(name)
    };
    let is_free = |name: &PathBuf| PARTS.iter().all(|part| beside(name, part).symlink_metadata().is_err());
    (1..).map(named).find(is_free).unwrap_or_else(|| named(0))
}

fn name(place: &Path) -> &std::ffi::OsStr {
    place.file_name().unwrap_or(place.as_os_str())
}

fn folder_of(place: &Path) -> &Path {
    place.parent().unwrap_or(Path::new("/"))
}

fn failed(path: &Path, error: io::Error) -> OpenError {
    OpenError::new(
        format!("the database file {} cannot be replaced", path.display()),
        "run hookvault as the owner of the file, in a folder that it may write to, on a disk with room for both",
    )
    .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_put_into_its_place_leaves_the_old_file_there_with_its_companions() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("vault.db");
        for (part, content) in PARTS.iter().zip(["file", "wal", "shm", "journal"]) {
            fs::write(beside(&place, part), content).unwrap();
        }
        let new = Replacement::begin(&place).unwrap();
        fs::remove_file(new.path()).unwrap();
        assert!(new.put(Timestamp::EPOCH).is_err());
        let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["vault.db", "vault.db-journal", "vault.db-shm", "vault.db-wal"]);
        assert_eq!(fs::read_to_string(beside(&place, WAL)).unwrap(), "wal");
    }

    #[test]
    fn no_file_that_was_moved_aside_is_moved_over() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("vault.db");
        fs::write(&place, "first").unwrap();
        let mut kept = Vec::new();
        for _ in 0..3 {
            kept.push(Replacement::begin(&place).unwrap().put(Timestamp::EPOCH).unwrap());
        }
        assert_eq!(fs::read_to_string(&kept[0]).unwrap(), "first");
        let ends = kept.iter().map(|path| path.to_str().unwrap().rsplit_once(".replaced-").unwrap().1);
        assert_eq!(ends.collect::<Vec<_>>(), ["19700101T000000Z", "19700101T000000Z-2", "19700101T000000Z-3"]);
    }
}
