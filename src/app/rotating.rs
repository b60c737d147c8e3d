//! Rotation of the master key of a vault that may be in use.

use super::master_key::read_master_key;
use super::master_keys_told::master_key_of;
use super::open::open_migrated;
use super::parts::Parts;
use super::sealing::Sealing;
use super::start_error::StartError;
use crate::config::{DatabaseConfig, MasterKeySource};
use crate::domain::actor::Actor;
use crate::domain::sealed::MasterKeyId;
use crate::vault::Registry;
use crate::vault::custody::master_key_rotation::{MasterKeyChange, Rotated, Wishes};
use crate::vault::custody::master_key_standing::new_key;
use crate::vault::custody::master_key_withdrawal::{refuse_ended, withdraw};
use crate::vault::custody::sealing::{self, NeverServed};

/// Seals everything with another master key. Returns also the id of that one.
///
/// # Errors
/// [`StartError`]; what was done until then stands, and is gone on with by the next call.
pub async fn rotate_master_key(
    database: &DatabaseConfig,
    [old, next]: [&MasterKeySource; 2],
    wishes: Wishes,
    actor: &Actor,
    parts: &Parts,
) -> Result<(Rotated, MasterKeyId), StartError> {
    let (old, next) = (master_key_of(database, old, parts).await?, read_master_key(next)?);
    let Sealing { envelope, rows } = Sealing::new(&old, parts);
    // A rotation that was begun may have to be gone on with, or be over.
    envelope.learn(&next);
    let (store, _) = open_migrated(database, false, &rows).await?;
    let registry = Registry::new(store.clone(), parts.clock.clone(), parts.random.clone());
    let rotated = async {
        sealing::bring_over(&registry, &envelope, &rows, NeverServed::Refuse).await?;
        let (registry, envelope, old, next) = (&registry, &envelope, &old, &next);
        Ok(MasterKeyChange { registry, envelope, old, next, actor }.run(wishes).await?)
    };
    let rotated: Result<_, StartError> = rotated.await;
    store.close().await;
    Ok((rotated?, next.id()))
}

/// Gives up the rotation that is under way: seals everything with the key before again, where anything is under the new one.
///
/// # Arguments
/// `old`: the key before. `new`: the one that it was rotated to; missing where the database has it.
///
/// # Errors
/// [`StartError`]; what was done until then stands.
pub async fn give_up_rotation(
    database: &DatabaseConfig,
    [old, new]: [&MasterKeySource; 2],
    actor: &Actor,
    parts: &Parts,
) -> Result<(Rotated, MasterKeyId), StartError> {
    let old = master_key_of(database, old, parts).await?;
    let new = if new.is_missing() { None } else { Some(read_master_key(new)?) };
    let Sealing { envelope, rows } = Sealing::new(&old, parts);
    let (store, _) = open_migrated(database, false, &rows).await?;
    let registry = Registry::new(store.clone(), parts.clock.clone(), parts.random.clone());
    let rotated = async {
        if let Some(withdrawn) = withdraw(&registry, &envelope, actor).await? {
            return Ok(withdrawn);
        }
        let new = new_key(&registry, &old, new).await?;
        envelope.learn(&new);
        sealing::bring_over(&registry, &envelope, &rows, NeverServed::Refuse).await?;
        refuse_ended(&registry).await?;
        let (registry, envelope) = (&registry, &envelope);
        Ok(MasterKeyChange { registry, envelope, old: &new, next: &old, actor }.run(Wishes::default()).await?)
    };
    let rotated: Result<_, StartError> = rotated.await;
    store.close().await;
    Ok((rotated?, old.id()))
}
