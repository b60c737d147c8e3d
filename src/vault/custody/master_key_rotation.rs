//! Rotation of the master key, while servers run.
//!
//! 1. Everything is looked at: what does not open now would not open afterwards.
//! 2. The next key is recorded while nobody else writes. From then on each transaction seals with it, in whatever process.
//! 3. What is there is sealed anew in small steps, each a transaction by itself in which nobody else writes.
//! 4. When nothing is under the old key any more, the record of the next one takes its place, and what was sealed of either goes.
//!
//! The opposite of a rotation that is under way takes its place: what is under the next key is sealed with the old one again.
//!
//! It can end anywhere and be begun anew: what is under the next key already is passed over. A process that meets a row under a key that
//! it does not know reads that key from the record of the rotation; one that meets none looks from time to time
//! ([`Vault::master_keys_follow`](crate::vault::Vault::master_keys_follow)).

use super::damage::{DamageReason, Damaged};
use super::inventory::Inventory;
use super::sealing::own_record;
use crate::crypto::envelope::{Envelope, OpenError};
use crate::crypto::keyring::Keyring;
use crate::crypto::master_key::MasterKey;
use crate::crypto::sealing_key::wrap;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key_version::{self, Standing};
use crate::domain::id::PrefixedId as _;
use crate::domain::master_key::{MasterKeyRotation, MasterKeys};
use crate::domain::sealed::{MasterKeyId, Place, Sealed};
use crate::repository::audit::AuditKey;
use crate::repository::error::StoreError;
use crate::repository::item::{Item, Renewal};
use crate::repository::store::{Serial, WriteTx};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How many items are sealed anew in one transaction: others wait for some milliseconds.
const STEP: u32 = 100;

/// How long the old key still opens when nothing is under it any more. A server looks every second, so none is left behind, and what
/// was read before is opened by then.
const SETTLING: Duration = Duration::from_secs(3);

/// How often what is left is looked for. Nothing can be, unless somebody puts it there.
const ROUNDS: usize = 3;

#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error("another rotation is under way, to the master key {next} of {}", .since.to_wire())]
    Another { next: MasterKeyId, since: Timestamp },
    #[error("the new master key is in the database under the old one since this rotation began")]
    NotSecret,
    #[error("something does not open with the old master key: {0}")]
    Damaged(Box<Damaged>),
    #[error("{0} rows or values are under the old master key still: somebody else writes to the database")]
    Left(u64),
    #[error("somebody else has ended the rotation meanwhile")]
    Ended,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<StoreError> for RotationError {
    fn from(error: StoreError) -> Self {
        match error {
            error @ (StoreError::Corrupt { .. } | StoreError::Forged { .. } | StoreError::Uncounted { .. }) => {
                Self::Damaged(Box::new(Damaged::Row(error)))
            }
            error => Self::Vault(error.into()),
        }
    }
}

/// How it is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// The next key must not be in the database, not even under the old one; then no server can follow.
    pub old_is_known_to_others: bool,
    /// Both keys go on opening everything, until the next call without this.
    pub keep_old: bool,
}

/// What has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// The next key was the one already.
    Before,
    /// So many rows are under the next key now; the old one opens nothing.
    Done { old: MasterKeyId, rows: u64 },
    /// The same, and the old one still opens.
    OldStillOpens { old: MasterKeyId, rows: u64 },
    /// It was taken back before anything was under the next key, which may be nobody's.
    Withdrawn { next: MasterKeyId },
}

/// A rotation between two keys.
pub struct MasterKeyChange<'a> {
    pub registry: &'a Registry,
    /// That of the old key, or of the next one where that is in use already; both are learnt.
    pub envelope: &'a Envelope,
    pub old: &'a MasterKey,
    pub next: &'a MasterKey,
    pub actor: &'a Actor,
}

