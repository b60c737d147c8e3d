//! As many requests as there can be, from one thread over many kept connections.

use super::client::Client;
use super::error::BenchError;
use super::spread::percentile;
use super::threads::on_thread;
use futures_util::future::try_join_all;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::time::timeout;

/// How long answers may take when no more requests are sent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who asks for what, and for how long.
pub struct Load {
    pub address: SocketAddr,
    pub connections: usize,
    pub requests: Requests,
    /// No request is sent afterwards.
    pub time: Duration,
}

pub enum Requests {
    /// One and the same.
    Same(Vec<u8>),
    /// Each another one, until there is none any more.
    Each(Box<dyn FnMut() -> Option<Vec<u8>> + Send>),
}

/// What came of it.
pub struct Loaded {
    /// Answers a second.
    pub rate: f64,
    /// Of each answer, in milliseconds.
    times: Vec<f64>,
}

impl Requests {
    pub fn each(next: impl FnMut() -> Option<Vec<u8>> + Send + 'static) -> Self {
        Self::Each(Box::new(next))
    }

    /// Puts the next one in the place of the one before. Returns whether there is one.
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        match self {
            Self::Same(same) if request.is_empty() => request.clone_from(same),
            Self::Same(_) => {}
            Self::Each(next) => match next() {
                Some(next) => *request = next,
                None => return false,
            },
        }
        true
    }
}

impl Load {
    /// # Errors
    /// [`BenchError`]; the first answer that is no success ends it.
    pub async fn run(self) -> Result<Loaded, BenchError> {
        on_thread(move || {
            let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
            runtime.block_on(async { timeout(self.time + PATIENCE, self.serve()).await.map_err(|_| BenchError::Late)? })
        })
        .await?
    }

    async fn serve(self) -> Result<Loaded, BenchError> {
        let connected = (0..self.connections).map(|_| Client::connect(self.address));
        let clients = try_join_all(connected).await?;
        let shared = RefCell::new((self.requests, Vec::new()));
        let started = Instant::now();
        let until = started + self.time;
        try_join_all(clients.into_iter().map(|client| ask(client, &shared, until))).await?;
        let elapsed = started.elapsed().as_secs_f64();
        let (_, times) = shared.into_inner();
        #[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
        let rate = times.len() as f64 / elapsed;
        Ok(Loaded { rate, times })
    }
}

/// One after the other, as long as there are requests and time.
async fn ask(mut client: Client, shared: &RefCell<(Requests, Vec<f64>)>, until: Instant) -> Result<(), BenchError> {
    let (mut request, mut sent) = (Vec::new(), Instant::now());
    while sent < until && shared.borrow_mut().0.next(&mut request) {
        client.ask(&request).await?.check()?;
        let answered = Instant::now();
        shared.borrow_mut().1.push((answered - sent).as_secs_f64() * 1000.0);
        sent = answered;
    }
    Ok(())
}

impl Loaded {
    /// How long so many of a hundred answers took at the most, in milliseconds.
    ///
    /// # Errors
    /// [`BenchError::Late`] where there was no answer.
    pub fn within(&mut self, percent: usize) -> Result<f64, BenchError> {
        percentile(&mut self.times, percent).ok_or(BenchError::Late)
    }
}
