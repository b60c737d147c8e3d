//! The master keys that a process has: one that seals, and while it is rotated, the one before, which opens.

use crate::crypto::master_key::MasterKey;
use crate::crypto::sealing_key::{SealingKey, unwrap_key};
use crate::domain::master_key::{MasterKeyRotation, MasterKeys};
use crate::domain::sealed::{MasterKeyId, Place, Sealed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What a process seals and opens with. There is no `Debug`.
pub struct Keyring(RwLock<Keys>);

#[derive(Clone)]
struct Keys {
    current: Arc<SealingKey>,
    /// In no order; opens and checks.
    others: Vec<Arc<SealingKey>>,
    /// The next key of a rotation that is passed over.
    passed_over: Option<MasterKeyId>,
}

impl Keys {
    fn find(&self, id: MasterKeyId) -> Option<&Arc<SealingKey>> {
        std::iter::once(&self.current).chain(&self.others).find(|key| key.id() == id)
    }
}

impl Keyring {
    #[must_use]
    pub fn new(master_key: &MasterKey) -> Self {
        Self(RwLock::new(Keys {
            current: Arc::new(SealingKey::new(master_key)),
            others: Vec::new(),
            passed_over: None,
        }))
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that seals.
    #[must_use]
    pub fn current(&self) -> Arc<SealingKey> {
        self.read().current.clone()
    }

    #[must_use]
    pub fn find(&self, id: MasterKeyId) -> Option<Arc<SealingKey>> {
        self.read().find(id).cloned()
    }

    /// Another key that opens.
    pub fn add(&self, master_key: &MasterKey) {
        let mut keys = self.write();
        if keys.find(master_key.id()).is_none() {
            keys.others.push(Arc::new(SealingKey::new(master_key)));
        }
    }

    /// Goes along with no rotation to this key any more: one that is about to be ended with nothing under that.
    pub fn pass_over(&self, next: MasterKeyId) {
        self.write().passed_over = Some(next);
    }

    /// Goes along with what the database tells: learns the other key of a rotation, seals with the key that seals now, and forgets those
    /// that open nothing any more.
    ///
    /// # Errors
    /// The id of a key that seals or opens, where it is neither known nor can be learnt; then the key that seals stays as it is.
    pub fn follow(&self, told: &MasterKeys) -> Result<(), MasterKeyId> {
        let passed_over = self.read().passed_over;
        if passed_over.is_some() && told.rotation.as_ref().map(|rotation| rotation.next.id) == passed_over {
            return self.follow(&MasterKeys { record: told.record.clone(), rotation: None });
        }
        let current = told.current().id;
        if is_followed(&self.read(), told) {
            return Ok(());
        }
        let mut keys = self.write();
        if let Some(MasterKeyRotation { next, sealed_next, sealed_old }) = &told.rotation {
            let learnt = match (keys.find(told.record.id), keys.find(next.id)) {
                (Some(old), None) => learn(old, sealed_next.as_ref(), MasterKeyRotation::NEXT, next.id),
                (None, Some(next)) => learn(next, sealed_old.as_ref(), MasterKeyRotation::OLD, told.record.id),
                _ => None,
            };
            keys.others.extend(learnt);
        }
        let found = keys.find(current).cloned().ok_or(current)?;
        if keys.find(told.record.id).is_none() {
            return Err(told.record.id);
        }
        let Keys { current: before, others, .. } = &mut *keys;
        others.push(std::mem::replace(before, found));
        others.retain(|key| key.id() != current && key.id() == told.record.id);
        Ok(())
    }
}

/// Whether these are the keys that are told of.
fn is_followed(keys: &Keys, told: &MasterKeys) -> bool {
    let is_known = |id| keys.find(id).is_some();
    keys.current.id() == told.current().id
        && is_known(told.record.id)
        && keys.others.len() == usize::from(told.rotation.is_some())
}

/// A master key that is there under another one; `None` where it is not, or is not what it is said to be.
fn learn(under: &SealingKey, sealed: Option<&Sealed>, place: Place<'_>, id: MasterKeyId) -> Option<Arc<SealingKey>> {
    unwrap_key(under, place, sealed?, id).map(|key| Arc::new(SealingKey::new(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::Random;
    use crate::crypto::sealing_key::wrap;
    use crate::domain::clock::Timestamp;
    use crate::domain::master_key::MasterKeyRecord;

    fn record(key: &MasterKey) -> MasterKeyRecord {
        MasterKeyRecord { id: key.id(), probe: Sealed::from_bytes(Vec::new()), created: Timestamp::EPOCH }
    }

    /// Two master keys, and what the database tells before, during and after a rotation from one to the other.
    fn rotation() -> ([MasterKey; 2], [MasterKeys; 3]) {
        let random = Random::system();
        let [old, next] = [MasterKey::generate(&random), MasterKey::generate(&random)];
        let rotation = MasterKeyRotation {
            next: record(&next),
            sealed_next: Some(wrap(&next, &old, MasterKeyRotation::NEXT, &random)),
            sealed_old: Some(wrap(&old, &next, MasterKeyRotation::OLD, &random)),
        };
        let told = [
            MasterKeys { record: record(&old), rotation: None },
            MasterKeys { record: record(&old), rotation: Some(rotation) },
            MasterKeys { record: record(&next), rotation: None },
        ];
        ([old, next], told)
    }

    #[test]
    fn who_has_one_of_the_two_keys_of_a_rotation_learns_the_other() {
        let ([old, next], told) = rotation();
        for has in [&old, &next] {
            let keyring = Keyring::new(has);
            keyring.follow(&told[1]).unwrap();
            assert_eq!(keyring.current().id(), next.id());
            assert!(keyring.find(old.id()).is_some());
        }
    }

    #[test]
    fn what_opens_nothing_any_more_is_forgotten() {
        let ([old, next], told) = rotation();
        let keyring = Keyring::new(&old);
        for told in &told {
            keyring.follow(told).unwrap();
        }
        assert_eq!(keyring.current().id(), next.id());
        assert!(keyring.find(old.id()).is_none());
        assert_eq!(keyring.follow(&told[0]), Err(old.id()), "there is no way back");
    }

    #[test]
    fn nothing_is_learnt_from_what_is_not_under_a_key_that_is_known() {
        let ([old, next], [_, mut during, after]) = rotation();
        let stranger = Keyring::new(&MasterKey::generate(&Random::system()));
        assert_eq!(stranger.follow(&during), Err(next.id()));
        // Each in the place of the other.
        if let Some(rotation) = &mut during.rotation {
            std::mem::swap(&mut rotation.sealed_next, &mut rotation.sealed_old);
        }
        assert_eq!(Keyring::new(&old).follow(&during), Err(next.id()));
        let late = Keyring::new(&old);
        assert_eq!(late.follow(&after), Err(next.id()));
        assert_eq!(late.current().id(), old.id());
    }
}
