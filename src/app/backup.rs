//! Backs a vault up, proves a backup, and restores one.

use super::open::{Sealing, open_scratch, open_to_look, open_to_restore};
use super::parts::Parts;
use super::start_error::StartError;
use crate::config::{DatabaseConfig, MasterKeySource};
use crate::crypto::age_file::Identities;
use crate::domain::actor::Actor;
use crate::vault::Vault;
use crate::vault::custody::backup::making::{self, Destination};
use crate::vault::custody::backup::proof::Proof;
use crate::vault::custody::backup::{BackupError, restoring};
use std::path::Path;

/// Backs up a vault, which may be in use and stays as it is, and proves the backup.
///
/// # Errors
/// [`StartError`]; then there is no new file.
pub async fn back_up(
    database: &DatabaseConfig,
    master_key: &MasterKeySource,
    to: Destination<'_>,
    parts: &Parts,
) -> Result<Proof, StartError> {
    let sealing = Sealing::read(master_key, parts)?;
    let vault = open_to_look(database, sealing.clone(), parts).await?;
    let made = async {
        let scratch = open_scratch(sealing, parts).await?;
        let made = making::back_up(&vault, &scratch, to).await;
        scratch.close().await;
        made.map_err(StartError::NoBackup)
    };
    let made = made.await;
    vault.close().await;
    made
}

/// Proves a backup without a database: restores it where nobody sees it, and looks at all of it there.
///
/// # Errors
/// [`StartError`] where it cannot be restored as it was written.
pub async fn verify_backup(
    path: &Path,
    identities: Option<&Identities>,
    master_key: &MasterKeySource,
    parts: &Parts,
) -> Result<Proof, StartError> {
    let scratch = open_scratch(Sealing::read(master_key, parts)?, parts).await?;
    let proof = making::prove(path, identities, &scratch).await;
    scratch.close().await;
    proof.map_err(StartError::Backup)
}

/// Proves a backup and then restores it into a database, all or nothing.
///
/// # Arguments
/// `replaces`: whether a vault that is there may go for it.
///
/// # Errors
/// [`StartError`]; then a vault that was there is as it was.
pub async fn restore(
    path: &Path,
    identities: Option<&Identities>,
    database: &DatabaseConfig,
    master_key: &MasterKeySource,
    replaces: bool,
    actor: &Actor,
    parts: &Parts,
) -> Result<Proof, StartError> {
    let sealing = Sealing::read(master_key, parts)?;
    let proved = open_scratch(sealing.clone(), parts).await?;
    let restored = restore_proved(path, identities, database, &sealing, &proved, replaces, actor);
    let restored = restored.await;
    proved.close().await;
    restored
}

async fn restore_proved(
    path: &Path,
    identities: Option<&Identities>,
    database: &DatabaseConfig,
    sealing: &Sealing,
    proved: &Vault,
    replaces: bool,
    actor: &Actor,
) -> Result<Proof, StartError> {
    let proof = making::prove(path, identities, proved).await.map_err(StartError::Backup)?;
    if !proof.is_sound() {
        return Err(StartError::Backup(BackupError::Unsound { findings: proof.findings }));
    }
    // Only now, so that a backup that does not count leaves no empty database behind.
    let store = open_to_restore(database, sealing).await?;
    let restored = restoring::restore(proved, &proof, &*store, actor, replaces).await;
    store.close().await;
    restored.map_err(StartError::Restore)?;
    Ok(proof)
}
