//! Whether the master key in use is the one that seals the database.

use crate::crypto::envelope::{Envelope, OpenError};
use crate::domain::sealed::{MasterKeyId, Place};
use crate::repository::master_key::MasterKeyRecord;
use crate::vault::Registry;
use crate::vault::Vault;
use crate::vault::error::VaultError;

/// The value under the probe. Its content does not matter; that it opens does.
const PROBE: &[u8] = b"hookvault";

const PROBE_PLACE: Place<'static> = Place { org: "", table: "master_key", row: "1", column: "probe" };

#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error("the database was sealed with the master key {sealed_with}, but the master key given is {given}")]
    WrongMasterKey { sealed_with: MasterKeyId, given: MasterKeyId },
    #[error("the master key record of the database is damaged")]
    ProbeDamaged(#[source] OpenError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Records the master key of a new database; afterwards, checks that it is the same one.
///
/// # Errors
/// [`SealingError`].
pub async fn claim(registry: &Registry, envelope: &Envelope) -> Result<(), SealingError> {
    let record = MasterKeyRecord {
        id: envelope.key_id(),
        probe: envelope.seal(PROBE_PLACE, PROBE),
        created: registry.clock.now(),
    };
    let found = registry.store.read().await.map_err(VaultError::from)?.master_key_find().await;
    let found = match found.map_err(VaultError::from)? {
        Some(found) => found,
        None => {
            let mut tx = registry.store.write().await.map_err(VaultError::from)?;
            // Another process may have been faster, perhaps with another key.
            match tx.master_key_find().await.map_err(VaultError::from)? {
                Some(found) => found,
                None => {
                    tx.master_key_insert(&record).await.map_err(VaultError::from)?;
                    tx.commit().await.map_err(VaultError::from)?;
                    return Ok(());
                }
            }
        }
    };
    check(&found, envelope)
}

fn check(record: &MasterKeyRecord, envelope: &Envelope) -> Result<(), SealingError> {
    if record.id != envelope.key_id() {
        return Err(SealingError::WrongMasterKey { sealed_with: record.id, given: envelope.key_id() });
    }
    envelope.open(PROBE_PLACE, &record.probe).map(drop).map_err(SealingError::ProbeDamaged)
}

impl Vault {
    /// Whether the database answers and was sealed with the master key in use.
    ///
    /// # Errors
    /// [`SealingError`].
    pub async fn ready(&self) -> Result<(), SealingError> {
        let mut tx = self.registry.store.read().await.map_err(VaultError::from)?;
        let record = tx.master_key_find().await.map_err(VaultError::from)?;
        check(&record.ok_or(VaultError::Empty)?, &self.envelope)
    }
}
