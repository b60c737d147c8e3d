//! A thread that serves connections: the HTTP library and the application on each.

use crate::http::api::routes;
use crate::http::edge::request;
use crate::http::server::bare_answer::CompletedStream;
use crate::http::server::connections::Place;
use crate::http::server::paced_stream::PacedStream;
use crate::http::shared::Shared;
use actix_http::HttpService;
use actix_service::{IntoServiceFactory as _, Service as _, ServiceFactory as _, map_config};
use actix_web::dev::{AppConfig, Extensions};
use actix_web::middleware::from_fn;
use actix_web::{App, rt, web};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long requests under way may take after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// How long a connection without a request is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What a worker serves.
#[derive(Clone)]
pub struct Service {
    pub shared: web::Data<Shared>,
    /// Where it is listened on.
    pub address: SocketAddr,
    /// How long a client may take to send a request.
    pub client_timeout: Duration,
}

/// A connection that somebody accepted.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    /// One more that the worker serves.
    _load: Arc<()>,
}

/// A running worker. It serves no more when this is dropped and what it serves is answered.
pub struct Worker {
    connections: mpsc::Sender<Accepted>,
    load: Arc<()>,
}

/// The end of a worker, in two steps. In between its event loop does what requests have left to it, as giving back their connections to
/// the database: one that ended first would take those along, and the database file would be closed some time later.
pub struct Ending {
    served: oneshot::Receiver<()>,
    release: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Ending {
    /// Waits until what it serves is answered.
    ///
    /// # Errors
    /// Where the worker failed.
    pub async fn served(&mut self) -> io::Result<()> {
        (&mut self.served).await.map_err(|_| io::Error::other("a worker failed"))
    }

    /// Ends its event loop, and waits for that.
    pub async fn end(self) {
        drop(self.release);
        let _ = self.ended.await;
    }
}

impl Worker {
    /// # Arguments
    /// `places`: how many connections there may be at most.
    ///
    /// # Errors
    /// Where the system gives no thread, or the thread no event loop.
    ///
    /// # Returns
    /// The worker, and its end.
    pub fn start(service: Service, places: usize) -> io::Result<(Self, Ending)> {
        let (connections, incoming) = mpsc::channel(places);
        let (ready, started) = std::sync::mpsc::channel();
        let (end_serving, served) = oneshot::channel();
        let (release, released) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name("worker".into()).spawn(move || match rt::Runtime::new() {
            Ok(runtime) => {
                let _ = ready.send(Ok(()));
                runtime.block_on(async {
                    serve(service, incoming).await;
                    let _ = end_serving.send(());
                    // Where nobody waits any more, it is an end too.
                    let _ = released.await;
                });
                drop(runtime);
                let _ = end.send(());
            }
            Err(error) => drop(ready.send(Err(error))),
        })?;
        started.recv().map_err(|_| io::Error::other("a worker ended before it began"))??;
        Ok((Self { connections, load: Arc::new(()) }, Ending { served, release, ended }))
    }

    /// How many connections it has.
    #[must_use]
    pub fn load(&self) -> usize {
        Arc::strong_count(&self.load)
    }

    /// Gives it a connection.
    pub fn serve(&self, stream: TcpStream, peer: SocketAddr, place: Place) {
        // It takes them until this handle is dropped, and there is room for as many as there are places.
        let _ = self.connections.try_send(Accepted { stream, peer, place, _load: self.load.clone() });
    }
}

async fn serve(service: Service, mut incoming: mpsc::Receiver<Accepted>) {
    let Service { shared, address, client_timeout } = service;
    let application = App::new().app_data(shared.clone()).configure(routes::configure).wrap(from_fn(request::surround));
    let http = HttpService::build()
        .client_request_timeout(client_timeout)
        .client_disconnect_timeout(client_timeout)
        .keep_alive(KEEP_ALIVE)
        .local_addr(address)
        .on_connect_ext(|stream: &PacedStream<_>, extensions: &mut Extensions| {
            extensions.insert(stream.connection().clone());
        })
        .h1(map_config(application.into_factory(), |()| AppConfig::default()))
        .new_service(())
        .await;
    let Ok(http) = http else { return tracing::error!("the routes cannot be served") };
    let mut open = JoinSet::new();
    loop {
        let Accepted { stream, peer, place, _load } = tokio::select! {
            accepted = incoming.recv() => match accepted {
                Some(accepted) => accepted,
                None => break,
            },
            Some(_) = open.join_next() => continue,
        };
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { continue };
        let stream = CompletedStream::new(stream, Some(peer), shared.clone());
        let connection = http.call((PacedStream::new(stream, place.connection.clone()), Some(peer)));
        open.spawn_local(async move {
            // What went wrong on a connection is its client's concern; what went wrong in a request was told there.
            let _ = connection.await;
            drop((place, _load));
        });
    }
    let all = async { while open.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        tracing::warn!("requests under way took too long and get no answer");
    }
}
