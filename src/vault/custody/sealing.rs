//! Whether the master key in use is the one that seals the database, and whether what is sealed still opens.

use crate::crypto::envelope::{Envelope, OpenError};
use crate::crypto::rsa_key;
use crate::domain::hook_key::{PublicKey, SealedHookKey};
use crate::domain::id::{HookKeyId, InlineHookId, KeyId};
use crate::domain::inline_hook::StoredInlineHook;
use crate::domain::name::Name;
use crate::domain::sealed::{MasterKeyId, Place, Sealed};
use crate::domain::signing_key::SealedSigningKey;
use crate::repository::error::StoreError;
use crate::repository::master_key::MasterKeyRecord;
use crate::vault::Registry;
use crate::vault::Vault;
use crate::vault::error::VaultError;

/// The value under the probe. Its content does not matter; that it opens does.
const PROBE: &[u8] = b"hookvault";

const PROBE_PLACE: Place<'static> = Place { org: "", table: "master_key", row: "1", column: "probe" };

#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error("the database was sealed with the master key {sealed_with}, but the master key given is {given}")]
    WrongMasterKey { sealed_with: MasterKeyId, given: MasterKeyId },
    #[error("the master key record of the database is damaged")]
    ProbeDamaged(#[source] OpenError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What an examination of all private keys and secrets found.
#[derive(Debug)]
pub struct Examination {
    pub sound: usize,
    pub damaged: Vec<Damaged>,
}

/// A private key or a secret of a hook that cannot be used. `Display` names it with its reason.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    #[error("{id} ({name}): {reason}")]
    Key { id: HookKeyId, name: Name, reason: DamageReason },
    #[error("signing key {id}: {reason}")]
    SigningKey { id: KeyId, reason: DamageReason },
    #[error("{id} ({name}): {reason}")]
    Hook { id: InlineHookId, name: Name, reason: OpenError },
    #[error("{0}")]
    Row(StoreError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DamageReason {
    #[error(transparent)]
    DoesNotOpen(#[from] OpenError),
    #[error("what was sealed is no private key")]
    NoPrivateKey,
    #[error("the private key does not belong to the public key beside it")]
    WrongPublicKey,
}

/// Records the master key of a new database; afterwards, checks that it is the same one.
///
/// # Errors
/// [`SealingError`].
pub async fn claim(registry: &Registry, envelope: &Envelope) -> Result<(), SealingError> {
    let record = MasterKeyRecord {
        id: envelope.key_id(),
        probe: envelope.seal(PROBE_PLACE, PROBE),
        created: registry.clock.now(),
    };
    let found = registry.store.read().await.map_err(VaultError::from)?.master_key_find().await;
    let found = match found.map_err(VaultError::from)? {
        Some(found) => found,
        None => {
            let mut tx = registry.store.write().await.map_err(VaultError::from)?;
            // Another process may have been faster, perhaps with another key.
            match tx.master_key_find().await.map_err(VaultError::from)? {
                Some(found) => found,
                None => {
                    tx.master_key_insert(&record).await.map_err(VaultError::from)?;
                    tx.commit().await.map_err(VaultError::from)?;
                    return Ok(());
                }
            }
        }
    };
    check(&found, envelope)
}

fn check(record: &MasterKeyRecord, envelope: &Envelope) -> Result<(), SealingError> {
    if record.id != envelope.key_id() {
        return Err(SealingError::WrongMasterKey { sealed_with: record.id, given: envelope.key_id() });
    }
    envelope.open(PROBE_PLACE, &record.probe).map(drop).map_err(SealingError::ProbeDamaged)
}

impl Vault {
    /// Whether the database answers and was sealed with the master key in use.
    ///
    /// # Errors
    /// [`SealingError`].
    pub async fn ready(&self) -> Result<(), SealingError> {
        let mut tx = self.registry.store.read().await.map_err(VaultError::from)?;
        let record = tx.master_key_find().await.map_err(VaultError::from)?;
        check(&record.ok_or(VaultError::Empty)?, &self.envelope)
    }

    /// Opens every private key and every secret of a hook, of all orgs, and compares each key with the public key beside it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sealed_examine(&self) -> Result<Examination, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let (keys, hooks) = (tx.hook_key_list_sealed().await?, tx.inline_hook_list_sealed().await?);
        let signing_keys = tx.signing_key_list_sealed().await?;
        drop(tx);
        let (count, envelope) = (keys.len() + hooks.len() + signing_keys.len(), self.envelope.clone());
        // Some milliseconds a key: off the async workers.
        let damaged: Vec<_> = tokio::task::spawn_blocking(move || {
            let keys = keys.into_iter().filter_map(|key| damage_of_key(key, &envelope));
            let hooks = hooks.into_iter().filter_map(|hook| damage_of_hook(hook, &envelope));
            let signing_keys = signing_keys.into_iter().filter_map(|key| damage_of_signing_key(key, &envelope));
            keys.chain(hooks).chain(signing_keys).collect()
        })
        .await?;
        Ok(Examination { sound: count - damaged.len(), damaged })
    }
}

fn damage_of_key(key: Result<SealedHookKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(key) => {
            let reason = examine(key.place(), &key.sealed_pkcs8, &key.public_key, envelope).err()?;
            Some(Damaged::Key { id: key.id, name: key.name, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn damage_of_signing_key(key: Result<SealedSigningKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(sealed) => {
            let id = sealed.key.key_id;
            let row = id.to_string();
            let reason = examine(sealed.place(&row), &sealed.sealed_pkcs8, &sealed.key.public_key, envelope).err()?;
            Some(Damaged::SigningKey { id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn damage_of_hook(stored: Result<StoredInlineHook, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match stored {
        Ok(StoredInlineHook { hook, sealed_secret }) => {
            let reason = envelope.open(hook.secret_place(), &sealed_secret?).err()?;
            Some(Damaged::Hook { id: hook.id, name: hook.name, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn examine(place: Place<'_>, sealed: &Sealed, beside: &PublicKey, envelope: &Envelope) -> Result<(), DamageReason> {
    let pkcs8 = envelope.open(place, sealed)?;
    let public_key = rsa_key::public_half(&pkcs8).map_err(|_| DamageReason::NoPrivateKey)?;
    if public_key == *beside { Ok(()) } else { Err(DamageReason::WrongPublicKey) }
}
