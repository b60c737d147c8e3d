//! Key pairs made ahead of time on a thread of their own, so that a create need not wait for one. The thread has what time others leave it:
//! whoever waits for a key makes one by themselves.

use crate::crypto::rsa_key::KeyPair;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Keeps up to `size` key pairs ready. What is left when it is dropped is wiped.
pub struct KeyPool {
    shared: Arc<Shared>,
}

struct Shared {
    size: usize,
    state: Mutex<State>,
    /// Rung when there is room in the pool, and when it closes.
    room: Condvar,
}

struct State {
    ready: VecDeque<KeyPair>,
    closing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held leaves a shorter queue at the worst.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyPool {
    /// Starts filling at once. With a size of 0 there is no thread, and every key is made when it is needed.
    ///
    /// # Errors
    /// Where the operating system gives no thread.
    pub fn start(size: usize, make: impl Fn() -> KeyPair + Send + 'static) -> std::io::Result<Self> {
        let state = Mutex::new(State { ready: VecDeque::with_capacity(size), closing: false });
        let shared = Arc::new(Shared { size, state, room: Condvar::new() });
        if size > 0 {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("key-pool".into()).spawn(move || {
                give_way();
                fill(&shared, make);
            })?;
        }
        Ok(Self { shared })
    }

    /// A key pair, if one is ready.
    #[must_use]
    pub fn take(&self) -> Option<KeyPair> {
        let pair = self.shared.lock().ready.pop_front();
        self.shared.room.notify_one();
        pair
    }

    /// Gives back a key pair that nobody got to see. Where there is no room it is wiped.
    pub fn put_back(&self, pair: KeyPair) {
        let mut state = self.shared.lock();
        if state.ready.len() < self.shared.size {
            state.ready.push_front(pair);
        }
    }
}

/// Takes the lowest priority for this thread, where a thread has one of its own.
fn give_way() {
    // What is refused costs others some time, and nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 19);
}

fn fill(shared: &Shared, make: impl Fn() -> KeyPair) {
    loop {
        let mut state = shared.lock();
        while state.ready.len() >= shared.size && !state.closing {
            state = shared.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closing {
            return;
        }
        drop(state);
        let pair = make();
        let mut state = shared.lock();
        if state.ready.len() < shared.size && !state.closing {
            state.ready.push_back(pair);
        }
    }
}

impl Drop for KeyPool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closing = true;
        state.ready.clear();
        drop(state);
        // Nobody waits for the one that is being made: with the priority that it has, that could take long.
        self.shared.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::Random;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    /// A pool whose keys take no time, and how many were made.
    fn pool(size: usize) -> (KeyPool, Arc<AtomicUsize>) {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let pattern = KeyPair::make(&Random::system());
        let pool = KeyPool::start(size, move || {
            counter.fetch_add(1, Ordering::SeqCst);
            pattern.duplicate()
        });
        (pool.unwrap(), made)
    }

    fn take(pool: &KeyPool) -> KeyPair {
        loop {
            if let Some(pair) = pool.take() {
                return pair;
            }
            std::thread::yield_now();
        }
    }

    fn wait_for(made: &AtomicUsize, count: usize) {
        while made.load(Ordering::SeqCst) < count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn it_fills_to_its_size_and_again_after_each_key_that_is_taken() {
        let (pool, made) = pool(2);
        wait_for(&made, 2);
        for taken in 1..=5 {
            drop(take(&pool));
            wait_for(&made, 2 + taken);
        }
        drop(pool);
        assert_eq!(made.load(Ordering::SeqCst), 7, "none more than were taken");
    }

    #[test]
    fn a_key_that_is_given_back_is_handed_out_again_and_one_without_room_is_not() {
        // The maker makes as many as it is told to, each with a number in place of its modulus.
        let (tell, told) = mpsc::channel::<u8>();
        let pattern = KeyPair::make(&Random::system());
        let pool = KeyPool::start(1, move || {
            let mut pair = pattern.duplicate();
            pair.public_key.modulus = told.recv().into_iter().collect();
            pair
        });
        let pool = pool.unwrap();
        // Dropped before the pool, whose maker waits for it.
        let tell = tell;
        tell.send(1).unwrap();
        let first = take(&pool);
        tell.send(2).unwrap();
        let second = take(&pool);
        assert!(pool.take().is_none());
        pool.put_back(first);
        pool.put_back(second);
        assert_eq!(pool.take().unwrap().public_key.modulus, [1]);
        assert!(pool.take().is_none(), "there was room for one");
    }

    #[test]
    fn a_pool_of_size_0_has_no_key_and_makes_none() {
        let (pool, made) = pool(0);
        assert!(pool.take().is_none());
        drop(pool);
        assert_eq!(made.load(Ordering::SeqCst), 0);
    }
}
