//! The backups that a server makes by itself.

use super::open::{Sealing, open_scratch};
use super::parts::Parts;
use super::start_error::StartError;
use crate::config::BackupConfig;
use crate::crypto::age_file::Recipients;
use crate::domain::chain::Chain;
use crate::vault::Vault;
use crate::vault::custody::backup::BackupError;
use crate::vault::custody::backup::schedule::Schedule;
use std::path::PathBuf;
use tokio::sync::Mutex;

/// Looks from time to time whether one is due.
pub struct ScheduledBackups {
    schedule: Schedule,
    vault: Vault,
    sealing: Sealing,
    parts: Parts,
    /// Held while it looks.
    looking: Mutex<()>,
}

impl ScheduledBackups {
    /// # Errors
    /// [`StartError::BackupRecipients`].
    pub(super) fn new(config: &BackupConfig, vault: Vault, sealing: Sealing, parts: Parts) -> Result<Self, StartError> {
        let BackupConfig { folder, every, keep, recipients, max_age } = config.clone();
        let recipients = Recipients::parse(&recipients).map_err(StartError::BackupRecipients)?;
        let schedule = Schedule { folder, every, keep, recipients, max_age };
        Ok(Self { schedule, vault, sealing, parts, looking: Mutex::default() })
    }

    /// Makes a backup if one is due. Returns where it is. What fails is told to the log, and to whoever asks whether the vault is ready.
    pub async fn look(&self) -> Option<PathBuf> {
        let _looking = self.looking.lock().await;
        let made = self.make_due().await;
        if let Err(error) = &made {
            tracing::error!(error = %Chain(error), "no backup was made");
        }
        self.vault.backup_looked(&self.schedule, made.is_err()).await;
        made.unwrap_or_default()
    }

    async fn make_due(&self) -> Result<Option<PathBuf>, StartError> {
        let failed = |error: BackupError| StartError::NoBackup(error);
        let Some(due) = self.vault.backup_due(&self.schedule).await.map_err(failed)? else { return Ok(None) };
        let scratch = open_scratch(self.sealing.clone(), &self.parts).await?;
        let made = self.vault.backup_make_due(due, &self.schedule, &scratch).await;
        scratch.close().await;
        made.map(Some).map_err(failed)
    }
}
