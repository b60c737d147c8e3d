//! Copies what was proved into the store of a vault.

use super::proof::Proof;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::repository::error::StoreError;
use crate::repository::store::{Emptying, Serial, Store, WriteTx};
use crate::vault::custody::copying;
use crate::vault::custody::moving::{self, MoveError};
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

/// Puts what was proved into a store, in one transaction, and compares it there before it counts: without an `Ok` that is as it was.
///
/// # Arguments
/// `proved`: the vault over the store that a backup was proved in. `replaces`: whether what is in the store may go for it, whatever it
/// is; it goes with the same commit. Returns what of another hand went with it from the tables, in words.
///
/// # Errors
/// [`MoveError`].
pub async fn restore(
    proved: &Vault,
    proof: &Proof,
    to: &dyn Store,
    actor: &Actor,
    replaces: bool,
) -> Result<Vec<String>, MoveError> {
    if replaces {
        return match replace(proved, proof, to, actor, Emptying::Rows).await {
            // Something of the tables is missing.
            Err(MoveError::Target(VaultError::Damaged(StoreError::Damaged(_)))) => {
                replace(proved, proof, to, actor, Emptying::Tables).await
            }
            replaced => replaced,
        };
    }
    let mut copy = to.write(actor, Serial::Vault).await.map_err(moving::target)?;
    if copying::is_filled(&mut *copy).await.map_err(moving::target)? {
        return Err(MoveError::NotEmpty);
    }
    fill(proved, proof, copy, actor).await?;
    Ok(Vec::new())
}

async fn replace(
    proved: &Vault,
    proof: &Proof,
    to: &dyn Store,
    actor: &Actor,
    emptying: Emptying,
) -> Result<Vec<String>, MoveError> {
    let (copy, planted) = to.write_emptied(actor, emptying).await.map_err(moving::target)?;
    fill(proved, proof, copy, actor).await?;
    Ok(planted)
}

/// Copies into a store in which nothing is, tells the trail there, and commits.
async fn fill(proved: &Vault, proof: &Proof, mut copy: Box<dyn WriteTx>, actor: &Actor) -> Result<(), MoveError> {
    let registry = proved.registry();
    let mut source = registry.store.read().await.map_err(|error| MoveError::Source(error.into()))?;
    let restored = moving::copy_all(&mut *source, &mut *copy).await?;
    let head = &proof.head;
    let backup = Target::of("Backup", &head.id, None).with("made", head.made.to_wire());
    let targets = std::iter::once(backup).chain(restored.iter().map(moving::kind_target));
    moving::tell(registry, &mut *copy, actor, Event::new(EventKind::VaultRestored, targets)).await?;
    registry.commit_unrecorded(copy).await.map_err(MoveError::Target)
}
