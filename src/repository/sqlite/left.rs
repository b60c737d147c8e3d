//! What is left beside a database file that is not there, by a restore or of itself: a new and empty one would hide that the vault is gone.

use super::file::{JOURNAL, WAL, WAL_INDEX, place_of, stray_journals};
use super::replacement::{REPLACED, UNFINISHED};
use crate::repository::error::OpenError;
use std::fs;
use std::path::{Path, PathBuf};

/// Refuses a file that is not there, where one was replaced or was about to be, or where its journal is.
///
/// # Errors
/// [`OpenError`].
pub fn refuse_beside(path: &Path) -> Result<(), OpenError> {
    if path.exists() {
        return Ok(());
    }
    let place = place_of(path);
    let left = left_beside(&place);
    if left.is_empty() {
        return refuse_journals(path);
    }
    let (left, path) = (names(&left), path.display());
    Err(OpenError::new(
        format!("there is no database file {path}, but what a restore has left is beside it: {left}"),
        format!(
            "restore the backup again with --force; or give what was there before, `….replaced-…`, its name {} again, and what stands \
             beside it with -wal or -journal at its end likewise. For a new and empty vault, move these away first",
            place.display()
        ),
    ))
}

fn refuse_journals(path: &Path) -> Result<(), OpenError> {
    let stray = stray_journals(path);
    if stray.is_empty() {
        return Ok(());
    }
    Err(OpenError::new(
        format!(
            "there is no database file {}, but its journal is there, with what was written last: {}",
            path.display(),
            names(&stray)
        ),
        format!(
            "put the file that belongs to it back as {}; where that is lost, `hookvault restore FILE --force` keeps the journal under another \
             name. For a new and empty vault, move it away first",
            place_of(path).display()
        ),
    ))
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The files that were replaced, without their companions, and the folders of new ones, by name.
fn left_beside(place: &Path) -> Vec<PathBuf> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let (replaced, unfinished) = ([&name, REPLACED].concat(), [".", &name, "."].concat());
    let is_left = |name: &String| {
        let is_companion = [WAL, WAL_INDEX, JOURNAL].iter().any(|companion| name.ends_with(companion));
        name.starts_with(&replaced) && !is_companion || name.starts_with(&unfinished) && name.ends_with(UNFINISHED)
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut left: Vec<_> = names.filter(is_left).map(|name| place.with_file_name(name)).collect();
    left.sort();
    left
}
