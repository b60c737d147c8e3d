//! What is known of backups, so that whoever asks whether the vault is ready learns of it.

use super::backup::checking::{Checked, Sound};
use crate::domain::clock::Timestamp;
use crate::domain::sealed::MasterKeyId;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a server knows of the backups that it makes.
#[derive(Default)]
pub(in crate::vault) struct KnownBackups {
    known: Mutex<Known>,
    pub(super) checked: Checked,
}

#[derive(Default)]
struct Known {
    /// How old the newest may become; `None` where none are made.
    max_age: Option<Duration>,
    newest: Option<Sound>,
    doubted: Vec<String>,
    stuck: Vec<String>,
    has_failed: bool,
}

/// What a look at the folder has found.
pub(super) struct Seen {
    /// The newest one that is sound.
    pub newest: Option<Sound>,
    /// What is to be said of files that do not count.
    pub doubted: Vec<String>,
    /// The same of those that cannot be removed; `None` where another server sees to that.
    pub stuck: Option<Vec<String>>,
}

impl KnownBackups {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of a look, and whether the last attempt to make one has failed.
    pub(super) fn looked(&self, max_age: Duration, seen: Seen, has_failed: bool) {
        let mut known = self.lock();
        let Seen { newest, doubted, stuck } = seen;
        let stuck = stuck.unwrap_or_else(|| std::mem::take(&mut known.stuck));
        *known = Known { max_age: Some(max_age), newest, doubted, stuck, has_failed };
    }

    /// Tells that there was no look. What cannot be listed now is not gone.
    pub(super) fn not_looked(&self, max_age: Duration) {
        let mut known = self.lock();
        known.max_age = Some(max_age);
        known.has_failed = true;
    }

    /// What somebody should look after, in words for everybody.
    ///
    /// # Arguments
    /// `seals`: the master key that seals now.
    pub(super) fn warnings(&self, now: Timestamp, seals: MasterKeyId) -> Vec<String> {
        let known = self.lock();
        let Some(max_age) = known.max_age else { return Vec::new() };
        let mut warnings = Vec::new();
        match &known.newest {
            None => warnings.push("There is no verified backup.".to_owned()),
            Some(Sound { made, opens, .. }) => {
                if made.after(max_age).is_ok_and(|until| until < now) {
                    warnings.push(format!("The newest verified backup is too old: it is of {}.", made.to_wire()));
                }
                if opens.id != seals {
                    warnings
                        .push(format!("The newest verified backup opens with {opens}, which is not in use any more."));
                }
            }
        }
        if known.has_failed {
            warnings.push("The last backup has failed; the log says why.".to_owned());
        }
        warnings.extend(known.doubted.iter().chain(&known.stuck).cloned());
        warnings
    }
}
