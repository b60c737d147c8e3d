//! Work that would stop a worker of the runtime: on a thread of its own, which nobody waits for where the one who asked has gone.

use super::error::BenchError;
use std::thread;
use tokio::sync::oneshot;

/// Does work on a new thread, not on one of the runtime: that waits for its own, so a bench that was stopped would go on until they end.
///
/// # Errors
/// Where the system gives no thread, or the work panics.
pub async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BenchError> {
    let (done, waiting) = oneshot::channel();
    thread::Builder::new().name("bench".into()).spawn(move || drop(done.send(work())))?;
    waiting.await.map_err(|_| BenchError::Thread)
}
