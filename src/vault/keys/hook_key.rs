//! Hook keys: make, list, read, rename, delete.

use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, LAST_UPDATED, Target};
use crate::domain::hook_key::{Birth, HookKey, MAX_KEYS_PER_ORG, Origin, place};
use crate::domain::id::{KeyId, OrgId};
use crate::domain::name::Name;
use crate::repository::error::Conflict;
use crate::repository::hook_key::KeyDeletion;
use crate::repository::store::Serial;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::keys::publishing::{PublishedKey, PublishedKeys, PublishedVersion};
use tokio::sync::OwnedSemaphorePermit;

impl Vault {
    /// In order of creation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn hook_key_list(&self, org: &OrgId) -> Result<Vec<HookKey>, VaultError> {
        Ok(self.registry.store.read().await?.hook_key_list(org).await?)
    }

    /// All keys that verifiers need, by hook key in order of creation.
    ///
    /// # Errors
    /// [`VaultError::KeyDamaged`] or one of the store.
    pub async fn hook_key_list_published(&self, org: &OrgId) -> Result<PublishedKeys, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let keys = tx.hook_key_list_sealed(org).await?;
        let versions = tx.hook_key_version_list(org, None).await?;
        drop(tx);
        self.published_versions(keys, versions).await
    }

    /// The same of the hook key with this id or name.
    ///
    /// # Errors
    /// As [`Self::hook_key_get`].
    pub async fn hook_key_get_published(&self, org: &OrgId, key: &str) -> Result<PublishedKeys, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let id = self.get_key(&mut *tx, org, key).await?.id;
        let Some(found) = tx.hook_key_find_sealed(org, &id).await? else {
            return Err(self.key_absent(&mut *tx, org, key).await);
        };
        let versions = tx.hook_key_version_list(org, Some(&id)).await?;
        drop(tx);
        self.published_versions(vec![found], versions).await
    }

    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::KeyDamaged`] or one of the store.
    pub async fn hook_key_get(&self, org: &OrgId, id: &str) -> Result<PublishedKey, VaultError> {
        let key_id = self.key_id_of(org, id).await?;
        let mut tx = self.registry.store.read().await?;
        let Some(found) = tx.hook_key_find_sealed(org, &key_id).await? else {
            return Err(self.key_absent(&mut *tx, org, id).await);
        };
        drop(tx);
        self.published(found).await
    }

    /// The key with this `kid`, while it is published.
    ///
    /// # Errors
    /// As [`Self::hook_key_get`].
    pub async fn hook_key_get_by_key_id(&self, org: &OrgId, key_id: &str) -> Result<PublishedVersion, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let Ok(wanted) = KeyId::parse(key_id) else { return Err(self.key_absent(&mut *tx, org, key_id).await) };
        if let Some(signing) = tx.hook_key_find_sealed_by_key_id(org, &wanted).await? {
            drop(tx);
            return Ok(PublishedVersion::from(&self.published(signing).await?));
        }
        let now = self.registry.clock.now();
        let found = tx.hook_key_version_find(org, &wanted).await?;
        let Some(version) = found.filter(|version| !version.is_over(now)) else {
            return Err(self.key_absent(&mut *tx, org, key_id).await);
        };
        drop(tx);
        self.published_version(version).await
    }

    /// The key with this id or name.
    ///
    /// # Errors
    /// As [`Self::hook_key_get`].
    pub async fn hook_key_get_by_id_or_name(&self, org: &OrgId, key: &str) -> Result<PublishedKey, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let id = self.get_key(&mut *tx, org, key).await?.id;
        let Some(found) = tx.hook_key_find_sealed(org, &id).await? else {
            return Err(self.key_absent(&mut *tx, org, key).await);
        };
        drop(tx);
        self.published(found).await
    }

    /// When this returns `Ok` the key is on disk.
    ///
    /// # Errors
    /// [`VaultError::Name`], [`VaultError::Conflict`] of the name or the cap, or one of the store.
    pub async fn hook_key_create(&self, actor: &Actor, org: &OrgId, name: &str) -> Result<PublishedKey, VaultError> {
        let name = Name::parse(name).map_err(VaultError::Name)?;
        let pair = self.key_pair(org, &name).await?;
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
            birth: Some(birth(Origin::Made, actor)),
            signs_from: now,
            rotate_every: None,
        };
        let inserted = async {
            let mut tx = self.registry.store.write(actor, Serial::No).await?;
            let sealed = self.envelope.seal(place(&key.org_id, &key.id), pair.pkcs8());
            tx.hook_key_insert(&key, &sealed).await??;
            let target = row_target(&key).with("key_id", key.key_id);
            self.commit(tx, Record::Of(org, vec![Event::new(EventKind::HookKeyCreated, [target])])).await
        };
        match inserted.await {
            Ok(()) => Ok(PublishedKey::new(key)),
            Err(error) => {
                if let VaultError::Conflict(_) = error {
                    // Nobody got to see it, and it was expensive.
                    self.key_pool.put_back(pair);
                }
                Err(error)
            }
        }
    }

    /// A key pair from the pool, or made on a blocking thread. Before one is made, what is bound to fail is refused:
    /// otherwise refused requests would keep all cores busy. The database decides all the same.
    async fn key_pair(&self, org: &OrgId, name: &Name) -> Result<KeyPair, VaultError> {
        if let Some(pair) = self.key_pool.take() {
            return Ok(pair);
        }
        let permit = self.key_makers.clone().acquire_owned().await.expect("the semaphore is never closed");
        if let Some(pair) = self.key_pool.take() {
            return Ok(pair);
        }
        let mut tx = self.registry.store.read().await?;
        if tx.hook_key_find_by_name(org, name).await?.is_some() {
            return Err(Conflict::HookKeyName.into());
        }
        if tx.hook_key_count(org).await? >= MAX_KEYS_PER_ORG {
            return Err(Conflict::HookKeyCap.into());
        }
        drop(tx);
        self.key_pair_make(permit).await
    }

    /// A key pair from the pool, or a new one.
    pub(in crate::vault) async fn key_pair_take(&self) -> Result<KeyPair, VaultError> {
        if let Some(pair) = self.key_pool.take() {
            return Ok(pair);
        }
        let permit = self.key_makers.clone().acquire_owned().await.expect("the semaphore is never closed");
        self.key_pair_make(permit).await
    }

    async fn key_pair_make(&self, permit: OwnedSemaphorePermit) -> Result<KeyPair, VaultError> {
        let random = self.registry.random.clone();
        let made = tokio::task::spawn_blocking(move || {
            // Held until the key is made, also where the request has gone away meanwhile.
            let _permit = permit;
            KeyPair::make(&random)
        });
        Ok(made.await?)
    }

    /// Changes the name and the time of the last update, nothing else.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Name`], [`VaultError::Conflict`] of the name, [`VaultError::KeyDamaged`] or one of the store.
    pub async fn hook_key_rename(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &str,
        name: &str,
    ) -> Result<PublishedKey, VaultError> {
        let name = Name::parse(name).map_err(VaultError::Name)?;
        let key_id = self.key_id_of(org, id).await?;
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let Some((before, renamed)) = tx.hook_key_rename(org, &key_id, &name, now).await?? else {
            return Err(self.key_absent(&mut *tx, org, id).await);
        };
        let target = row_target(&renamed.key).with("previous_name", &before);
        self.commit(tx, Record::Of(org, vec![Event::new(EventKind::HookKeyUpdated, [target])])).await?;
        self.published(renamed).await
    }

    /// For good. Where its sealed bytes are not off the disk at once, that is recorded and goes on
    /// ([`Vault::erase_pending`]).
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::KeyInUse`] or one of the store.
    pub async fn hook_key_delete(&self, actor: &Actor, org: &OrgId, id: &str) -> Result<(), VaultError> {
        let key_id = self.key_id_of(org, id).await?;
        let mut tx = self.registry.store.write(actor, Serial::No).await?;
        // One that is damaged can be deleted, too.
        let known = tx.hook_key_find(org, &key_id).await.ok().flatten();
        match tx.hook_key_delete(org, &key_id).await? {
            KeyDeletion::Missing => Err(self.key_absent(&mut *tx, org, id).await),
            KeyDeletion::InUse(users) => Err(VaultError::KeyInUse { users }),
            KeyDeletion::Deleted => {
                // Once now, in case that the caller goes away, and once when nobody can parse it again.
                self.parsed_hook_keys.forget(&key_id);
                let target = known.as_ref().map_or_else(|| Target::new("HookKey", &key_id, None), target);
                let record = Record::Of(org, vec![Event::new(EventKind::HookKeyDeleted, [target])]);
                let committed = self.commit(tx, record).await;
                self.parsed_hook_keys.forget(&key_id);
                committed
            }
        }
    }
}

/// How a key comes to be now.
pub(in crate::vault) fn birth(origin: Origin, actor: &Actor) -> Birth {
    Birth { origin, by: actor.to_string(), with: env!("CARGO_PKG_VERSION").to_owned() }
}

/// A key as the trail tells of it (wire.md §7).
pub(in crate::vault) fn target(key: &HookKey) -> Target {
    Target::new("HookKey", &key.id, Some(&key.name)).with("hook_key_id", &key.id).with("hook_key_name", &key.name)
}

/// As [`target`], of a key whose row was changed: with all that changes in it, so that an older state of it is known.
pub(in crate::vault) fn row_target(key: &HookKey) -> Target {
    let every = key.rotate_every.map_or_else(|| "never".to_owned(), |every| every.as_secs().to_string());
    target(key).with("rotate_every", every).with(LAST_UPDATED, key.last_updated.to_wire())
}
