//! What counts once: assertions and proofs, by their `jti`. The database decides, so it holds over restarts and processes.

use super::error::ProofError;
use crate::domain::actor::Actor;
use crate::domain::chain::Chain;
use crate::domain::clock::Timestamp;
use crate::repository::error::StoreError;
use crate::repository::store::{Serial, WriteTx};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use sha2::{Digest as _, Sha256};

/// The use of a token that counts once.
#[derive(Debug, Clone)]
pub struct SingleUse {
    hash: [u8; 32],
    /// When the token is refused for its age, and need not be remembered any more.
    expires: Timestamp,
}

impl SingleUse {
    /// # Arguments
    /// `whose`: what kind of token, of which org, and of which sender; each has ids of its own.
    pub(super) fn new(whose: [&str; 3], jti: &str, expires: Timestamp) -> Self {
        let mut hash = Sha256::new();
        for part in whose.into_iter().chain([jti]) {
            // With its length in front, so that no two lists of parts are the same bytes.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self { hash: hash.finalize().into(), expires }
    }

    /// Returns whether it is the first use.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn record(&self, tx: &mut dyn WriteTx) -> Result<bool, StoreError> {
        tx.used_token_id_insert(&self.hash, self.expires).await
    }
}

impl Vault {
    /// Uses a proof up: the request that it came with is about to be looked at.
    ///
    /// # Errors
    /// [`VaultError::Proof`] where it was used before, or one of the store.
    pub async fn proof_use(&self, actor: &Actor, proof: &SingleUse) -> Result<(), VaultError> {
        let mut tx = self.registry.store.write(actor, Serial::No).await?;
        if !proof.record(&mut *tx).await? {
            return Err(ProofError::AlreadyUsed.into());
        }
        self.commit(tx, Record::SingleUse("what the proof is for has an entry of its own")).await
    }

    /// Takes the use of a proof back: the request could not be served, and is sent again as it is.
    pub async fn proof_release(&self, actor: &Actor, proof: &SingleUse) {
        let released = async {
            let mut tx = self.registry.store.write(actor, Serial::No).await?;
            tx.used_token_id_delete(&proof.hash).await?;
            self.commit(tx, Record::SingleUse("the request was not served")).await
        };
        if let Err(error) = released.await {
            tracing::warn!(error = %Chain(&error), "a proof whose request failed cannot be sent again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_of_another_sender_is_another() {
        let hash = |whose, jti| SingleUse::new(whose, jti, Timestamp::EPOCH).hash;
        assert_eq!(hash(["a", "b", "c"], "d"), hash(["a", "b", "c"], "d"));
        assert_ne!(hash(["a", "b", "c"], "d"), hash(["a", "b", "cd"], ""));
        assert_ne!(hash(["a", "b", "c"], "d"), hash(["ab", "", "c"], "d"));
    }
}