impl MasterKeyChange<'_> {
    /// Begins it, or goes on with it. Everything can be read and written meanwhile.
    ///
    /// # Errors
    /// [`RotationError`]; what was done until then stands, and is gone on with by the next call.
    pub async fn run(&self, wishes: Wishes) -> Result<Rotated, RotationError> {
        let told = self.registry.store.read().await?.master_keys().await?.ok_or(VaultError::Empty)?;
        match &told.rotation {
            None if told.record.id == self.next.id() => return Ok(Rotated::Before),
            None => {
                self.look().await?;
                self.begin(wishes).await?;
            }
            // One from a key to itself leads nowhere.
            Some(MasterKeyRotation { next, .. })
                if next.id == told.record.id || (next.id != self.next.id() && !self.is_opposite_of(&told)) =>
            {
                return Err(RotationError::Another { next: next.id, since: next.created });
            }
            Some(MasterKeyRotation { sealed_next: Some(_), .. }) if wishes.old_is_known_to_others => {
                return Err(RotationError::NotSecret);
            }
            Some(_) if self.is_opposite_of(&told) => {
                self.look().await?;
                self.turn().await?;
            }
            Some(_) => {}
        }
        self.envelope.learn(self.next);
        let old = if self.is_opposite_of(&told) { self.old.id() } else { told.record.id };
        let mut rows = 0;
        let mut left = 0;
        for _ in 0..ROUNDS {
            rows += self.seal_anew().await?;
            if wishes.keep_old {
                return Ok(Rotated::OldStillOpens { old, rows });
            }
            sleep(SETTLING).await;
            left = self.end().await?;
            if left == 0 {
                return Ok(Rotated::Done { old, rows });
            }
        }
        Err(RotationError::Left(left))
    }

    /// Reads and opens everything once.
    async fn look(&self) -> Result<(), RotationError> {
        let (mut inventory, mut view) = (Inventory::under_seal(), self.registry.store.read().await?);
        while let Some(items) = inventory.next(&mut *view).await? {
            for item in items {
                self.renewed(item)?;
            }
        }
        Ok(())
    }

    async fn begin(&self, wishes: Wishes) -> Result<(), RotationError> {
        let random = &self.registry.random;
        let next = Envelope::new(Arc::new(Keyring::new(self.next)), random.clone());
        let wrapped = |key, under, place| (!wishes.old_is_known_to_others).then(|| wrap(key, under, place, random));
        let rotation = MasterKeyRotation {
            next: own_record(self.registry, &next),
            sealed_next: wrapped(self.next, self.old, MasterKeyRotation::NEXT),
            sealed_old: wrapped(self.old, self.next, MasterKeyRotation::OLD),
        };
        let mut tx = self.registry.store.write(self.actor, Serial::Vault).await?;
        if let Some(MasterKeys { rotation: Some(MasterKeyRotation { next, .. }), .. }) = tx.master_keys().await? {
            // Somebody else has begun meanwhile; the same one may go on.
            let same = next.id == self.next.id();
            return if same { Ok(()) } else { Err(RotationError::Another { next: next.id, since: next.created }) };
        }
        tx.master_key_rotation_insert(&rotation).await?;
        // What the trail tells of it is sealed with the old key, as the transaction has begun with that.
        let target = Target::of("MasterKey", &self.next.id().to_string(), None).with("previous", self.old.id());
        self.commit(tx, EventKind::MasterKeyRotationStarted, target).await
    }

    /// Whether what is under way goes the other way: from the next key to the old one.
    fn is_opposite_of(&self, told: &MasterKeys) -> bool {
        let next = told.rotation.as_ref().map(|rotation| rotation.next.id);
        self.old.id() != self.next.id() && (told.record.id, next) == (self.next.id(), Some(self.old.id()))
    }

    /// Makes of the rotation that is under way the opposite one, in which everything is sealed with the key before again.
    async fn turn(&self) -> Result<(), RotationError> {
        let mut tx = self.registry.store.write(self.actor, Serial::Vault).await?;
        let told = tx.master_keys().await?.ok_or(VaultError::Empty)?;
        let is_opposite = self.is_opposite_of(&told);
        let MasterKeys { record, rotation } = told;
        let Some(rotation) = rotation else { return Err(RotationError::Ended) };
        if !is_opposite {
            // Somebody else was faster, perhaps with the same.
            let same = rotation.next.id == self.next.id();
            let next = rotation.next;
            return if same { Ok(()) } else { Err(RotationError::Another { next: next.id, since: next.created }) };
        }
        // A key that was kept out of the database stays out of it.
        let is_there = rotation.sealed_next.is_some();
        let wrapped = |key, under, place| is_there.then(|| wrap(key, under, place, &self.registry.random));
        let back = MasterKeyRotation {
            next: record,
            sealed_next: wrapped(self.next, self.old, MasterKeyRotation::NEXT),
            sealed_old: wrapped(self.old, self.next, MasterKeyRotation::OLD),
        };
        tx.master_key_replace(&rotation.next).await?;
        tx.master_key_rotation_delete().await?;
        tx.master_key_rotation_insert(&back).await?;
        let target = Target::of("MasterKey", &self.next.id().to_string(), None).with("previous", self.old.id());
        self.commit(tx, EventKind::MasterKeyRotationStarted, target).await
    }

    /// Seals everything with the next key that is not. Returns how many rows those were.
    async fn seal_anew(&self) -> Result<u64, RotationError> {
        let mut inventory = Inventory::under_seal_in_steps(STEP);
        let mut rows = 0;
        loop {
            let started = Instant::now();
            let mut tx = self.registry.store.write(self.actor, Serial::Vault).await?;
            let Some(items) = inventory.next(&mut *tx).await? else { return Ok(rows) };
            let mut sealed = 0;
            for item in items {
                let (item, renewal) = self.renewed(item)?;
                sealed += u64::from(tx.item_reseal(&item, renewal).await?);
            }
            if sealed == 0 {
                // Nothing to wait for, but others must get their turn.
                drop(tx);
            } else {
                self.registry.commit(tx, Record::Nothing("what the rows say has not changed")).await?;
                rows += sealed;
            }
            // Half of the time belongs to those who write.
            sleep(started.elapsed()).await;
        }
    }

    /// The item with its value under the key that seals now.
    fn renewed(&self, item: Item) -> Result<(Item, Renewal), RotationError> {
        let renew = |place: Place<'_>, sealed: &mut Sealed| -> Result<Renewal, OpenError> {
            Ok(match self.envelope.renew(place, sealed)? {
                Some(renewed) => {
                    *sealed = renewed;
                    Renewal::SealAndValue
                }
                None => Renewal::Seal,
            })
        };
        let damaged = |damaged| RotationError::Damaged(Box::new(damaged));
        Ok(match item {
            Item::HookKey(mut key) => {
                let mut sealed = key.sealed_pkcs8.clone();
                let renewal = renew(key.place(), &mut sealed).map_err(|reason| {
                    let (id, name) = (key.key.id.clone(), key.key.name.clone());
                    damaged(Damaged::Key { id, name, reason: DamageReason::DoesNotOpen(reason) })
                })?;
                key.sealed_pkcs8 = sealed;
                (Item::HookKey(key), renewal)
            }
            Item::HookKeyVersion(mut version) => {
                let key_id = version.key_id;
                let renewal = match &mut version.standing {
                    Standing::Retired { .. } => Renewal::Seal,
                    Standing::Next { sealed_pkcs8, .. } => {
                        let row = key_id.to_string();
                        let place = hook_key_version::place(&version.org_id, &row);
                        renew(place, sealed_pkcs8).map_err(|reason| {
                            let (id, reason) = (version.hook_key_id.clone(), DamageReason::DoesNotOpen(reason));
                            damaged(Damaged::NextKey { id, key_id, reason })
                        })?
                    }
                };
                (Item::HookKeyVersion(version), renewal)
            }
            Item::SigningKey(mut key) => {
                let mut sealed = key.sealed_pkcs8.clone();
                let id = key.key.key_id;
                let renewal = renew(key.place(&id.to_string()), &mut sealed)
                    .map_err(|reason| damaged(Damaged::SigningKey { id, reason: DamageReason::DoesNotOpen(reason) }))?;
                key.sealed_pkcs8 = sealed;
                (Item::SigningKey(key), renewal)
            }
            Item::InlineHook(mut stored) => {
                let renewal = match &mut stored.sealed_secret {
                    None => Renewal::Seal,
                    Some(sealed) => renew(stored.hook.secret_place(), sealed).map_err(|reason| {
                        let (id, name) = (stored.hook.id.clone(), stored.hook.name.clone());
                        damaged(Damaged::Hook { id, name, reason })
                    })?,
                };
                (Item::InlineHook(stored), renewal)
            }
            Item::AuditKey(mut key) => {
                let place = AuditKey::place(key.org_id.as_str());
                let renewal = renew(place, &mut key.sealed_seed)
                    .map_err(|reason| damaged(Damaged::AuditKey { org: key.org_id.clone(), reason }))?;
                (Item::AuditKey(key), renewal)
            }
            item @ (Item::MasterKeys(_)
            | Item::Org(_)
            | Item::KeyReference(_)
            | Item::ApiToken(_)
            | Item::ServiceApp(_)
            | Item::ClientKey(..)
            | Item::UsedTokenId(_)
            | Item::AuditHead(_)
            | Item::AuditEntry(_)
            | Item::AuditNode(_)) => (item, Renewal::Seal),
        })
    }

    /// Puts the next key in the place of the old one. Returns how many rows and values are in the way of that.
    async fn end(&self) -> Result<u64, RotationError> {
        let mut tx = self.registry.store.write(self.actor, Serial::Vault).await?;
        let told = tx.master_keys().await?.ok_or(VaultError::Empty)?;
        // Where there is none, somebody else has ended it.
        let Some(rotation) = told.rotation else { return Ok(0) };
        let old = told.record.id;
        let left = tx.master_key_uses(old).await?;
        if left > 0 {
            return Ok(left);
        }
        tx.master_key_replace(&rotation.next).await?;
        tx.master_key_rotation_delete().await?;
        let target = Target::of("MasterKey", &rotation.next.id.to_string(), None).with("previous", old);
        self.commit(tx, EventKind::MasterKeyRotated, target).await?;
        Ok(0)
    }

    /// With what the trail of the default org tells of it.
    async fn commit(&self, mut tx: Box<dyn WriteTx>, kind: EventKind, target: Target) -> Result<(), RotationError> {
        let record = match tx.org_find_default().await? {
            Some(org) => self.registry.commit(tx, Record::Of(&org.id, vec![Event::new(kind, [target])])).await,
            None => self.registry.commit(tx, Record::Nothing("there is no org yet")).await,
        };
        Ok(record?)
    }
}
