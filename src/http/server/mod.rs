//! The HTTP server: actix-web's application on connections that give every answer a body.

mod bare_answer;

use crate::http::api::routes;
use crate::http::edge::request;
use crate::http::shared::Shared;
use actix_http::HttpService;
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use bare_answer::CompletedStream;
use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How long requests under way may take after a stop was asked for, in seconds.
const SHUTDOWN_TIMEOUT: u64 = 10;

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Serves on a listener until it is stopped. `stopping` turns true when idle connections should close.
///
/// # Errors
/// Where the listener cannot be used.
pub fn start(
    listener: TcpListener,
    shared: web::Data<Shared>,
    client_timeout: Duration,
    stopping: watch::Receiver<bool>,
) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let builder: ServerBuilder = Server::build().shutdown_timeout(SHUTDOWN_TIMEOUT).disable_signals();
    let builder = builder.listen("hookvault", listener, move || {
        let application =
            App::new().app_data(shared.clone()).configure(routes::configure).wrap(from_fn(request::surround));
        let stopping = stopping.clone();
        let http = HttpService::build()
            .client_request_timeout(client_timeout)
            .client_disconnect_timeout(client_timeout)
            .keep_alive(KEEP_ALIVE)
            .local_addr(address)
            .graceful_shutdown_signal(move || {
                let mut stopping = stopping.clone();
                async move {
                    // An error means that the app is gone, which is a stop too.
                    let _ = stopping.wait_for(|stopping| *stopping).await;
                }
            })
            .h1(map_config(application.into_factory(), |()| AppConfig::default()));
        let shared = shared.clone();
        fn_service(move |connection: TcpStream| {
            let peer = connection.peer_addr().ok();
            // Answers are small and whole: nothing is gained by waiting for more.
            let _ = connection.set_nodelay(true);
            ready(Ok((CompletedStream::new(connection, peer, shared.clone()), peer)))
        })
        .and_then(http)
    })?;
    Ok(builder.run())
}
