//! Whether the vault is ready: its database is there and sound, as far as is known.

use super::sealing::SealingError;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

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
        self.master_keys_follow().await?;
        self.known_damage.first().map_or(Ok(()), |damage| Err(NotReady::Damaged(damage)))
    }

    /// What somebody should look after although the vault is ready, in words for everybody.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.known_backups.warnings(self.clock().now())
    }

    /// To be told of every error: where it is damage, the vault is not ready until a look at everything finds it sound.
    pub fn observe(&self, error: &VaultError) {
        if error.is_damage() && self.known_damage.met(error) {
            tracing::error!(error = %error, "the database is damaged; `hookvault check` says where");
        }
    }
}
