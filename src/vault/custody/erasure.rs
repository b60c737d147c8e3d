//! Erasure: what a deletion leaves on the disk is removed before the deletion is answered, or, where somebody still reads
//! an older state, as soon as they are done.

use crate::repository::WriteTx;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Between two tries in the background; the longest after many.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How many deletions were committed, and how many of them are off the disk.
#[derive(Default)]
pub(in crate::vault) struct Erasure {
    committed: AtomicU64,
    erased: AtomicU64,
    /// Whether a task in the background is at it.
    retrying: AtomicBool,
}

impl Erasure {
    /// Tells that a deletion was committed.
    fn committed(&self) {
        self.committed.fetch_add(1, Ordering::SeqCst);
    }

    fn is_due(&self) -> bool {
        self.erased.load(Ordering::SeqCst) < self.committed.load(Ordering::SeqCst)
    }
}

impl Vault {
    /// Erases what a server that died may have left behind. Where that cannot be done now, it is tried again and again.
    pub async fn erase_leftovers(&self) {
        self.erasure.committed();
        if let Err(error) = self.erase().await {
            tracing::warn!(error = %error, "deleted keys are not off the disk yet");
        }
    }

    /// Commits a transaction that has deleted or replaced something sealed, and removes that from the disk.
    ///
    /// # Errors
    /// Those of the commit, or [`VaultError::NotErasedYet`].
    pub(in crate::vault) async fn commit_and_erase(&self, tx: Box<dyn WriteTx>) -> Result<(), VaultError> {
        let vault = self.clone();
        // On a task of its own: a client that hangs up between the commit and the erasure stops neither.
        tokio::spawn(async move {
            tx.commit().await?;
            vault.erasure.committed();
            vault.erase().await
        })
        .await?
    }

    /// Erases where an earlier deletion is still due.
    ///
    /// # Errors
    /// [`VaultError::NotErasedYet`].
    pub(in crate::vault) async fn erase_if_due(&self) -> Result<(), VaultError> {
        if self.erasure.is_due() { self.erase().await } else { Ok(()) }
    }

    /// Erases all that was committed before.
    ///
    /// # Errors
    /// [`VaultError::NotErasedYet`]; then it is tried again in the background.
    async fn erase(&self) -> Result<(), VaultError> {
        let erased = self.try_erase().await;
        if erased.is_err() && !self.erasure.retrying.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().erase_in_background());
        }
        erased
    }

    async fn try_erase(&self) -> Result<(), VaultError> {
        let committed = self.erasure.committed.load(Ordering::SeqCst);
        self.registry.store.erase_deleted().await.map_err(VaultError::NotErasedYet)?;
        self.erasure.erased.fetch_max(committed, Ordering::SeqCst);
        Ok(())
    }

    async fn erase_in_background(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            while self.erasure.is_due() {
                tokio::time::sleep(pause).await;
                match self.try_erase().await {
                    Ok(()) => tracing::info!("deleted keys are off the disk now"),
                    // The store is closed: the next start goes on.
                    Err(VaultError::NotErasedYet(error)) if error.is_closed() => return,
                    Err(_) => pause = (pause * 2).min(LONGEST_PAUSE),
                }
            }
            self.erasure.retrying.store(false, Ordering::SeqCst);
            // One that failed just before that has left it to this task.
            if !self.erasure.is_due() || self.erasure.retrying.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }
}
