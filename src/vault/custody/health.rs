//! Whether the vault is ready: its database is there and sound, as far as is known.

use super::sealing::SealingError;
use crate::domain::chain::Chain;
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
    /// Returns what somebody should look after all the same, in words for everybody.
    ///
    /// # Errors
    /// [`NotReady`].
    pub async fn health(&self) -> Result<Vec<String>, NotReady> {
        self.registry.store.check_in_place().map_err(NotReady::NotInPlace)?;
        let told = self.master_keys_follow().await?;
        if let Some(damage) = self.registry.known_damage.first() {
            return Err(NotReady::Damaged(damage));
        }
        let mut warnings = self.backup_warnings();
        if let Some(rotation) = told.rotation {
            let since = rotation.next.created.to_wire();
            warnings.push(format!("A rotation of the master key has begun at {since} and is not over."));
        }
        Ok(warnings)
    }

    /// What is to be said of backups.
    pub(in crate::vault) fn backup_warnings(&self) -> Vec<String> {
        self.known_backups.warnings(self.clock().now(), self.envelope.key_id())
    }

    #[must_use]
    pub fn is_damage_known(&self) -> bool {
        self.registry.known_damage.first().is_some()
    }

    /// To be told of every error: where it is damage, the vault is not ready until a look at everything finds it sound.
    pub fn observe(&self, error: &VaultError) {
        if error.is_damage() && self.registry.known_damage.met(error) {
            tracing::error!(error = %Chain(error), "the database is damaged; `hookvault check` says where");
        }
    }
}
