//! The keys that sign an org's access tokens: made, rotated, deleted. `domain::signing_key` says when each of them signs.

use crate::crypto::private_key::PrivateKey;
use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::clock::Timestamp;
use crate::domain::id::{KeyId, OrgId};
use crate::domain::signing_key::{KeyRing, PUBLISHED_AHEAD, Phase, SealedSigningKey, SigningKey, place};
use crate::repository::error::{Conflict, StoreError};
use crate::repository::store::{ReadTx, Serial};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::sync::Arc;

/// How a rotation treats the keys of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// They sign until the next key is known, and count until their last token has expired.
    Planned,
    /// They are deleted, and no token that they have signed counts any more.
    Revoking,
}

impl Vault {
    /// The org's keys in the order in which they sign, with what each is doing. The first one is made here.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn signing_key_list(&self, org: &OrgId) -> Result<Vec<(SigningKey, Phase)>, VaultError> {
        let now = self.registry.clock.now();
        let ring = self.signing_key_ensure(org).await?;
        Ok(ring.phases(now).map(|(key, phase)| (key.clone(), phase)).collect())
    }

    /// The org's keys whose signatures count, or will, each compared with its private half. The first one is made here.
    ///
    /// # Errors
    /// [`VaultError::KeyDamaged`] or one of the store.
    pub async fn signing_key_list_published(&self, org: &OrgId) -> Result<Vec<SigningKey>, VaultError> {
        let now = self.registry.clock.now();
        let ring = self.signing_key_ensure(org).await?;
        let mut tx = self.registry.store.read().await?;
        let mut published = Vec::new();
        for key in ring.published(now) {
            // One that was deleted since the ring was read is published no more.
            published.extend(tx.signing_key_find_sealed(org, &key.key_id).await?);
        }
        drop(tx);
        self.compare(&published).await?;
        Ok(published.into_iter().map(|sealed| sealed.key).collect())
    }

    /// Makes the next key.
    ///
    /// # Errors
    /// [`VaultError::RotationUnderWay`] where the next key is there already and a planned rotation was asked for, or one of the store.
    pub async fn signing_key_rotate(
        &self,
        actor: &Actor,
        org: &OrgId,
        rotation: Rotation,
    ) -> Result<SigningKey, VaultError> {
        let now = self.registry.clock.now();
        loop {
            let ring = self.signing_key_ensure(org).await?;
            let (signs_from, earlier) = match rotation {
                Rotation::Planned => match ring.next(now) {
                    Some(next) => return Err(VaultError::RotationUnderWay { signs_from: next.signs_from }),
                    None => (now.after(PUBLISHED_AHEAD).unwrap_or(now), Vec::new()),
                },
                Rotation::Revoking => (now, ring.phases(now).map(|(key, _)| key.key_id).collect()),
            };
            // Where somebody else has rotated meanwhile, it begins anew: with the key of theirs among the earlier ones.
            if let Some(key) = self.signing_key_add(actor, org, &ring, signs_from, &earlier).await? {
                return Ok(key);
            }
        }
    }

    /// Does what is due for an org: makes the next key, deletes those that are of no use any more.
    ///
    /// # Errors
    /// Those of the store.
    pub(in crate::vault) async fn signing_key_upkeep(&self, org: &OrgId) -> Result<(), VaultError> {
        let now = self.registry.clock.now();
        let ring = self.signing_key_ring(&mut *self.registry.store.read().await?, org).await?;
        self.signing_key_forget(org, |key_id| ring.signing(now).is_none_or(|key| key.key_id != *key_id));
        if let Some(signs_from) = ring.due(now)
            && let Some(next) = self.signing_key_add(&Actor::Vault, org, &ring, signs_from, &[]).await?
        {
            tracing::info!(%org, kid = %next.key_id, from = next.signs_from.to_wire(), "made the next signing key");
        }
        let expired: Vec<_> = ring.expired(now).map(|key| key.key_id).collect();
        if !expired.is_empty() {
            let mut tx = self.registry.store.write(&Actor::Vault, Serial::No).await?;
            for key_id in &expired {
                tx.signing_key_delete(org, key_id).await?;
            }
            let events = expired.iter().map(|key_id| event(EventKind::SigningKeyDeleted, key_id)).collect();
            self.commit(tx, Record::Of(org, events)).await?;
        }
        Ok(())
    }

    /// The orgs whose keys are parsed here.
    pub(in crate::vault) fn signing_key_parsed_orgs(&self) -> Vec<OrgId> {
        self.parsed_signing_keys.lock().iter().map(|(org, _)| org.clone()).collect()
    }

    pub(in crate::vault) async fn signing_key_ring(
        &self,
        tx: &mut dyn ReadTx,
        org: &OrgId,
    ) -> Result<KeyRing, StoreError> {
        Ok(KeyRing::new(tx.signing_key_list(org).await?))
    }

    /// All keys of an org, of which one signs.
    async fn signing_key_ensure(&self, org: &OrgId) -> Result<KeyRing, VaultError> {
        let signs = |ring: &KeyRing| ring.signing(self.registry.clock.now()).is_some();
        let ring = self.signing_key_ring(&mut *self.registry.store.read().await?, org).await?;
        if signs(&ring) {
            return Ok(ring);
        }
        // One key is made, however many ask; in another process, whoever is first makes it.
        let _making = self.first_signing_key.lock().await;
        loop {
            // What says that none signs also says which generation comes next: a key that another process makes after this read has that one,
            // and the database refuses the second.
            let ring = self.signing_key_ring(&mut *self.registry.store.read().await?, org).await?;
            if signs(&ring) {
                return Ok(ring);
            }
            self.signing_key_add(&Actor::Vault, org, &ring, self.registry.clock.now(), &[]).await?;
        }
    }

    /// Adds a key, and deletes others. `None` where somebody else has added one meanwhile.
    async fn signing_key_add(
        &self,
        actor: &Actor,
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
        let inserted = async {
            let mut tx = self.registry.store.write(actor, Serial::No).await?;
            let sealed = self.envelope.seal(place(org, &key.key_id.to_string()), pair.pkcs8());
            match tx.signing_key_insert(&key, &sealed).await? {
                Ok(()) => {}
                Err(Conflict::SigningKeyGeneration) => return Ok(None),
                Err(conflict) => return Err(VaultError::from(conflict)),
            }
            for key_id in earlier {
                tx.signing_key_delete(org, key_id).await?;
            }
            Ok(Some(tx))
        };
        let inserted = inserted.await;
        let Some(tx) = self.put_back_unless_inserted(pair, inserted)? else { return Ok(None) };
        let deleted = earlier.iter().map(|key_id| event(EventKind::SigningKeyDeleted, key_id));
        let events = [event(EventKind::SigningKeyCreated, &key.key_id)].into_iter().chain(deleted).collect();
        let committed = self.commit(tx, Record::Of(org, events)).await;
        self.signing_key_forget(org, |key_id| earlier.contains(key_id));
        committed?;
        Ok(Some(key))
    }

    /// A key pair that nobody got to see goes back to the pool: it was expensive.
    fn put_back_unless_inserted<T>(
        &self,
        pair: KeyPair,
        inserted: Result<Option<T>, VaultError>,
    ) -> Result<Option<T>, VaultError> {
        if !matches!(inserted, Ok(Some(_))) {
            self.key_pool.put_back(pair);
        }
        inserted
    }

    /// The key that signs now, parsed.
    ///
    /// That it is still there is read from the database each time, whatever the cache holds.
    pub(in crate::vault) async fn signing_key_use(&self, org: &OrgId) -> Result<(KeyId, Arc<PrivateKey>), VaultError> {
        loop {
            let ring = self.signing_key_ensure(org).await?;
            let Some(key_id) = ring.signing(self.registry.clock.now()).map(|key| key.key_id) else { continue };
            if let Some((parsed, key)) = self.parsed_signing_keys.lock().get(org)
                && *parsed == key_id
            {
                return Ok((key_id, key.clone()));
            }
            let sealed = self.registry.store.read().await?.signing_key_find_sealed(org, &key_id).await?;
            // Revoked between the two reads: the next one is there.
            let Some(sealed) = sealed else { continue };
            let vault = self.clone();
            let key = tokio::task::spawn_blocking(move || vault.signing_key_parse(&sealed)).await??;
            self.parsed_signing_keys.lock().put(org.clone(), (key_id, key.clone()));
            return Ok((key_id, key));
        }
    }

    fn signing_key_parse(&self, sealed: &SealedSigningKey) -> Result<Arc<PrivateKey>, VaultError> {
        let row = sealed.key.key_id.to_string();
        let pkcs8 = self.envelope.open(sealed.place(&row), &sealed.sealed_pkcs8).map_err(VaultError::KeyUnusable)?;
        Ok(Arc::new(PrivateKey::from_pkcs8(&pkcs8).map_err(VaultError::KeyCannotSign)?))
    }

    /// Drops the parsed key of an org, if it is such a one; it is wiped by that.
    fn signing_key_forget(&self, org: &OrgId, such: impl Fn(&KeyId) -> bool) {
        let mut parsed = self.parsed_signing_keys.lock();
        if parsed.peek(org).is_some_and(|(key_id, _)| such(key_id)) {
            parsed.pop(org);
        }
    }
}

fn event(kind: EventKind, key_id: &KeyId) -> Event {
    Event::new(kind, [Target::of("SigningKey", &key_id.to_string(), None)])
}
