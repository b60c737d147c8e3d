//! What a database tells of its master keys to somebody who may have none of them.

use super::master_key::read_master_key;
use super::parts::Parts;
use super::sealing::{Sealing, database_url};
use super::start_error::StartError;
use crate::config::{DatabaseConfig, MasterKeySource};
use crate::crypto::master_key::MasterKey;
use crate::domain::master_key::{DatedMasterKey, MasterKeyRecord, MasterKeyRotation, MasterKeys};
use crate::domain::sealed::MasterKeyId;
use crate::repository::store::Store;
use crate::repository::{self, Mode};
use crate::vault::custody::sealing::SealingError;
use crate::vault::error::VaultError;

/// The master key of a vault. Where none is named, it is said which one the vault needs.
///
/// # Errors
/// [`StartError`].
pub async fn master_key_of(
    database: &DatabaseConfig,
    source: &MasterKeySource,
    parts: &Parts,
) -> Result<MasterKey, StartError> {
    match read_master_key(source) {
        Err(StartError::NoMasterKey) => Err(match master_keys_told(database, parts).await {
            Ok(Some(MasterKeys { record, rotation })) => {
                let dated = |record: MasterKeyRecord| DatedMasterKey { id: record.id, since: record.created };
                let keys = [Some(record), rotation.map(|rotation| rotation.next)].into_iter().flatten().map(dated);
                StartError::MasterKeyNeeded { of: format!("the vault in {}", database.url), keys: keys.collect() }
            }
            // What is wrong with it is for those to say who have a key.
            Ok(None) | Err(_) => StartError::NoMasterKey,
        }),
        read => read,
    }
}

/// As [`master_key_of`].
pub async fn sealing_of(
    database: &DatabaseConfig,
    source: &MasterKeySource,
    parts: &Parts,
) -> Result<Sealing, StartError> {
    Ok(Sealing::new(&master_key_of(database, source, parts).await?, parts))
}

/// Whether there is a vault in a database. One of an earlier version counts.
///
/// # Errors
/// [`StartError`] where that cannot be found out.
pub async fn is_begun(database: &DatabaseConfig, parts: &Parts) -> Result<bool, StartError> {
    let told = told_by(database, parts, async |store| {
        if !store.migrations_pending().await?.is_empty() {
            return Ok(true);
        }
        Ok(store.read().await.map_err(VaultError::from)?.master_keys().await.map_err(VaultError::from)?.is_some())
    });
    Ok(told.await?.unwrap_or(false))
}

/// `None` where there is no database, no vault in it, or one of an earlier version.
async fn master_keys_told(database: &DatabaseConfig, parts: &Parts) -> Result<Option<MasterKeys>, StartError> {
    let told = told_by(database, parts, async |store| {
        if !store.migrations_pending().await?.is_empty() {
            return Ok(None);
        }
        Ok(store.read().await.map_err(VaultError::from)?.master_keys().await.map_err(VaultError::from)?)
    });
    Ok(told.await?.flatten())
}

/// What a database tells without its master key; `None` where there is none.
async fn told_by<T>(
    database: &DatabaseConfig,
    parts: &Parts,
    ask: impl AsyncFnOnce(&dyn Store) -> Result<T, StartError>,
) -> Result<Option<T>, StartError> {
    let rows = Sealing::of_nothing(parts).rows;
    let store = match repository::open(&database_url(database)?, Mode::ReadOnly, rows).await {
        Err(error) if error.is_nothing_there() => return Ok(None),
        opened => opened?.0,
    };
    let told = ask(&*store).await;
    store.close().await;
    told.map(Some)
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
    Ok(Some(([record.id, rotation.next.id], master_key_of(database, in_use, parts).await?.id())))
}
