//! Erasure: what a deletion leaves on the disk is removed at once, or, where somebody still reads an older state, as soon as they
//! are done. What is pending is in the database, so every server tries, whoever has deleted.

use crate::domain::actor::Actor;
use crate::repository::erasure::Erasure;
pub use crate::repository::erasure::PendingErasures;
use crate::repository::store::WriteTx;
use crate::vault::error::VaultError;
use crate::vault::handle::{Registry, Vault};

impl Registry {
    /// Commits. A deletion stands with that; where its bytes are not off the disk, that is recorded and told.
    ///
    /// # Errors
    /// Those of the store; then nothing was changed.
    pub(in crate::vault) async fn commit_unrecorded(&self, tx: Box<dyn WriteTx>) -> Result<(), VaultError> {
        let now = self.clock.now();
        let actor = tx.actor().clone();
        // On a task of its own: a client that hangs up between the commit and the erasure stops neither.
        match tokio::spawn(tx.commit(now)).await?? {
            Erasure::Nothing | Erasure::Done | Erasure::Removed => {}
            Erasure::Pending => tell_pending(&actor),
            Erasure::Scheduled => tell_scheduled(&actor),
        }
        Ok(())
    }
}

impl Vault {
    /// Tries to get off the disk what any server has deleted, also one that has died since. Tells the log when it succeeds.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn erase_pending(&self) -> Result<Erasure, VaultError> {
        let Some(PendingErasures { count, .. }) = self.erasure_pending().await? else { return Ok(Erasure::Nothing) };
        let erasure = self.registry.store.erase().await?;
        match erasure {
            Erasure::Done => tracing::info!(deletions = count, "what was deleted is off the disk now"),
            Erasure::Removed => tracing::info!(
                deletions = count,
                "what was deleted is out of the tables now; nothing was overwritten (SECURITY.md, Erasure)"
            ),
            Erasure::Nothing | Erasure::Pending | Erasure::Scheduled => {}
        }
        Ok(erasure)
    }

    /// What was deleted and may still be on the disk.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn erasure_pending(&self) -> Result<Option<PendingErasures>, VaultError> {
        Ok(self.registry.store.read().await?.erasure_pending().await?)
    }
}

fn tell_pending(actor: &Actor) {
    tracing::warn!(
        %actor,
        "what was deleted is not off the disk yet: somebody still reads an older state of the database; every server tries again"
    );
}

fn tell_scheduled(actor: &Actor) {
    tracing::info!(
        %actor,
        "what was deleted is out of every new read; VACUUM takes it out of the tables, and nothing overwrites it on the disks of \
         the database, its standbys, log and backups (SECURITY.md, Erasure)"
    );
}
