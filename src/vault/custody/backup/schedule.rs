//! Backups that are due from time to time, whether anybody calls or not.

use super::checking::Sound;
use super::error::BackupError;
use super::folder::{Folder, prune, put_record, record_path};
use super::making::{Destination, verify_new};
use super::record::{Content, Record};
use super::warnings;
use crate::crypto::age_file::Recipients;
use crate::domain::actor::Actor;
use crate::domain::chain::Chain;
use crate::domain::clock::Timestamp;
use crate::domain::keep_rules::KeepRules;
use crate::domain::sealed::MasterKeyId;
use crate::vault::custody::known_backups::Seen;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

/// Where backups are made, how often, and which of them are kept.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub folder: PathBuf,
    pub every: Duration,
    pub keep: KeepRules,
    /// With none they are not encrypted.
    pub recipients: Recipients,
    /// How old the newest may become before the vault warns.
    pub max_age: Duration,
}

impl Schedule {
    /// Whether the folder takes files. It is as it was afterwards.
    ///
    /// # Errors
    /// [`BackupError::Folder`].
    pub fn try_folder(&self) -> Result<(), BackupError> {
        let tried = tempfile::tempfile_in(&self.folder);
        tried.map(drop).map_err(|source| BackupError::Folder { path: self.folder.clone(), source })
    }

    /// Whether the newest was made so long ago that another is to be made, or is opened by another master key than the one that seals
    /// now: who throws the old one away after a rotation would have none.
    fn is_due(&self, newest: Option<&Sound>, now: Timestamp, seals: MasterKeyId) -> bool {
        newest.is_none_or(|newest| {
            newest.opens.id != seals || newest.made.after(self.every).is_ok_and(|next| next <= now)
        })
    }
}

/// That a backup is to be made now; nobody else makes one of the vault in this folder until it is dropped.
pub struct Due {
    folder: Folder,
    lock: File,
}

impl Vault {
    /// Whether a backup is to be made now, and by this server.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup_due(&self, schedule: &Schedule) -> Result<Option<Due>, BackupError> {
        let folder = self.backup_folder(schedule).await?;
        // Who has to wait for another has nothing to do.
        let Some(lock) = folder.lock()? else { return Ok(None) };
        // What servers have left that died may have the room that the new one needs. The look afterwards tells what cannot be removed.
        folder.sweep()?;
        let now = self.clock().now();
        let found = self.known_backups.checked.look(&folder, &self.envelope).await?;
        Ok(schedule.is_due(found.newest(now), now, self.envelope.key_id()).then_some(Due { folder, lock }))
    }

    /// Makes the backup that is due. Returns where it is.
    ///
    /// # Arguments
    /// `scratch`: as of [`back_up`](super::making::back_up).
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup_make_due(
        &self,
        due: Due,
        schedule: &Schedule,
        scratch: &Vault,
    ) -> Result<PathBuf, BackupError> {
        let Due { folder, lock } = due;
        let path = folder.file(self.clock().now(), !schedule.recipients.is_empty());
        let to = Destination { path: &path, replaces: false, recipients: &schedule.recipients };
        let verified = verify_new(self, scratch, to.clone()).await?;
        let (envelope, place) = (self.envelope.clone(), path.clone());
        let put = move || {
            // Until both are there, whatever becomes of who waits for it: a record without a backup is swept away.
            let _lock = lock;
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            let content = verified.reopen().and_then(|mut file| Content::read(&name, &mut file));
            let opens = verified.head().dated_master_key();
            let recorded =
                content.and_then(|content| put_record(&place, &Record::written(content, opens, &envelope).1));
            recorded.map_err(|source| BackupError::Write { path: record_path(&place), source })?;
            verified.put()
        };
        let made = tokio::task::spawn_blocking(put).await??;
        if let Err(error) = self.registry.backup_tell(&Actor::Vault, &made, &to).await {
            tracing::warn!(%error, path = %path.display(), "the audit trail does not tell of a backup");
        }
        tracing::info!(path = %path.display(), "made a backup and verified it");
        Ok(path)
    }

    /// Looks which backups there are, for [`Vault::health`], removes those that are not kept, and warns the log.
    ///
    /// # Arguments
    /// `has_failed`: whether the last attempt to make one has.
    pub async fn backup_looked(&self, schedule: &Schedule, has_failed: bool) {
        match self.look_after(schedule).await {
            Ok(seen) => self.known_backups.looked(schedule.max_age, seen, has_failed),
            Err(error) => {
                // Why none was made has been told, and is most often the same.
                if !has_failed {
                    tracing::error!(error = %Chain(&error), "the folder of the backups was not looked at");
                }
                self.known_backups.not_looked(schedule.max_age);
            }
        }
        for warning in self.backup_warnings() {
            tracing::warn!(folder = %schedule.folder.display(), "{warning}");
        }
    }

    async fn look_after(&self, schedule: &Schedule) -> Result<Seen, BackupError> {
        let folder = self.backup_folder(schedule).await?;
        let lock = folder.lock()?;
        let found = self.known_backups.checked.look(&folder, &self.envelope).await?;
        let now = self.clock().now();
        let newest = found.newest(now).cloned();
        let doubted = warnings::of_doubted(&found.doubted);
        // Who has the lock cares for the folder.
        let Some(lock) = lock else { return Ok(Seen { newest, doubted, stuck: None }) };
        let (known, envelope, keep) = (self.known_backups.clone(), self.envelope.clone(), schedule.keep.clone());
        // Nothing goes before there is a new one.
        let prunes = !schedule.is_due(newest.as_ref(), now, self.envelope.key_id());
        let care = move || {
            let _lock = lock;
            if let Err(error) = known.checked.renew_records(&envelope) {
                tracing::warn!(error = %Chain(&error), "a record of a backup is under an older master key still");
            }
            let mut stuck = folder.sweep()?;
            if prunes {
                let sound = found.sound.into_iter().map(|sound| (sound.made, sound.path)).collect();
                let (removed, left) = prune(sound, &keep);
                stuck.extend(left);
                if removed > 0 {
                    tracing::info!(removed, "removed backups that are not kept");
                }
            }
            Ok::<_, BackupError>(warnings::of_stuck(&stuck))
        };
        let stuck = Some(tokio::task::spawn_blocking(care).await??);
        Ok(Seen { newest, doubted, stuck })
    }

    async fn backup_folder(&self, schedule: &Schedule) -> Result<Folder, BackupError> {
        let mut view = self.registry.store.read().await.map_err(|error| BackupError::Vault(error.into()))?;
        let org = view.org_find_default().await.map_err(|error| BackupError::Vault(error.into()))?;
        Ok(Folder::of(&schedule.folder, &org.ok_or(BackupError::Vault(VaultError::Empty))?.id))
    }
}
