//! The backups that a server makes by itself.

use super::open::open_scratch;
use super::parts::Parts;
use super::sealing::Sealing;
use super::start_error::StartError;
use crate::config::BackupConfig;
use crate::crypto::age_file::Recipients;
use crate::domain::chain::Chain;
use crate::vault::Vault;
use crate::vault::custody::backup::BackupError;
use crate::vault::custody::backup::schedule::Schedule;
use std::path::{Path, PathBuf};
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
        let recipients = read_recipients(recipients.as_deref())?;
        let schedule = Schedule { folder, every, keep, recipients, max_age };
        // The vault starts all the same: keys that do not sign are worse than a disk that is not there yet.
        let tried = [schedule.try_folder().map_err(StartError::BackupFolder), try_temporary()];
        for error in tried.into_iter().filter_map(Result::err) {
            tracing::error!(error = %Chain(&error), hint = error.hint(), "backups are not made as they should be");
        }
        Ok(Self { schedule, vault, sealing, parts, looking: Mutex::default() })
    }

    /// Makes a backup if one is due. Returns where it is. What fails is told to the log, and to whoever asks whether the vault is ready.
    pub async fn look(&self) -> Option<PathBuf> {
        let _looking = self.looking.lock().await;
        let made = self.make_due().await;
        if let Err(error) = &made {
            tracing::error!(error = %Chain(error), hint = error.hint(), "no backup was made");
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

/// Those whom the settings name; nobody, where they name none.
///
/// # Errors
/// [`StartError::BackupRecipients`].
pub fn read_recipients(setting: Option<&str>) -> Result<Recipients, StartError> {
    setting.map_or_else(|| Ok(Recipients::default()), Recipients::parse).map_err(StartError::BackupRecipients)
}

/// Whether a backup can be proved where it should be: SQLite takes another folder without a word where `TMPDIR` names none.
fn try_temporary() -> Result<(), StartError> {
    let named = std::env::temp_dir();
    // Where none is named, SQLite takes either.
    let usual = (named == Path::new("/tmp")).then(|| PathBuf::from("/var/tmp"));
    let tried = |folder: &PathBuf| tempfile::tempfile_in(folder).map(drop);
    match tried(&named) {
        Err(source) if usual.is_none_or(|usual| tried(&usual).is_err()) => {
            Err(StartError::Temporary { folder: named, source })
        }
        _ => Ok(()),
    }
}
