//! What was used last, up to a number of entries.

use lru::LruCache;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) struct Recent<K: Hash + Eq, V>(Mutex<LruCache<K, V>>);

impl<K: Hash + Eq, V> Recent<K, V> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(capacity)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, LruCache<K, V>> {
        // A panic while the lock is held leaves a cache that is still a cache.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was kept is dropped, and wiped if it is a secret.
    pub(super) fn forget(&self, key: &K) {
        self.lock().pop(key);
    }
}
