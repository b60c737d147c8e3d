//! What is known of backups, so that whoever asks whether the vault is ready learns of it.

use crate::domain::clock::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a server knows of the backups that it makes.
#[derive(Default)]
pub(in crate::vault) struct KnownBackups(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// How old the newest may become; `None` where none are made.
    max_age: Option<Duration>,
    newest: Option<Timestamp>,
    has_failed: bool,
}

impl KnownBackups {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of the newest one that was verified, and whether the last attempt has failed.
    pub(super) fn looked(&self, max_age: Duration, newest: Option<Timestamp>, has_failed: bool) {
        let mut known = self.lock();
        // What cannot be listed now is not gone.
        let newest = newest.or(known.newest);
        *known = Known { max_age: Some(max_age), newest, has_failed };
    }

    /// What somebody should look after, in words for everybody.
    pub(super) fn warnings(&self, now: Timestamp) -> Vec<String> {
        let known = self.lock();
        let Some(max_age) = known.max_age else { return Vec::new() };
        let mut warnings = Vec::new();
        match known.newest {
            None => warnings.push("There is no verified backup.".to_owned()),
            Some(newest) if newest.after(max_age).is_ok_and(|until| until < now) => {
                warnings.push(format!("The newest verified backup is of {}.", newest.to_wire()));
            }
            Some(_) => {}
        }
        if known.has_failed {
            warnings.push("The last backup has failed; the log says why.".to_owned());
        }
        warnings
    }
}
