//! What is known of damage, so that whoever asks whether the vault is ready learns of it.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The damage that was met first since everything was last found sound.
#[derive(Default)]
pub(in crate::vault) struct KnownDamage(Mutex<Option<String>>);

impl KnownDamage {
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was met first.
    pub(in crate::vault) fn first(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Keeps damage that was met. Returns whether it is the first.
    pub(in crate::vault) fn met(&self, damage: &impl Display) -> bool {
        let mut first = self.lock();
        let is_first = first.is_none();
        first.get_or_insert_with(|| damage.to_string());
        is_first
    }

    /// Tells what a look at everything has found first.
    pub(in crate::vault) fn looked(&self, damage: Option<String>) {
        *self.lock() = damage;
    }
}
