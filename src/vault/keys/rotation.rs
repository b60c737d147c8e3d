//! Another key for a hook key: its id, its name and who uses it stay. `domain::hook_key_version` says what becomes of each key.

use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{self, HookKey, Origin};
use crate::domain::hook_key_version::{self, HookKeyVersion, MAX_RETIRED_PER_KEY, Rotation, Standing, Timeline};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::repository::store::{Serial, WriteTx};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::keys::hook_key::{birth, row_target, target};
use std::time::Duration;

impl Vault {
    /// What the keys of the hook key with this id or name are doing.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn hook_key_timeline(&self, org: &OrgId, key: &str) -> Result<Timeline, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let key = self.get_key(&mut *tx, org, key).await?;
        let versions = tx.hook_key_version_list(org, Some(&key.id)).await?;
        Ok(Timeline::new(key, &versions, self.registry.clock.now()))
    }

    /// The same of all hook keys, in order of creation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn hook_key_timeline_list(&self, org: &OrgId) -> Result<Vec<Timeline>, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let keys = tx.hook_key_list(org).await?;
        let versions = tx.hook_key_version_list(org, None).await?;
        let now = self.registry.clock.now();
        Ok(keys.into_iter().map(|key| Timeline::new(key, &versions, now)).collect())
    }

    /// Makes another key for the hook key with this id or name.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; where a planned rotation was asked for, [`VaultError::HookKeyRotating`] if the next key is there already and
    /// [`VaultError::HookKeyRetiredCap`] if there are too many of before; or one of the store.
    pub async fn hook_key_rotate(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        rotation: Rotation,
    ) -> Result<Timeline, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let id = self.get_key(&mut *tx, org, key).await?.id;
        if rotation != Rotation::Emergency {
            // Before a key is made: otherwise refused requests would keep all cores busy. What is written decides all the same.
            refuse_another(&tx.hook_key_version_list(org, Some(&id)).await?, self.registry.clock.now())?;
        }
        drop(tx);
        let pair = self.key_pair_take().await?;
        let rotated = match rotation {
            Rotation::Planned { ahead, grace } => self.next_key_add(actor, org, &id, &pair, ahead, grace).await,
            Rotation::Emergency => self.keys_replace(actor, org, &id, &pair).await,
        };
        if let Err(VaultError::NotFound { .. } | VaultError::HookKeyRotating { .. } | VaultError::Conflict(_)) = rotated
        {
            // Nobody got to see it, and it was expensive.
            self.key_pool.put_back(pair);
        }
        rotated?;
        self.hook_key_timeline(org, id.as_str()).await
    }

    async fn next_key_add(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &HookKeyId,
        pair: &KeyPair,
        ahead: Duration,
        grace: Duration,
    ) -> Result<(), VaultError> {
        let key_id = self.registry.random.key_id();
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let sealed_pkcs8 = self.envelope.seal(hook_key_version::place(org, &key_id.to_string()), pair.pkcs8());
        let key = self.get_key(&mut *tx, org, id.as_str()).await?;
        // Now, and not before the key was made: it is published from here on.
        let now = self.registry.clock.now();
        let versions = tx.hook_key_version_list(org, Some(id)).await?;
        refuse_another(&versions, now)?;
        // Of a clock that was wrong.
        let strays = versions.iter().filter(|version| matches!(version.standing, Standing::Next { .. }));
        let strays: Vec<_> = strays.map(|version| version.key_id).collect();
        let mut events = withdraw(&mut *tx, &key, &strays).await?;
        let next = HookKeyVersion {
            org_id: org.clone(),
            hook_key_id: id.clone(),
            key_id,
            public_key: pair.public_key.clone(),
            signs_from: now.after(ahead).map_err(|reason| reason.at("publishAhead"))?,
            birth: Some(birth(Origin::Made, actor)),
            standing: Standing::Next { sealed_pkcs8, grace },
        };
        tx.hook_key_version_insert(&next).await??;
        let made = target(&key).with("key_id", key_id).with("signs_from", next.signs_from.to_wire());
        events.push(Event::new(EventKind::HookKeyRotated, [made]));
        self.commit(tx, Record::Of(org, events)).await
    }

    /// The new key signs at once. All others are withdrawn: nobody knows who else has them.
    async fn keys_replace(&self, actor: &Actor, org: &OrgId, id: &HookKeyId, pair: &KeyPair) -> Result<(), VaultError> {
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let sealed = self.envelope.seal(hook_key::place(org, id), pair.pkcs8());
        let before = self.get_key(&mut *tx, org, id.as_str()).await?;
        let now = self.registry.clock.now();
        let key = HookKey {
            key_id: self.registry.random.key_id(),
            public_key: pair.public_key.clone(),
            birth: Some(birth(Origin::Made, actor)),
            signs_from: now,
            last_updated: now,
            ..before.clone()
        };
        tx.hook_key_replace(&key, Some(&sealed)).await?;
        let made = row_target(&key).with("key_id", key.key_id).with("signs_from", now.to_wire());
        let mut events = vec![
            Event::new(EventKind::HookKeyRotated, [made.with("emergency", true)]),
            withdrawn(&before, before.key_id),
        ];
        let versions = tx.hook_key_version_list(org, Some(id)).await?;
        let others: Vec<_> = versions.iter().map(|version| version.key_id).collect();
        events.extend(withdraw(&mut *tx, &before, &others).await?);
        // Once now, in case that the caller goes away, and once when nobody can parse it again.
        self.parsed_hook_keys.forget(id);
        let committed = self.commit(tx, Record::Of(org, events)).await;
        self.parsed_hook_keys.forget(id);
        committed
    }

    /// How often a hook key rotates by itself from now on; `None`: never. What is under way goes on.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn hook_key_schedule(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        every: Option<Duration>,
    ) -> Result<Timeline, VaultError> {
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let before = self.get_key(&mut *tx, org, key).await?;
        let id = before.id.clone();
        if before.rotate_every != every {
            let key = HookKey { rotate_every: every, ..before };
            tx.hook_key_replace(&key, None).await?;
            let event = Event::new(EventKind::HookKeyScheduled, [row_target(&key)]);
            self.commit(tx, Record::Of(org, vec![event])).await?;
        } else {
            drop(tx);
        }
        self.hook_key_timeline(org, id.as_str()).await
    }
}

/// What is to be asked before a next key is made.
fn refuse_another(versions: &[HookKeyVersion], now: Timestamp) -> Result<(), VaultError> {
    if let Some(next) = versions.iter().find(|version| version.is_next(now)) {
        return Err(VaultError::HookKeyRotating { signs_from: next.signs_from });
    }
    let retired = versions.iter().filter_map(|version| match version.standing {
        Standing::Retired { until } if until > now => Some(until),
        Standing::Retired { .. } | Standing::Next { .. } => None,
    });
    match (retired.clone().count(), retired.min()) {
        (MAX_RETIRED_PER_KEY.., Some(until)) => Err(VaultError::HookKeyRetiredCap { until }),
        _ => Ok(()),
    }
}

/// Deletes these, and tells of those that were there.
pub(super) async fn withdraw(tx: &mut dyn WriteTx, key: &HookKey, key_ids: &[KeyId]) -> Result<Vec<Event>, VaultError> {
    let mut events = Vec::new();
    for key_id in key_ids {
        if tx.hook_key_version_delete(&key.org_id, key_id).await? {
            events.push(withdrawn(key, *key_id));
        }
    }
    Ok(events)
}

fn withdrawn(key: &HookKey, key_id: KeyId) -> Event {
    Event::new(EventKind::HookKeyWithdrawn, [Target::with(target(key), "key_id", key_id)])
}
