//! What a database tells of its master keys to somebody who may have none of them.

use super::master_key::read_master_key;
use super::open::{Sealing, database_url};
use super::parts::Parts;
use super::start_error::StartError;
use crate::config::{DatabaseConfig, MasterKeySource};
use crate::domain::master_key::{MasterKeyRotation, MasterKeys};
use crate::domain::sealed::MasterKeyId;
use crate::repository::{self, Mode};
use crate::vault::custody::sealing::SealingError;
use crate::vault::error::VaultError;

/// `None` where there is no database, no vault in it, or one of an earlier version.
async fn master_keys_told(database: &DatabaseConfig, parts: &Parts) -> Result<Option<MasterKeys>, StartError> {
    let rows = Sealing::of_nothing(parts).rows;
    let store = match repository::open(&database_url(database)?, Mode::ReadOnly, rows).await {
        Err(error) if error.is_nothing_there() => return Ok(None),
        opened => opened?.0,
    };
    let told = async {
        if !store.migrations_pending().await?.is_empty() {
            return Ok(None);
        }
        let mut view = store.read().await.map_err(VaultError::from)?;
        Ok::<_, StartError>(view.master_keys().await.map_err(VaultError::from)?)
    };
    let told = told.await;
    store.close().await;
    told
}

/// Whether a master key opens the vault of a database, by the word of that. Returns the next key of a rotation from it, which takes its
/// place. A key is not refused where there is no vault.
///
/// # Errors
/// [`StartError::Sealing`] where it does not, or what kept it from being compared.
pub async fn compare_master_key(
    given: MasterKeyId,
    database: &DatabaseConfig,
    parts: &Parts,
) -> Result<Option<MasterKeyId>, StartError> {
    let Some(MasterKeys { record, rotation }) = master_keys_told(database, parts).await? else { return Ok(None) };
    match rotation {
        None if record.id == given => Ok(None),
        None => Err(SealingError::WrongMasterKey { sealed_with: record.id, since: record.created, given }.into()),
        Some(MasterKeyRotation { next, .. }) if next.id == given => Ok(None),
        Some(MasterKeyRotation { next, .. }) if record.id == given => Ok(Some(next.id)),
        Some(MasterKeyRotation { next, .. }) => {
            let (old, old_since) = (record.id, record.created);
            let (next, next_since) = (next.id, next.created);
            Err(SealingError::OtherRotation { old, old_since, next, next_since, given }.into())
        }
    }
}

/// The keys of the rotation that is under way, old and next, and the id of the key in use.
///
/// # Errors
/// [`StartError`].
pub async fn rotation_under_way(
    database: &DatabaseConfig,
    in_use: &MasterKeySource,
    parts: &Parts,
) -> Result<Option<([MasterKeyId; 2], MasterKeyId)>, StartError> {
    let Some(MasterKeys { record, rotation: Some(rotation) }) = master_keys_told(database, parts).await? else {
        return Ok(None);
    };
    Ok(Some(([record.id, rotation.next.id], read_master_key(in_use)?.id())))
}
