//! What is known of damage, so that whoever asks whether the vault is ready learns of it.

use super::sealing::SealingError;
use crate::repository::error::StoreError;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The damage that was met first since everything was last found sound.
#[derive(Default)]
pub(in crate::vault) struct Health(Mutex<Option<String>>);

impl Health {
    fn damage(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what a look at everything has found first.
    pub(in crate::vault) fn looked(&self, damage: Option<String>) {
        *self.damage() = damage;
    }
}

/// Why the vault is not ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// What is written now would be lost.
    #[error(transparent)]
    NotInPlace(StoreError),
    #[error("damage was met: {0}")]
    Damaged(String),
}

impl Vault {
    /// Whether the database answers, is still the one that was opened, was sealed with the master key in use, and no damage is known.
    ///
    /// # Errors
    /// [`NotReady`].
    pub async fn health(&self) -> Result<(), NotReady> {
        self.registry.store.check_in_place().map_err(NotReady::NotInPlace)?;
        self.ready().await?;
        match &*self.health.damage() {
            Some(damage) => Err(NotReady::Damaged(damage.clone())),
            None => Ok(()),
        }
    }

    /// To be told of every error: where it is damage, the vault is not ready until a look at everything finds it sound.
    pub fn observe(&self, error: &VaultError) {
        if !error.is_damage() {
            return;
        }
        let mut damage = self.health.damage();
        if damage.is_none() {
            tracing::error!(error = %error, "the database is damaged; `hookvault check` says where");
            *damage = Some(error.to_string());
        }
    }
}
