//! The composition root: the only place that knows which parts are real.

mod start_error;

pub use start_error::{StartError, store_hint};

use crate::config::{Config, DatabaseConfig, MasterKeySource, ServerConfig};
use crate::crypto::envelope::Envelope;
use crate::crypto::key_pool::KeyPool;
use crate::crypto::master_key::MasterKey;
use crate::crypto::random::Random;
use crate::crypto::rsa_key::KeyPair;
use crate::domain::clock::{Clock, SystemClock};
use crate::domain::outbound::{OutboundPolicy, is_loopback};
use crate::http::rate_limit::RateLimiter;
use crate::http::{Shared, docs, server};
use crate::outbound::Outbound;
use crate::outbound::resolver::{Resolver, SystemResolver};
use crate::repository::Store as _;
use crate::repository::sqlite::SqliteStore;
use crate::repository::sqlite::file;
use crate::vault::error::VaultError;
use crate::vault::oauth::issuers::{Issuer, Issuers};
use crate::vault::sealing;
use crate::vault::{Registry, Vault};
use actix_server::{Server, ServerHandle};
use actix_web::web;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use zeroize::Zeroizing;

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

/// An open database, migrated, with its default org. Needs no master key.
pub struct Opened {
    pub registry: Registry,
    store: Arc<SqliteStore>,
}

impl Opened {
    /// Closes the database: the last one who does removes the WAL.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Opens the store without looking at its schema.
///
/// # Errors
/// [`StartError`].
pub async fn open_store(database: &DatabaseConfig, create: bool) -> Result<SqliteStore, StartError> {
    if file::prepare(&database.path, create)? {
        tracing::info!(path = %database.path.display(), "made a new database");
    }
    Ok(SqliteStore::open(&database.path).await?)
}

/// Runs the pending migrations, or only tells which they are. Returns them, oldest first.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(database: &DatabaseConfig, only_tell: bool) -> Result<Vec<String>, StartError> {
    let (store, migrations) = if only_tell {
        let store = open_read_only(database).await?;
        let pending = store.pending_migrations().await;
        (store, pending)
    } else {
        let store = open_store(database, true).await?;
        let applied = store.migrate().await;
        (store, applied)
    };
    store.close().await;
    Ok(migrations?)
}

async fn open_read_only(database: &DatabaseConfig) -> Result<SqliteStore, StartError> {
    file::examine(&database.path)?;
    Ok(SqliteStore::open_read_only(&database.path).await?)
}

/// Opens a vault that must be there already, for looking alone: nothing is made, migrated or changed.
///
/// # Errors
/// [`StartError`], also where the database is empty or not up to date.
pub async fn open_for_check(config: Config, parts: &Parts) -> Result<Vault, StartError> {
    let master_key = read_master_key(&config.master_key)?;
    let store = Arc::new(open_read_only(&config.database).await?);
    let pending = store.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(StartError::Pending { pending });
    }
    let registry = Registry::new(store, parts.clock.clone(), parts.random.clone());
    let envelope = Envelope::new(&master_key, parts.random.clone());
    let outbound = open_outbound(&config.outbound, parts)?;
    let pool = KeyPool::start(0, key_maker(&parts.random))?;
    let vault = Vault::new(registry, envelope, pool, 1, outbound, Issuers::new(Vec::new()));
    vault.ready().await?;
    Ok(vault)
}

/// Opens the database, and migrates it where that is wanted.
///
/// # Errors
/// [`StartError`].
pub async fn open_registry(database: &DatabaseConfig, create: bool, parts: &Parts) -> Result<Opened, StartError> {
    // Without migrations an empty file would be of no use.
    let store = Arc::new(open_store(database, create && database.migrate).await?);
    if database.migrate {
        for migration in store.migrate().await? {
            tracing::info!(migration, "migrated");
        }
    } else {
        let pending = store.pending_migrations().await?;
        if !pending.is_empty() {
            return Err(StartError::Pending { pending });
        }
    }
    let registry = Registry::new(store.clone(), parts.clock.clone(), parts.random.clone());
    registry.org_ensure_default().await?;
    Ok(Opened { registry, store })
}

fn open_outbound(policy: &OutboundPolicy, parts: &Parts) -> Result<Outbound, StartError> {
    Outbound::new(policy.clone(), parts.resolver.clone()).map_err(StartError::Outbound)
}

/// Opens the database and the master key, and checks that they belong together.
///
/// # Arguments
/// `create`: whether a database is made where there is none.
///
/// # Errors
/// [`StartError`].
pub async fn open_vault(config: &Config, create: bool, parts: &Parts) -> Result<Vault, StartError> {
    // First, so that a missing master key leaves no empty database behind.
    let master_key = read_master_key(&config.master_key)?;
    let opened = open_registry(&config.database, create, parts).await?;
    let envelope = Envelope::new(&master_key, parts.random.clone());
    drop(master_key);
    sealing::claim(&opened.registry, &envelope).await?;
    let pool = KeyPool::start(config.server.key_pool, key_maker(&parts.random))?;
    let makers = available_parallelism().map_or(1, usize::from);
    let outbound = open_outbound(&config.outbound, parts)?;
    let issuers = open_issuers(config, &opened.registry, parts).await?;
    Ok(Vault::new(opened.registry, envelope, pool, makers, outbound, issuers))
}

