//! The master keys of which the trail tells, as they were found last.

use crate::domain::master_key::MasterKeys;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the database told of its master keys when it was last compared with the trail.
#[derive(Default)]
pub(in crate::vault) struct ToldMasterKeys(Mutex<Option<MasterKeys>>);

impl ToldMasterKeys {
    fn lock(&self) -> MutexGuard<'_, Option<MasterKeys>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was the same.
    pub(in crate::vault) fn is(&self, told: &MasterKeys) -> bool {
        self.lock().as_ref() == Some(told)
    }

    pub(in crate::vault) fn keep(&self, told: &MasterKeys) {
        *self.lock() = Some(told.clone());
    }
}
