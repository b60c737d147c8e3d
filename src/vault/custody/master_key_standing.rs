//! Where a rotation of the master key stands, and with which keys it can be given up.

use crate::crypto::master_key::MasterKey;
use crate::crypto::sealing_key::{SealingKey, unwrap_key};
use crate::domain::clock::Timestamp;
use crate::domain::master_key::{MasterKeyRotation, MasterKeys};
use crate::domain::sealed::MasterKeyId;
use crate::vault::error::VaultError;
use crate::vault::handle::{Registry, Vault};

/// A rotation that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationStanding {
    pub from: MasterKeyId,
    pub to: MasterKeyId,
    pub since: Timestamp,
    /// How many rows and values are under the old key still.
    pub left: u64,
}

/// Why a rotation cannot be given up.
#[derive(Debug, thiserror::Error)]
pub enum NoWayBack {
    #[error("no rotation of the master key is under way")]
    NoRotation,
    #[error(
        "the rotation that is under way goes to the master key {given}, which is the one that was given, from {from}"
    )]
    Forward { given: MasterKeyId, from: MasterKeyId },
    #[error(
        "the rotation that is under way is from the master key {from} to {to}, and {given} was given in the place of one of them"
    )]
    OtherKey { from: MasterKeyId, to: MasterKeyId, given: MasterKeyId },
    #[error(
        "{lost} rows or values are under the new master key {to}, which is not in the database (--leaked) and was not given: without it \
         nothing opens them"
    )]
    Lost { to: MasterKeyId, lost: u64 },
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// The rotation of the master key that is under way.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn master_key_rotation_standing(&self) -> Result<Option<RotationStanding>, VaultError> {
        let mut view = self.registry.store.read().await?;
        let MasterKeys { record, rotation } = view.master_keys().await?.ok_or(VaultError::Empty)?;
        let Some(MasterKeyRotation { next, .. }) = rotation else { return Ok(None) };
        let left = view.master_key_uses(record.id).await?;
        Ok(Some(RotationStanding { from: record.id, to: next.id, since: next.created, left }))
    }
}

/// The new key of the rotation that is under way, from which everything is to go back to the old one: the one that was given, or else
/// what the database has of it under the old one.
///
/// # Arguments
/// `old`: the key that it goes back to. `given`: the new one, where somebody has it.
///
/// # Errors
/// [`NoWayBack`].
pub async fn new_key(registry: &Registry, old: &MasterKey, given: Option<MasterKey>) -> Result<MasterKey, NoWayBack> {
    let mut view = registry.store.read().await.map_err(VaultError::from)?;
    let told = view.master_keys().await.map_err(VaultError::from)?.ok_or(VaultError::Empty)?;
    let from = told.record.id;
    let Some(MasterKeyRotation { next, sealed_next, .. }) = told.rotation else { return Err(NoWayBack::NoRotation) };
    let to = next.id;
    if old.id() == to {
        return Err(NoWayBack::Forward { given: to, from });
    }
    let wanted = [(Some(old.id()), from), (given.as_ref().map(MasterKey::id), to)];
    let other = wanted.into_iter().find_map(|(id, wanted)| id.filter(|id| *id != wanted));
    if let Some(given) = other {
        return Err(NoWayBack::OtherKey { from, to, given });
    }
    let kept = || unwrap_key(&SealingKey::new(old), MasterKeyRotation::NEXT, sealed_next.as_ref()?, to);
    match given.or_else(kept) {
        Some(key) => Ok(key),
        None => Err(NoWayBack::Lost { to, lost: view.master_key_uses(to).await.map_err(VaultError::from)? }),
    }
}