/// Each issuer may be called wherever it is: its address comes from the one who runs the vault, not from its users.
async fn open_issuers(config: &Config, registry: &Registry, parts: &Parts) -> Result<Issuers, StartError> {
    let mut issuers = Vec::new();
    for trusted in &config.trusted_issuers {
        let org = registry.org_pick(trusted.org.as_deref()).await.map_err(|error| match error {
            error @ (VaultError::NotFound { .. } | VaultError::Ambiguous { .. }) => StartError::TrustedIssuerOrg(error),
            error => error.into(),
        })?;
        if issuers.iter().any(|known: &Issuer| known.is_same(&org.id, trusted)) {
            return Err(StartError::TrustedIssuerTwice {
                issuer: trusted.issuer.to_string(),
                org: org.name.to_string(),
            });
        }
        let keys = trusted.jwks_uri.as_ref().unwrap_or(&trusted.issuer);
        if !keys.is_https() && !keys.as_url().host().is_some_and(|host| is_loopback(&host)) {
            tracing::warn!(
                issuer = trusted.issuer.as_str(),
                "the keys of this issuer come over plain http: whoever is on the way can choose them"
            );
        }
        let addresses = [Some(&trusted.issuer), trusted.jwks_uri.as_ref()].into_iter().flatten();
        let policy = addresses.fold(config.outbound.clone(), OutboundPolicy::with_host_of);
        issuers.push(Issuer::new(org.id, trusted.clone(), open_outbound(&policy, parts)?));
    }
    Ok(Issuers::new(issuers))
}

fn key_maker(random: &Random) -> impl Fn() -> KeyPair + Send + 'static {
    let random = random.clone();
    move || KeyPair::make(&random)
}

fn read_master_key(source: &MasterKeySource) -> Result<MasterKey, StartError> {
    match source {
        MasterKeySource::Missing => Err(StartError::NoMasterKey),
        MasterKeySource::Text(text) => MasterKey::parse(text)
            .map_err(|reason| StartError::MasterKeyForm { origin: "HOOKVAULT_MASTER_KEY".into(), reason }),
        MasterKeySource::File(path) => MasterKey::parse(&read_secret_file(path)?)
            .map_err(|reason| StartError::MasterKeyForm { origin: path.display().to_string(), reason }),
    }
}

/// The content of a file that only its owner may read.
///
/// # Errors
/// [`StartError::SecretFile`], [`StartError::NotAFile`] or [`StartError::SecretReadableByOthers`].
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<String>, StartError> {
    let unreadable = |reason| StartError::SecretFile { path: path.to_owned(), reason };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    // A pipe, as the shell's <(…) makes one, will do as well.
    if !metadata.is_file() && !metadata.file_type().is_fifo() {
        return Err(StartError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StartError::SecretReadableByOthers { path: path.to_owned(), mode });
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(unreadable)
}

/// A vault that is serving.
pub struct App {
    address: SocketAddr,
    vault: Vault,
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

impl App {
    /// Opens everything and starts to listen.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start(config: Config, parts: &Parts) -> Result<Self, StartError> {
        let listen_error = |reason| StartError::Listen { address: config.server.listen, reason };
        // First, so that an address in use leaves nothing behind.
        let listener = TcpListener::bind(config.server.listen).map_err(listen_error)?;
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
        // What a crash between a deletion and its erasure has left behind.
        vault.erase_leftovers().await;
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
            document: docs::document().map_err(io::Error::from)?,
        });
        let (stop, stopping) = watch::channel(false);
        let server = server::start(listener, shared, config.client_timeout, stopping).map_err(listen_error)?;
        tokio::spawn(report_damage(vault.clone()));
        tokio::spawn(maintain(vault.clone(), stop.subscribe()));
        Ok(Self { address, vault, server, stop })
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
            Err(error) => tracing::warn!(error = %error, "the upkeep of tokens has to wait"),
            Ok(()) => {}
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(MAINTENANCE) => {}
        }
    }
}

/// Looks at all that is sealed, while requests are served already, and tells the log what is damaged.
async fn report_damage(vault: Vault) {
    match vault.sealed_examine().await {
        Ok(examination) => {
            for damaged in examination.damaged {
                tracing::error!(damaged = %damaged, "what was sealed is damaged");
            }
        }
        // The app has stopped meanwhile.
        Err(VaultError::Task(stopped)) if stopped.is_cancelled() => {}
        Err(error) => tracing::error!(error = %error, "what is sealed cannot be examined"),
    }
}
