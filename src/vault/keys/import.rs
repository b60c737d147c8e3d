//! Keys that others have made. There is a way in, and none out.

use crate::crypto::import::import;
use crate::crypto::jwe;
use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind};
use crate::domain::hook_key::{HookKey, Origin, SealedHookKey, place};
use crate::domain::id::OrgId;
use crate::domain::name::Name;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::keys::hook_key::{birth, row_target};
use crate::vault::keys::publishing::PublishedKey;
use zeroize::Zeroizing;

/// A private key on its way in. There is no `Debug`.
pub enum Foreign<'a> {
    /// As it is: PKCS#8 or PKCS#1, PEM or DER, or a JWK.
    Plain(Zeroizing<Vec<u8>>),
    /// Encrypted to a key of the vault, which is given by its id or name (RFC 7516).
    Wrapped { jwe: &'a str, to: &'a str },
}

impl Vault {
    /// Takes a key that somebody else has made, if nothing speaks against it. When this returns `Ok` it is on disk.
    ///
    /// # Errors
    /// [`VaultError::Name`], [`VaultError::Import`], [`VaultError::ImportRelated`], [`VaultError::Unwrap`], [`VaultError::NotFound`] for the key that it is encrypted to,
    /// [`VaultError::Conflict`] of the name or the cap, or one of the store.
    pub async fn hook_key_import(
        &self,
        actor: &Actor,
        org: &OrgId,
        name: &str,
        foreign: Foreign<'_>,
    ) -> Result<PublishedKey, VaultError> {
        let name = Name::parse(name).map_err(VaultError::Name)?;
        let pair = self.foreign_pair(org, foreign).await?;
        let now = self.registry.clock.now();
        let key = HookKey {
            id: self.registry.random.id(),
            org_id: org.clone(),
            key_id: self.registry.random.key_id(),
            name,
            created: now,
            last_updated: now,
            is_used: false,
            public_key: pair.public_key.clone(),
            birth: Some(birth(Origin::Imported, actor)),
            signs_from: now,
            rotate_every: None,
        };
        let mut tx = self.write_beside_unrelated(actor, org, &pair.public_key).await?;
        let sealed = self.envelope.seal(place(&key.org_id, &key.id), pair.pkcs8());
        tx.hook_key_insert(&key, &sealed).await??;
        let target = row_target(&key).with("key_id", key.key_id).with("bits", key.public_key.bits());
        self.commit(tx, Record::Of(org, vec![Event::new(EventKind::HookKeyImported, [target])])).await?;
        Ok(PublishedKey::new(key))
    }

    /// Tens of milliseconds, for large keys hundreds: off the async workers, and no more at once than keys are made.
    async fn foreign_pair(&self, org: &OrgId, foreign: Foreign<'_>) -> Result<KeyPair, VaultError> {
        let unwrapping = match foreign {
            Foreign::Plain(text) => Unwrapping::None(text),
            Foreign::Wrapped { jwe, to } => {
                let mut tx = self.registry.store.read().await?;
                let id = self.get_key(&mut *tx, org, to).await?.id;
                let Some(found) = tx.hook_key_find_sealed(org, &id).await? else {
                    return Err(self.key_absent(&mut *tx, org, to).await);
                };
                Unwrapping::With { jwe: jwe.to_owned(), key: Box::new(found) }
            }
        };
        let permit = self.key_makers.clone().acquire_owned().await.expect("the semaphore is never closed");
        let envelope = self.envelope.clone();
        let imported = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let text = match unwrapping {
                Unwrapping::None(text) => text,
                Unwrapping::With { jwe, key } => {
                    let pkcs8 = envelope.open(key.place(), &key.sealed_pkcs8).map_err(VaultError::KeyUnusable)?;
                    jwe::unwrap(jwe.trim(), &pkcs8).map_err(VaultError::Unwrap)?
                }
            };
            import(&text).map_err(VaultError::Import)
        });
        imported.await?
    }
}

/// What is to be done before a key can be read.
enum Unwrapping {
    None(Zeroizing<Vec<u8>>),
    With { jwe: String, key: Box<SealedHookKey> },
}
