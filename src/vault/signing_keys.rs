//! The keys that sign an org's access tokens: made, rotated, deleted. `domain::signing_key` says when each of them signs.

use super::Vault;
use super::error::VaultError;
use super::recent::Recent;
use crate::crypto::signing_key::SigningKey as ParsedKey;
use crate::domain::clock::Timestamp;
use crate::domain::id::{KeyId, OrgId};
use crate::domain::signing_key::{KeyRing, PUBLISHED_AHEAD, Phase, SealedSigningKey, SigningKey, place};
use crate::repository::ReadTx;
use crate::repository::error::{Conflict, StoreError};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// The parsed keys of the orgs that were used last.
pub(super) type TokenKeys = Recent<KeyId, Arc<ParsedKey>>;

/// How many keys stay parsed.
pub(super) const PARSED_TOKEN_KEYS: NonZeroUsize = NonZeroUsize::new(64).expect("it is not 0");

/// How a rotation treats the keys of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// They sign until the next key is known, and count until their last token has expired.
    Planned,
    /// They are deleted, and no token that they have signed counts any more.
    Revoking,
}

impl Vault {
    /// The org's keys, oldest first, with what each is doing. The first one is made here.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn signing_key_list(&self, org: &OrgId) -> Result<Vec<(SigningKey, Phase)>, VaultError> {
        let now = self.registry.clock.now();
        let ring = self.signing_key_ensure(org).await?;
        Ok(ring.phases(now).map(|(key, phase)| (key.clone(), phase)).collect())
    }

    /// Makes the next key. Returns when it signs.
    ///
    /// # Errors
    /// [`VaultError::RotationUnderWay`] where the next key is there already and a planned rotation was asked for, or one of the store.
    pub async fn signing_key_rotate(&self, org: &OrgId, rotation: Rotation) -> Result<SigningKey, VaultError> {
        let now = self.registry.clock.now();
        let ring = self.signing_key_ensure(org).await?;
        match rotation {
            Rotation::Planned => {
                if let Some(next) = ring.rotation_under_way(now) {
                    return Err(VaultError::RotationUnderWay { signs_from: next.signs_from });
                }
                let signs_from = now.after(PUBLISHED_AHEAD).unwrap_or(now);
                let next = self.signing_key_add(org, &ring, signs_from, &[]).await?;
                next.ok_or(VaultError::RotationUnderWay { signs_from })
            }
            Rotation::Revoking => {
                let mut ring = ring;
                loop {
                    let earlier: Vec<_> = ring.phases(now).map(|(key, _)| key.key_id).collect();
                    if let Some(key) = self.signing_key_add(org, &ring, now, &earlier).await? {
                        return Ok(key);
                    }
                    // Somebody has rotated meanwhile: that key goes too.
                    ring = self.signing_key_ensure(org).await?;
                }
            }
        }
    }

    /// What is due: next keys, the end of old ones, and of the ids of tokens that are refused for their age anyway.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn signing_keys_maintain(&self) -> Result<(), VaultError> {
        let now = self.registry.clock.now();
        for org in self.registry.org_list().await? {
            let ring = self.signing_key_ring(&mut *self.registry.store.read().await?, &org.id).await?;
            if let Some(signs_from) = ring.due(now)
                && let Some(next) = self.signing_key_add(&org.id, &ring, signs_from, &[]).await?
            {
                tracing::info!(org = %org.name, kid = %next.key_id, from = next.signs_from.to_wire(), "made the next signing key");
            }
            let expired: Vec<_> = ring.expired(now).map(|key| key.key_id).collect();
            if !expired.is_empty() {
                let mut tx = self.registry.store.write().await?;
                for key_id in &expired {
                    tx.signing_key_delete(&org.id, key_id).await?;
                    self.token_keys.forget(key_id);
                }
                self.commit_and_erase(tx).await?;
            }
        }
        let mut tx = self.registry.store.write().await?;
        tx.used_token_id_clean(now).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn signing_key_ring(&self, tx: &mut dyn ReadTx, org: &OrgId) -> Result<KeyRing, StoreError> {
        Ok(KeyRing::new(tx.signing_key_list(org).await?))
    }

    /// All keys of an org, of which one signs.
    async fn signing_key_ensure(&self, org: &OrgId) -> Result<KeyRing, VaultError> {
        loop {
            let now = self.registry.clock.now();
            let ring = self.signing_key_ring(&mut *self.registry.store.read().await?, org).await?;
            if ring.signing(now).is_some() {
                return Ok(ring);
            }
            // Whoever is first makes it; the others see it then.
            self.signing_key_add(org, &ring, now, &[]).await?;
        }
    }

    /// Adds a key, and deletes others. `None` where somebody else has added one meanwhile.
    async fn signing_key_add(
        &self,
        org: &OrgId,
        ring: &KeyRing,
        signs_from: Timestamp,
        earlier: &[KeyId],
    ) -> Result<Option<SigningKey>, VaultError> {
        let pair = self.key_pair_take().await?;
        let key = SigningKey {
            org_id: org.clone(),
            generation: ring.next_generation(),
            key_id: self.registry.random.key_id(),
            public_key: pair.public_key.clone(),
            created: self.registry.clock.now(),
            signs_from,
        };
        let sealed = self.envelope.seal(place(org, &key.key_id.to_string()), pair.pkcs8());
        let mut tx = self.registry.store.write().await?;
        match tx.signing_key_insert(&key, &sealed).await {
            Ok(()) => {}
            Err(StoreError::Conflict(Conflict::SigningKeyGeneration)) => {
                // Nobody got to see it, and it was expensive.
                self.key_pool.put_back(pair);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        for key_id in earlier {
            tx.signing_key_delete(org, key_id).await?;
            self.token_keys.forget(key_id);
        }
        if earlier.is_empty() {
            tx.commit().await?
        } else {
            self.commit_and_erase(tx).await?
        }
        Ok(Some(key))
    }

    /// The key that signs now, parsed.
    ///
    /// That it is still there is read from the database each time, whatever the cache holds.
    pub(super) async fn signing_key_use(&self, org: &OrgId) -> Result<(KeyId, Arc<ParsedKey>), VaultError> {
        loop {
            let ring = self.signing_key_ensure(org).await?;
            let Some(key_id) = ring.signing(self.registry.clock.now()).map(|key| key.key_id) else { continue };
            let sealed = self.registry.store.read().await?.signing_key_find_sealed(org, &key_id).await?;
            // Revoked between the two reads: the next one is there.
            let Some(sealed) = sealed else { continue };
            if let Some(key) = self.token_keys.lock().get(&key_id) {
                return Ok((key_id, key.clone()));
            }
            let vault = self.clone();
            let parsed = tokio::task::spawn_blocking(move || vault.signing_key_parse(&sealed)).await??;
            self.token_keys.lock().put(key_id, parsed.clone());
            return Ok((key_id, parsed));
        }
    }

    fn signing_key_parse(&self, sealed: &SealedSigningKey) -> Result<Arc<ParsedKey>, VaultError> {
        let row = sealed.key.key_id.to_string();
        let pkcs8 = self.envelope.open(sealed.place(&row), &sealed.sealed_pkcs8).map_err(VaultError::KeyUnusable)?;
        Ok(Arc::new(ParsedKey::from_pkcs8(&pkcs8).map_err(VaultError::KeyCannotSign)?))
    }
}
