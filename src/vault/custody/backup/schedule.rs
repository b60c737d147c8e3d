//! Backups that are due from time to time, whether anybody calls or not.

use super::error::BackupError;
use super::folder::Folder;
use super::making::{Destination, back_up};
use crate::crypto::age_file::Recipients;
use crate::domain::clock::Timestamp;
use crate::domain::keep_rules::KeepRules;
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

/// That a backup is to be made now; nobody else makes one of the vault in this folder until it is dropped.
pub struct Due {
    _lock: File,
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
        let now = self.clock().now();
        // One of later was made by a clock that was wrong.
        let newest = folder.list()?.into_iter().map(|(made, _)| made).find(|made| *made <= now);
        let is_due = newest.is_none_or(|newest| newest.after(schedule.every).is_ok_and(|next| next <= now));
        Ok(is_due.then_some(Due { _lock: lock }))
    }

    /// Makes the backup that is due, and removes those that are not kept. Returns where it is.
    ///
    /// # Arguments
    /// `scratch`: as of [`back_up`].
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup_make_due(
        &self,
        due: Due,
        schedule: &Schedule,
        scratch: &Vault,
    ) -> Result<PathBuf, BackupError> {
        let folder = self.backup_folder(schedule).await?;
        let now = self.clock().now();
        let path = folder.file(now, !schedule.recipients.is_empty());
        let to = Destination { path: &path, replaces: false, recipients: &schedule.recipients };
        back_up(self, scratch, to).await?;
        let keep = schedule.keep.clone();
        let gone = tokio::task::spawn_blocking(move || folder.tidy(&keep, now)).await??;
        drop(due);
        tracing::info!(path = %path.display(), removed = gone, "made a backup and verified it");
        Ok(path)
    }

    /// Looks which backups there are, for [`Vault::health`], and warns the log.
    ///
    /// # Arguments
    /// `has_failed`: whether the last attempt has.
    pub async fn backup_looked(&self, schedule: &Schedule, has_failed: bool) {
        let newest = self.newest_backup(schedule).await.unwrap_or_default();
        self.known_backups.looked(schedule.max_age, newest, has_failed);
        for warning in self.backup_warnings() {
            tracing::warn!(folder = %schedule.folder.display(), "{warning}");
        }
    }

    async fn newest_backup(&self, schedule: &Schedule) -> Result<Option<Timestamp>, BackupError> {
        let found = self.backup_folder(schedule).await?.list()?;
        Ok(found.into_iter().map(|(made, _)| made).find(|made| *made <= self.clock().now()))
    }

    async fn backup_folder(&self, schedule: &Schedule) -> Result<Folder, BackupError> {
        let mut view = self.registry.store.read().await.map_err(|error| BackupError::Vault(error.into()))?;
        let org = view.org_find_default().await.map_err(|error| BackupError::Vault(error.into()))?;
        Ok(Folder::of(&schedule.folder, &org.ok_or(BackupError::Vault(VaultError::Empty))?.id))
    }
}
