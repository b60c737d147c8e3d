//! The ceiling of signatures: the library alone, on all cores at once.

use super::error::BenchError;
use super::threads::on_thread;
use crate::crypto::jws;
use crate::crypto::private_key::PrivateKey;
use crate::domain::id::KeyId;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// As long as what a JWT has to be signed of it.
const MESSAGE: [u8; 256] = [0; 256];

/// How many signatures a second all cores make with this key.
///
/// # Errors
/// [`BenchError::Signature`].
pub async fn rate(key: Arc<PrivateKey>, time: Duration) -> Result<f64, BenchError> {
    on_thread(move || {
        let signed = AtomicU64::new(0);
        let started = Instant::now();
        on_all_cores(|| {
            while started.elapsed() < time {
                key.sign(&MESSAGE).map_err(|error| BenchError::Signature(error.into()))?;
                signed.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        })?;
        #[expect(clippy::cast_precision_loss, reason = "nobody signs that often")]
        let signed = signed.into_inner() as f64;
        Ok(signed / started.elapsed().as_secs_f64())
    })
    .await?
}

/// So many JWTs, each with the claims of its number, made on all cores.
///
/// # Errors
/// [`BenchError::Signature`].
pub async fn jwts<C: Serialize>(
    key: Arc<PrivateKey>,
    key_id: KeyId,
    count: u64,
    claims: impl Fn(u64) -> C + Send + Sync + 'static,
) -> Result<Vec<String>, BenchError> {
    on_thread(move || {
        let next = AtomicU64::new(0);
        let parts = on_all_cores(|| {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(made);
                }
                let jwt = jws::sign(&key, key_id, claims(number));
                made.push(jwt.map_err(|error| BenchError::Signature(error.into()))?);
            }
        })?;
        Ok(parts.into_iter().flatten().collect())
    })
    .await?
}

/// Does the same on a thread for each core, and waits for all of them.
fn on_all_cores<T: Send>(work: impl Fn() -> Result<T, BenchError> + Sync) -> Result<Vec<T>, BenchError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(&work)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| BenchError::Thread)?).collect()
    })
}
