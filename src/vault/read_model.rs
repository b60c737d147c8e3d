//! What was read and is still so: kept with the version of the store that it was read under, and given out under that version alone. So it is
//! exact, whoever changes the store, and nobody has to say that something is to be forgotten.

pub use crate::repository::version::Version;
use lru::LruCache;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was asked for last, up to a weight in all.
pub struct ReadModel<K: Hash + Eq, V> {
    kept: Mutex<Kept<K, V>>,
    bound: usize,
    weigh: fn(&K, &V) -> usize,
}

struct Kept<K: Hash + Eq, V> {
    entries: LruCache<K, (Version, V)>,
    weight: usize,
}

impl<K: Hash + Eq, V: Clone> ReadModel<K, V> {
    /// # Arguments
    /// `bound`: what all entries together may weigh. `weigh`: what one does.
    #[must_use]
    pub fn new(bound: usize, weigh: fn(&K, &V) -> usize) -> Self {
        Self { kept: Mutex::new(Kept { entries: LruCache::unbounded(), weight: 0 }), bound, weigh }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        // A panic while the lock is held leaves a cache that is still a cache.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was kept under this version.
    pub fn get(&self, key: &K, version: Option<Version>) -> Option<V> {
        let version = version?;
        self.lock().entries.get(key).filter(|(kept, _)| *kept == version).map(|(_, value)| value.clone())
    }

    /// Keeps what was read after the version was given.
    pub fn keep(&self, key: K, version: Option<Version>, value: V) {
        let Some(version) = version else { return };
        let weight = (self.weigh)(&key, &value);
        let mut kept = self.lock();
        if let Some((key, (_, value))) = kept.entries.push(key, (version, value)) {
            kept.weight -= (self.weigh)(&key, &value);
        }
        kept.weight += weight;
        while kept.weight > self.bound
            && let Some((key, (_, value))) = kept.entries.pop_lru()
        {
            kept.weight -= (self.weigh)(&key, &value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_under_another_version_is_not_given() {
        let model = ReadModel::new(10, |_, _| 1);
        model.keep("a", Some(Version(1)), 1);
        assert_eq!(model.get(&"a", Some(Version(1))), Some(1));
        assert_eq!((model.get(&"a", Some(Version(2))), model.get(&"a", None)), (None, None));
        model.keep("a", Some(Version(2)), 2);
        assert_eq!((model.get(&"a", Some(Version(1))), model.get(&"a", Some(Version(2)))), (None, Some(2)));
        model.keep("b", None, 3);
        assert_eq!(model.get(&"b", None), None);
    }

    #[test]
    fn what_was_asked_for_last_stays_within_the_bound() {
        let model = ReadModel::new(100, |_, value: &usize| *value);
        let version = Some(Version(1));
        for key in 0..10 {
            model.keep(key, version, 20);
            model.get(&0, version);
        }
        assert_eq!((0..10).filter(|key| model.get(key, version).is_some()).collect::<Vec<_>>(), [0, 6, 7, 8, 9]);
        // The same one again weighs what it weighs now.
        model.keep(0, version, 100);
        assert_eq!((0..10).filter(|key| model.get(key, version).is_some()).collect::<Vec<_>>(), [0]);
        model.keep(1, version, 101);
        assert_eq!(model.lock().weight, 0);
    }
}
