//! Whether the master key in use is the one that seals the database.

use crate::crypto::envelope::{Envelope, OpenError};
use crate::domain::actor::Actor;
use crate::domain::sealed::{MasterKeyId, Place};
use crate::repository::master_key::MasterKeyRecord;
use crate::repository::store::Serial;
use crate::vault::error::VaultError;
use crate::vault::handle::{Registry, Vault};

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
    let found = match registry.master_key_record().await? {
        Some(found) => found,
        None => {
            let mut tx = registry.store.write(&Actor::Vault, Serial::No).await.map_err(VaultError::from)?;
            match tx.master_key_insert(&record).await.map_err(VaultError::from)? {
                Ok(()) => return Ok(registry.commit(tx).await?),
                // Another process was faster, perhaps with another key.
                Err(_) => {
                    drop(tx);
                    registry.master_key_record().await?.ok_or(VaultError::Empty)?
                }
            }
        }
    };
    check(&found, envelope)
}

impl Registry {
    async fn master_key_record(&self) -> Result<Option<MasterKeyRecord>, VaultError> {
        Ok(self.store.read().await?.master_key_find().await?)
    }
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
