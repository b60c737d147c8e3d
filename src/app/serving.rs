//! A server from start to stop.

use super::looks;
use super::master_keys_told::is_begun;
use super::open::{OpenedVault, open_vault};
use super::parts::Parts;
use super::scheduled_backups::ScheduledBackups;
use super::signals::Signals;
use super::start_error::StartError;
use super::tasks;
use crate::config::{Config, ServerConfig};
use crate::domain::welcome::Welcome;
use crate::http::api::routes;
use crate::http::edge::answers::Answers;
use crate::http::edge::rate_limit::RateLimiter;
use crate::http::openapi::document;
use crate::http::server::Server;
use crate::http::shared::Shared;
use crate::vault::Vault;
use crate::vault::custody::backup::newest_of_any;
use actix_web::web;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// A vault that is serving.
pub struct App {
    address: SocketAddr,
    vault: Vault,
    is_new: bool,
    shared: web::Data<Shared>,
    server: Server,
    stop: watch::Sender<bool>,
    backups: Option<Arc<ScheduledBackups>>,
}

/// Stops a running app from elsewhere.
#[derive(Clone)]
pub struct Stopper {
    stop: watch::Sender<bool>,
}

impl Stopper {
    /// What was sent until now is answered, then the app ends.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Takes an address, so that nobody else has it.
///
/// # Errors
/// [`StartError::Listen`].
pub fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|reason| StartError::Listen { address, reason })
}

/// Refuses to begin a vault where the folder of its backups has those of another: that one may be what was meant, and be gone.
async fn refuse_beside_backups(config: &Config, parts: &Parts) -> Result<(), StartError> {
    let Some(newest) = config.server.backup.as_ref().and_then(|backup| newest_of_any(&backup.folder)) else {
        return Ok(());
    };
    match is_begun(&config.database, parts).await {
        Ok(false) => Err(StartError::BackupsOfAnother { database: config.database.url.to_string(), newest }),
        // What is in the way of an answer is in the way of opening it, too.
        Ok(true) | Err(_) => Ok(()),
    }
}

impl App {
    /// Opens everything and starts to listen.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start(config: Config, parts: &Parts) -> Result<Self, StartError> {
        // First, so that an address in use leaves nothing behind.
        let listener = listen(config.server.listen)?;
        let database = config.database.url.clone();
        let app = Self::start_on(listener, config, parts).await?;
        if app.is_new {
            tracing::warn!(
                %database,
                "made a new database, and an empty vault in it: where there should be one already, stop this, and restore a backup"
            );
        }
        Ok(app)
    }

    /// As [`Self::start`], on an address that was taken before, and without a word where a new database is made.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start_on(listener: TcpListener, mut config: Config, parts: &Parts) -> Result<Self, StartError> {
        config.database.url = config.database.url.of_server();
        refuse_beside_backups(&config, parts).await?;
        let OpenedVault { vault, sealing, is_new, .. } = open_vault(&config, true, parts).await?;
        // The master key may be in it.
        let Config { server, .. } = config;
        let backups = server.backup.as_ref();
        let backups =
            backups.map(|config| ScheduledBackups::new(config, vault.clone(), sealing, parts.clone())).transpose()?;
        let served = Self::serve(&server, listener, vault, backups.map(Arc::new), parts).await?;
        Ok(Self { is_new, ..served })
    }

    async fn serve(
        config: &ServerConfig,
        listener: TcpListener,
        vault: Vault,
        backups: Option<Arc<ScheduledBackups>>,
        parts: &Parts,
    ) -> Result<Self, StartError> {
        let listen_error = |reason| StartError::Listen { address: config.listen, reason };
        let address = listener.local_addr().map_err(listen_error)?;
        if config.public_url.is_none() && !address.ip().is_loopback() {
            tracing::warn!(
                "HOOKVAULT_PUBLIC_URL is not set: access by OAuth 2.0 works from this machine and for orgs with a domain only"
            );
        }
        // Before anybody asks under the host of one that is damaged.
        looks::look_at_orgs_now(&vault).await;
        let shared = web::Data::new(Shared {
            vault: vault.clone(),
            limiter: RateLimiter::new(config.rate_limit, parts.clock.clone()),
            dialect: config.dialect,
            public_url: config.public_url.clone(),
            body_timeout: config.client_timeout,
            answers: Answers::default(),
            paths: routes::path_table(),
            document: document::to_bytes().map_err(io::Error::from)?,
            welcome: OnceLock::new(),
        });
        let server = Server::start(listener, shared.clone(), config.connections, config.client_timeout);
        let server = server.map_err(listen_error)?;
        let (stop, _) = watch::channel(false);
        tokio::spawn(looks::look_for_damage(vault.clone(), stop.subscribe()));
        tokio::spawn(looks::look_at_orgs(vault.clone(), stop.subscribe()));
        tokio::spawn(tasks::maintain(vault.clone(), stop.subscribe()));
        tokio::spawn(tasks::turn_hook_keys(vault.clone(), stop.subscribe()));
        tokio::spawn(tasks::erase(vault.clone(), stop.subscribe()));
        tokio::spawn(tasks::follow_master_key(vault.clone(), stop.subscribe()));
        tokio::spawn(tasks::tell_uses(vault.clone(), stop.subscribe()));
        if let Some(retention) = config.audit_retention {
            tokio::spawn(tasks::forget_old_entries(vault.clone(), retention, stop.subscribe()));
        }
        if let Some(backups) = &backups {
            tokio::spawn(tasks::back_up(backups.clone(), stop.subscribe()));
        }
        Ok(Self { address, vault, is_new: false, shared, server, stop, backups })
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

    /// The backups that it makes, where it makes any.
    #[must_use]
    pub fn backups(&self) -> Option<&Arc<ScheduledBackups>> {
        self.backups.as_ref()
    }

    /// Shows this on the first page, too, to a person at this machine. What was given first stays.
    pub fn welcome(&self, welcome: Welcome) {
        let _ = self.shared.welcome.set(welcome);
    }

    /// For a stop from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { stop: self.stop.clone() }
    }

    /// Serves until the server is stopped, then closes the store.
    ///
    /// # Errors
    /// [`StartError::Server`].
    pub async fn run(self) -> Result<(), StartError> {
        let answered = self.server.run(self.stop.subscribe()).await;
        self.vault.close().await;
        answered.map_err(StartError::Server)?.end().await;
        Ok(())
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
        stopper.stop();
        tracing::info!("stopping; another signal stops at once");
        tokio::select! {
            result = &mut running => result,
            // What was answered is on disk; the rest goes with the process.
            () = signals.next() => Ok(()),
        }
    }
}
