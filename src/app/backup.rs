//! Backs a vault up, proves a backup, and restores one.

use super::master_keys_told::sealing_of;
use super::open::{open_migrated, open_scratch, open_to_look, open_to_replace, open_to_restore, refuse_in_use};
use super::parts::Parts;
use super::sealing::Sealing;
use super::start_error::StartError;
use crate::config::{DatabaseConfig, MasterKeySource};
use crate::crypto::age_file::Identities;
use crate::domain::actor::Actor;
use crate::domain::master_key::DatedMasterKey;
use crate::repository::url::DatabaseUrl;
use crate::repository::{self, Over};
use crate::vault::custody::backup::making::{self, Destination};
use crate::vault::custody::backup::proof::Proof;
use crate::vault::custody::backup::{BackupError, restoring};
use crate::vault::custody::moving::MoveError;
use crate::vault::error::VaultError;
use crate::vault::{Registry, Vault};
use std::path::{Path, PathBuf};

/// A backup that was made.
pub struct BackedUp {
    pub proof: Proof,
    /// Why the audit trail does not tell of it, where it does not: at a standby, say.
    pub untold: Option<StartError>,
}

/// Backs up a vault, which may be in use, and proves the backup. Nothing of the vault is changed, but for its audit trail, which tells of
/// it.
///
/// # Errors
/// [`StartError`]; then there is no new file.
pub async fn back_up(
    database: &DatabaseConfig,
    master_key: &MasterKeySource,
    to: Destination<'_>,
    actor: &Actor,
    parts: &Parts,
) -> Result<BackedUp, StartError> {
    let sealing = sealing_of(database, master_key, parts).await?;
    let vault = open_to_look(database, sealing.clone(), parts).await?;
    let made = async {
        let scratch = open_scratch(sealing.clone(), parts).await?;
        let made = making::back_up(&vault, &scratch, to.clone()).await;
        scratch.close().await;
        made.map_err(StartError::NoBackup)
    };
    let made = made.await;
    vault.close().await;
    let proof = made?;
    let untold = tell(database, &sealing, &proof, &to, actor, parts).await.err();
    Ok(BackedUp { proof, untold })
}

/// Opened for it alone: what is backed up is opened for looking, as it may be where nothing can be written.
async fn tell(
    database: &DatabaseConfig,
    sealing: &Sealing,
    made: &Proof,
    to: &Destination<'_>,
    actor: &Actor,
    parts: &Parts,
) -> Result<(), StartError> {
    let (store, _) = open_migrated(database, false, &sealing.rows).await?;
    let registry = Registry::new(store.clone(), parts.clock.clone(), parts.random.clone());
    let told = registry.backup_tell(actor, made, to).await;
    store.close().await;
    Ok(told?)
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
    let scratch = open_scratch(sealing_for(path, identities, master_key, parts).await?, parts).await?;
    let proof = making::prove(path, identities, &scratch).await;
    scratch.close().await;
    proof.map_err(StartError::Backup)
}

/// What a backup is sealed with. Where no master key is named, it is said which one the backup needs.
async fn sealing_for(
    backup: &Path,
    identities: Option<&Identities>,
    master_key: &MasterKeySource,
    parts: &Parts,
) -> Result<Sealing, StartError> {
    match Sealing::read(master_key, parts) {
        Err(StartError::NoMasterKey) => {
            // Under a key that nobody has it does not open, and the refusal says which one does.
            let scratch = open_scratch(Sealing::of_nothing(parts), parts).await?;
            let refused = making::prove(backup, identities, &scratch).await.err();
            scratch.close().await;
            Err(match refused {
                Some(BackupError::WrongMasterKey { made_with, since, .. }) => StartError::MasterKeyNeeded {
                    of: backup.display().to_string(),
                    keys: vec![DatedMasterKey { id: made_with, since }],
                },
                _ => StartError::NoMasterKey,
            })
        }
        read => read,
    }
}

/// A backup that was restored.
pub struct Restored {
    pub proof: Proof,
    pub before: Before,
}

/// What has become of what was in the database before.
pub enum Before {
    /// There was nothing.
    Nothing,
    /// It is in this file, with its companions beside it.
    Kept(PathBuf),
    /// It went with the commit that has brought the backup, and so did what another hand had put at the tables, in words.
    Gone { planted: Vec<String> },
}

/// A backup, and where it is to be restored.
pub struct Restoration<'a> {
    pub backup: &'a Path,
    /// What opens it, where it is encrypted.
    pub identities: Option<&'a Identities>,
    pub database: &'a DatabaseConfig,
    pub master_key: &'a MasterKeySource,
    /// Whether what is in the database may go for it, be it readable or not.
    pub replaces: bool,
}

impl Restoration<'_> {
    /// Proves the backup and then restores it, all or nothing.
    ///
    /// # Errors
    /// [`StartError`]; then what was in the database is there as it was.
    pub async fn run(&self, actor: &Actor, parts: &Parts) -> Result<Restored, StartError> {
        let sealing = sealing_for(self.backup, self.identities, self.master_key, parts).await?;
        if self.replaces {
            refuse_in_use(self.database).await?;
        }
        let proved = open_scratch(sealing.clone(), parts).await?;
        let restored = self.prove_and_copy(&sealing, &proved, actor).await;
        proved.close().await;
        restored
    }

    /// Where a file is there, `--force` is another way.
    fn over_file(&self, error: StartError) -> StartError {
        match (error, &self.database.url) {
            (StartError::Open(error), DatabaseUrl::Sqlite(path)) if path.is_file() => StartError::RestoreOver(error),
            (error, _) => error,
        }
    }

    async fn prove_and_copy(&self, sealing: &Sealing, proved: &Vault, actor: &Actor) -> Result<Restored, StartError> {
        let proof = making::prove(self.backup, self.identities, proved).await.map_err(StartError::Backup)?;
        if !proof.is_sound() {
            return Err(StartError::Backup(BackupError::Unsound { findings: proof.findings }));
        }
        // Only now, so that a backup that does not count leaves no empty database behind.
        let (store, over) = match self.replaces {
            true => open_to_replace(self.database, sealing).await?,
            false => open_to_restore(self.database, sealing).await.map_err(|error| self.over_file(error))?,
        };
        let restored = restoring::restore(proved, &proof, &*store, actor, self.replaces).await;
        store.close().await;
        // What somebody else has begun in it meanwhile stays.
        if matches!(over, Over::Nothing) && restored.as_ref().is_err_and(|error| !matches!(error, MoveError::NotEmpty))
        {
            repository::discard(&self.database.url);
        }
        let planted = restored.map_err(|error| match error {
            error @ MoveError::Target(VaultError::Damaged(_) | VaultError::Store(_)) if self.replaces => {
                StartError::NotReplaced(Box::new(StartError::Restore(error)))
            }
            error => StartError::Restore(error),
        })?;
        let before = match over {
            Over::File(new) => Before::Kept(new.put(proved.clock().now())?),
            Over::Vault if self.replaces => Before::Gone { planted },
            Over::Vault | Over::Nothing => Before::Nothing,
        };
        Ok(Restored { proof, before })
    }
}
