//! The composition root: the only place that knows which parts are real.

mod example;
mod open;
mod start_error;

pub use example::{EXAMPLE_HOOK, start_example};
pub use open::{Opened, migrate, open_for_check, open_registry, open_vault, read_secret_file};
pub use start_error::{StartError, store_hint};

use crate::config::{Config, ServerConfig};
use crate::crypto::random::Random;
use crate::domain::clock::{Clock, SystemClock};
use crate::domain::welcome::Welcome;
use crate::http::api::routes;
use crate::http::edge::rate_limit::RateLimiter;
use crate::http::openapi::document;
use crate::http::server;
use crate::http::shared::Shared;
use crate::outbound::resolver::{Resolver, SystemResolver};
use crate::vault::Vault;
use crate::vault::error::VaultError;
use actix_server::{Server, ServerHandle};
use actix_web::web;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// What tests replace: time, randomness, and the addresses of names.
#[derive(Clone)]
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub random: Random,
    pub resolver: Arc<dyn Resolver>,
}

impl Parts {
    /// The machine's clock and resolver, and the operating system's randomness.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock::start()), random: Random::system(), resolver: Arc::new(SystemResolver) }
    }
}

/// A vault that is serving.
pub struct App {
    address: SocketAddr,
    vault: Vault,
    shared: web::Data<Shared>,
    server: Server,
    /// Told before the server, so that idle connections close.
    stop: watch::Sender<bool>,
}

/// Stops a running app from elsewhere.
#[derive(Clone)]
pub struct Stopper {
    server: ServerHandle,
    stop: watch::Sender<bool>,
}

impl Stopper {
    /// Gracefully: requests under way are answered.
    pub async fn stop(&self, graceful: bool) {
        self.stop.send_replace(true);
        self.server.stop(graceful).await;
    }
}

/// Takes an address, so that nobody else has it.
///
/// # Errors
/// [`StartError::Listen`].
pub fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|reason| StartError::Listen { address, reason })
}

impl App {
    /// Opens everything and starts to listen.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start(config: Config, parts: &Parts) -> Result<Self, StartError> {
        // First, so that an address in use leaves nothing behind.
        let listener = listen(config.server.listen)?;
        Self::start_on(listener, config, parts).await
    }

    /// As [`Self::start`], on an address that was taken before.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start_on(listener: TcpListener, config: Config, parts: &Parts) -> Result<Self, StartError> {
        let vault = open_vault(&config, true, parts).await?;
        // The master key may be in it.
        let Config { server, .. } = config;
        Self::serve(&server, listener, vault, parts).await
    }

    async fn serve(
        config: &ServerConfig,
        listener: TcpListener,
        vault: Vault,
        parts: &Parts,
    ) -> Result<Self, StartError> {
        let listen_error = |reason| StartError::Listen { address: config.listen, reason };
        let address = listener.local_addr().map_err(listen_error)?;
        if config.public_url.is_none() && !address.ip().is_loopback() {
            tracing::warn!(
                "HOOKVAULT_PUBLIC_URL is not set: access by OAuth 2.0 works from this machine and for orgs with a domain only"
            );
        }
        let shared = web::Data::new(Shared {
            vault: vault.clone(),
            limiter: RateLimiter::new(config.rate_limit, parts.clock.clone()),
            dialect: config.dialect,
            public_url: config.public_url.clone(),
            body_timeout: config.client_timeout,
            paths: routes::path_table(),
            document: document::to_bytes().map_err(io::Error::from)?,
            welcome: OnceLock::new(),
        });
        let (stop, stopping) = watch::channel(false);
        let server = server::start(listener, shared.clone(), config.client_timeout, stopping).map_err(listen_error)?;
        tokio::spawn(look_for_damage(vault.clone(), stop.subscribe()));
        tokio::spawn(maintain(vault.clone(), stop.subscribe()));
        tokio::spawn(erase(vault.clone(), stop.subscribe()));
        Ok(Self { address, vault, shared, server, stop })
    }

    /// The address with the port that was really taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Shows this on the first page, too, to a person at this machine. What was given first stays.
    pub fn welcome(&self, welcome: Welcome) {
        let _ = self.shared.welcome.set(welcome);
    }

    /// For a stop from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { server: self.server.handle(), stop: self.stop.clone() }
    }

    /// Serves until the server is stopped, then closes the store.
    ///
    /// # Errors
    /// [`StartError::Server`].
    pub async fn run(self) -> Result<(), StartError> {
        let result = self.server.await;
        self.vault.close().await;
        result.map_err(StartError::Server)
    }

    /// As [`Self::run`]; a signal stops it in order, a second one at once.
    ///
    /// # Errors
    /// [`StartError::Server`].
    pub async fn run_until(self, mut signals: Signals) -> Result<(), StartError> {
        let stopper = self.stopper();
        let mut running = pin!(self.run());
        tokio::select! {
            result = &mut running => return result,
            () = signals.next() => {}
        }
        tokio::spawn(async move { stopper.stop(true).await });
        tracing::info!("stopping; another signal stops at once");
        tokio::select! {
            result = &mut running => result,
            // What was answered is on disk; the rest goes with the process.
            () = signals.next() => Ok(()),
        }
    }
}

/// SIGINT and SIGTERM, caught from the moment it is made: before anybody is told that the vault runs.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// # Errors
    /// Where the operating system refuses.
    pub fn catch() -> Result<Self, StartError> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// How often the server looks what is due: well within the time that a next signing key is published ahead.
const MAINTENANCE: Duration = Duration::from_mins(5);

/// Does what is due, at the start and from time to time, until the server stops.
async fn maintain(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.oauth_upkeep().await {
            // The app has stopped meanwhile.
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(error) => {
                vault.observe(&error);
                tracing::warn!(error = %error, "the upkeep of tokens has to wait");
            }
            Ok(()) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(MAINTENANCE) => {}
        }
    }
}

/// How often the server looks whether something deleted is still on the disk: within 5 s after the last reader of an older state it
/// is not.
const ERASURE: Duration = Duration::from_secs(2);

/// Erases what this server or another could not erase at once, until the server stops.
async fn erase(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.erase_pending().await {
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(error) => tracing::warn!(error = %error, "what was deleted cannot be erased now"),
            Ok(_) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(ERASURE) => {}
        }
    }
}

/// How often the server looks at everything.
const LOOK: Duration = Duration::from_hours(24);

/// Looks for damage while requests are served, at the start and once a day, and tells the log.
async fn look_for_damage(vault: Vault, mut stopping: watch::Receiver<bool>) {
    loop {
        match vault.examine().await {
            Ok(examination) => {
                for damaged in &examination.damaged {
                    tracing::error!(damaged = %damaged, "the database is damaged");
                }
                let (sound, damaged) = (examination.sound, examination.damaged.len());
                tracing::info!(sound, damaged, "looked at the whole database");
            }
            // The app has stopped meanwhile.
            Err(VaultError::Unavailable(error)) if error.is_closed() => return,
            Err(VaultError::Task(stopped)) if stopped.is_cancelled() => return,
            Err(error) => tracing::error!(error = %error, "the database cannot be looked at"),
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
