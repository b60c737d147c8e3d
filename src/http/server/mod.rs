//! The HTTP server: actix-web's application on connections that are counted, paced, and give every answer a body.
//!
//! 1. One task accepts. A connection that finds a place goes to the worker with the fewest.
//! 2. Told to stop, it takes all that have connected until then, and every connection serves what was sent until then.
//! 3. Then the server is done. Its workers end when the vault behind it is closed.

mod bare_answer;
pub mod connection;
pub mod connections;
mod open_files;
mod paced_stream;
mod worker;

use crate::domain::connection_limits::ConnectionLimits;
use crate::http::shared::Shared;
use actix_web::web;
use connections::Connections;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{interval, sleep};
use worker::{Ending, Service, Worker};

/// How often idle connections are looked at.
const ROUND: Duration = Duration::from_secs(5);

/// How long the server waits where the system has no room for one more connection.
const BREATH: Duration = Duration::from_millis(50);

/// More than the system keeps for us.
const BACKLOG: usize = 4096;

/// A server that accepts connections. It does nothing until it is run.
pub struct Server {
    listener: tokio::net::TcpListener,
    connections: Arc<Connections>,
    workers: Vec<Worker>,
    endings: Vec<Ending>,
}

/// The workers of a server that has answered everything.
pub struct Answered(Vec<Ending>);

impl Answered {
    /// Ends them, when nothing is left to do.
    pub async fn end(self) {
        for worker in self.0 {
            worker.end().await;
        }
    }
}

impl Server {
    /// # Errors
    /// Where the listener cannot be used, or the system gives no threads.
    pub fn start(
        listener: TcpListener,
        shared: web::Data<Shared>,
        limits: ConnectionLimits,
        client_timeout: Duration,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let limits = open_files::fit(limits);
        let connections = Connections::new(limits);
        let service = Service { shared, address: listener.local_addr()?, client_timeout };
        let count = available_parallelism().map_or(1, usize::from);
        let started: Vec<_> =
            (0..count).map(|_| Worker::start(service.clone(), limits.total.get())).collect::<io::Result<_>>()?;
        let (workers, endings) = started.into_iter().unzip();
        Ok(Self { listener: tokio::net::TcpListener::from_std(listener)?, connections, workers, endings })
    }

    /// Serves until it is told to stop, and what was sent until then is answered.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) -> io::Result<Answered> {
        let Self { listener, connections, workers, mut endings } = self;
        let hand_over = |(stream, peer): (TcpStream, SocketAddr)| {
            let worker = workers.iter().min_by_key(|worker| worker.load());
            // Answers are small and whole: nothing is gained by waiting for more.
            let prepared = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
            if let (Some(worker), Ok(()), Some(place)) = (worker, prepared, connections.admit(peer)) {
                worker.serve(stream, peer, place);
            }
        };
        let mut stopped = pin!(async move {
            // An error means that the app is gone, which is a stop too.
            drop(stopping.wait_for(|stopping| *stopping).await);
        });
        let mut round = interval(ROUND);
        loop {
            tokio::select! {
                () = &mut stopped => break,
                _ = round.tick() => connections.close_idle(),
                accepted = listener.accept() => match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
                    Ok(accepted) => hand_over(accepted),
                    Err(error) => no_connection(&error, &connections).await,
                },
            }
        }
        connections.end();
        let listener = listener.into_std()?;
        // Those that have connected until now; not for ever, as others still come.
        for _ in 0..BACKLOG {
            let Ok(accepted) = listener.accept() else { break };
            hand_over(accepted);
        }
        drop((listener, workers));
        for worker in &mut endings {
            worker.served().await?;
        }
        Ok(Answered(endings))
    }
}

/// What is done where a connection cannot be accepted.
async fn no_connection(error: &io::Error, connections: &Connections) {
    match error.kind() {
        // The client has gone already, or a signal came between.
        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {}
        _ => {
            tracing::warn!(error = %error, "a connection cannot be accepted; idle ones are closed to make room");
            connections.close_longest_idle();
            sleep(BREATH).await;
        }
    }
}
