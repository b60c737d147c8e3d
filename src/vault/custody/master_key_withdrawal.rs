//! The end of a rotation of the master key under whose next key nothing is: it is taken back, and nothing has to be sealed anew.
//!
//! That is one that has only just begun, and one that another hand has made up, whose next key nobody may have.

use super::audit::master_keys::untold;
use super::audit::record::Record;
use super::master_key_rotation::Rotated;
use super::sealing::SealingError;
use crate::crypto::envelope::Envelope;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::master_key::{MasterKeyRotation, MasterKeys};
use crate::domain::sealed::MasterKeyId;
use crate::repository::error::StoreError;
use crate::repository::store::{ReadTx, Serial};
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;

/// Takes back a rotation from the key of the envelope, if nothing is under its next key. Returns what has become of it, or `None` where it
/// has to be gone back from step by step, or there is none.
///
/// # Errors
/// Those of the store.
pub async fn withdraw(registry: &Registry, envelope: &Envelope, actor: &Actor) -> Result<Option<Rotated>, VaultError> {
    let own = envelope.key_id();
    let Some(next) = empty(&mut *registry.store.read().await?, own).await? else { return Ok(None) };
    // Its next key need not be known, as nothing is sealed with it.
    envelope.pass_over(next);
    let mut tx = match registry.store.write(actor, Serial::Vault).await {
        // It is over, or another one has begun.
        Err(StoreError::OtherMasterKey { .. }) => return Ok(None),
        begun => begun?,
    };
    if empty(&mut *tx, own).await? != Some(next) {
        return Ok(None);
    }
    tx.master_key_rotation_delete().await?;
    let target = Target::of("MasterKey", &own.to_string(), None).with("previous", next);
    let record = match tx.org_find_default().await? {
        Some(org) => {
            let event = Event::new(EventKind::MasterKeyRotated, [target]);
            registry.commit(tx, Record::Of(&org.id, vec![event])).await
        }
        None => registry.commit(tx, Record::Nothing("there is no org yet")).await,
    };
    record?;
    Ok(Some(Rotated::Withdrawn { next }))
}

/// The next key of a rotation from this one, where nothing is under it: or where it is the same.
async fn empty<V: ReadTx + ?Sized>(view: &mut V, own: MasterKeyId) -> Result<Option<MasterKeyId>, StoreError> {
    let Some(MasterKeys { record, rotation: Some(MasterKeyRotation { next, .. }) }) = view.master_keys().await? else {
        return Ok(None);
    };
    if record.id != own {
        return Ok(None);
    }
    let is_empty = next.id == own || view.master_key_uses(next.id).await? == 0;
    Ok(is_empty.then_some(next.id))
}

/// Refuses to go back from a rotation that is over, by the word of the trail: what is there of it was put back.
///
/// # Errors
/// [`SealingError::Untold`], or one of the store.
pub async fn refuse_ended(registry: &Registry) -> Result<(), SealingError> {
    let mut view = registry.store.read().await?;
    let told = view.master_keys().await?.ok_or(VaultError::Empty)?;
    match untold(&mut *view, &told).await? {
        Some(rotation) if rotation.is_over() => Err(SealingError::Untold(Box::new(rotation))),
        _ => Ok(()),
    }
}
