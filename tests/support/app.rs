//! A vault in this process: `TestApp::start().await`, then one client for each kind of caller.

use super::answer::Answer;
use super::database as databases;
pub use super::database::{file as database, other_program};
use super::fixed::{self, FixedClock};
use super::names::Names;
use super::process::http_client;
use super::seal::{Column, seal};
use hookvault::app::{App, Parts, ScheduledBackups, StartError, Stopper};
use hookvault::config::{Config, DatabaseConfig, MasterKeyPlace, MasterKeySource, ServerConfig};
use hookvault::domain::actor::Actor;
use hookvault::domain::connection_limits::ConnectionLimits;
use hookvault::domain::dialect::DialectChoice;
use hookvault::domain::name::Name;
use hookvault::domain::org::Domain;
use hookvault::domain::outbound::OutboundPolicy;
use hookvault::domain::rate_limit::RateLimit;
use hookvault::domain::scope::Scopes;
use hookvault::vault::Vault;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sqlx::AnyConnection;
use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub use super::seal::MASTER_KEY;

pub const READ: &str = "okta.inlineHooks.read";
pub const MANAGE: &str = "okta.inlineHooks.manage";
pub const USE: &str = "hookvault.keys.use";
pub const LOGS: &str = "okta.logs.read";

pub struct TestApp {
    pub folder: Arc<TempDir>,
    pub address: SocketAddr,
    pub clock: Arc<FixedClock>,
    /// The addresses of names, for hooks.
    pub names: Arc<Names>,
    pub vault: Vault,
    pub backups: Option<Arc<ScheduledBackups>>,
    stopper: Stopper,
    running: JoinHandle<Result<(), StartError>>,
    http: reqwest::Client,
}

/// Settings of a test's vault.
pub fn config(folder: &TempDir) -> Config {
    Config {
        server: ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            rate_limit: RateLimit::parse("1200").unwrap(),
            dialect: DialectChoice::Auto,
            public_url: None,
            // So that the same request makes the same key in every run.
            key_pool: 0,
            client_timeout: Duration::from_secs(30),
            connections: ConnectionLimits { total: NonZeroUsize::new(2000).unwrap(), per_address: None },
            audit_retention: None,
            backup: None,
        },
        database: DatabaseConfig { url: databases::url(&database(folder)), password_file: None, migrate: true },
        master_key: MasterKeySource::plain(MasterKeyPlace::Text(MASTER_KEY.to_owned().into())),
        outbound: OutboundPolicy::default(),
        trusted_issuers: Vec::new(),
    }
}

/// A migration of this version.
pub struct Migration {
    /// As in `V1__vault`.
    pub name: String,
    pub sql: String,
}

/// All of them, oldest first, as their folder has them.
pub fn migrations() -> Vec<Migration> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut found: Vec<(usize, Migration)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let version = name[1..name.find("__").unwrap()].parse().unwrap();
            (version, Migration { name, sql: fs::read_to_string(path).unwrap() })
        })
        .collect();
    found.sort_by_key(|(version, _)| *version);
    found.into_iter().map(|(_, migration)| migration).collect()
}

/// The names of [`migrations`].
pub fn migration_names() -> Vec<String> {
    migrations().into_iter().map(|migration| migration.name).collect()
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let (parts, clock, names) = fixed::parts();
        Self::start_in(folder, parts, clock, names, adjust).await
    }

    /// A second vault on the same file, with its own view of everything.
    pub async fn start_beside(&self) -> Self {
        self.start_beside_with(|_| {}).await
    }

    /// A second vault on the same file, whose clock is ahead.
    pub async fn start_beside_ahead(&self, by: Duration) -> Self {
        let clock = Arc::new(self.clock.ahead(by));
        Self::start_on(self.folder.clone(), clock).await
    }

    /// A vault on the file of one that has stopped.
    pub async fn start_on(folder: Arc<TempDir>, clock: Arc<FixedClock>) -> Self {
        let parts = Parts { clock: clock.clone(), ..Parts::real() };
        Self::start_in(folder, parts, clock, Arc::default(), |_| {}).await
    }

    pub async fn start_beside_with(&self, adjust: impl FnOnce(&mut Config)) -> Self {
        let (clock, names) = (self.clock.clone(), self.names.clone());
        let parts = Parts { clock: clock.clone(), resolver: names.clone(), ..Parts::real() };
        Self::start_in(self.folder.clone(), parts, clock, names, adjust).await
    }

    async fn start_in(
        folder: Arc<TempDir>,
        parts: Parts,
        clock: Arc<FixedClock>,
        names: Arc<Names>,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        databases::make(&database(&folder)).await;
        let mut config = config(&folder);
        adjust(&mut config);
        let app = App::start(config, &parts).await.unwrap();
        let (address, vault, stopper) = (app.address(), app.vault().clone(), app.stopper());
        let backups = app.backups().cloned();
        let running = tokio::spawn(app.run());
        Self { backups, folder, address, clock, names, vault, stopper, running, http: http_client() }
    }

    /// Orderly; afterwards the files are closed.
    pub async fn stop(self) -> Arc<TempDir> {
        self.stopper.stop();
        tokio::time::timeout(Duration::from_secs(60), self.running).await.unwrap().unwrap().unwrap();
        self.folder
    }

    pub fn database(&self) -> PathBuf {
        database(&self.folder)
    }

    /// A caller without a credential.
    pub fn anon(&self) -> Caller<'_> {
        Caller { app: self, headers: HeaderMap::new() }
    }

    /// A caller with a new token of the default org.
    pub async fn token(&self, scopes: &str) -> Caller<'_> {
        self.token_of(None, scopes).await
    }

    /// A caller with a new token of an org, who asks under the org's domain.
    pub async fn token_of(&self, org: Option<&str>, scopes: &str) -> Caller<'_> {
        let token = self.new_token(org, scopes).await;
        let caller = self.anon().with("authorization", &format!("SSWS {token}"));
        match org {
            Some(domain) => caller.with("host", domain),
            None => caller,
        }
    }

    pub async fn new_token(&self, org: Option<&str>, scopes: &str) -> String {
        let registry = self.vault.registry();
        let org = registry.org_pick(org).await.unwrap();
        let number = registry.api_token_list().await.unwrap().len();
        let name = Name::parse(&format!("token {number}")).unwrap();
        let (_, secret) = registry
            .api_token_create(&Actor::Vault, &org.id, name, Scopes::parse(scopes).unwrap(), None)
            .await
            .unwrap();
        secret.expose().to_owned()
    }

    pub async fn new_org(&self, domain: &str) {
        let (name, domain) = (Name::parse(domain).unwrap(), Domain::parse(domain).unwrap());
        self.vault.registry().org_create(&Actor::Vault, name, Some(domain)).await.unwrap();
    }

    /// A connection of another program to the same database.
    pub async fn other_program(&self) -> AnyConnection {
        other_program(&self.database()).await
    }
}

/// The same with what SQLite alone has.
pub async fn sqlite_program(database: &Path) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions as _;
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(Duration::from_secs(10))
        .connect()
        .await
        .unwrap()
}

/// Registers a use of a key past the vault, as if it had done so: in one statement, so that nothing comes between.
pub async fn refer(
    connection: &mut AnyConnection,
    org: &str,
    key: &str,
    consumer: &str,
    name: &str,
) -> sqlx::Result<()> {
    let columns = [org, key, "program", consumer, name].map(Column::Text);
    let seal =
        seal("hook_key_reference", &columns.into_iter().chain([Column::Number(0)]).map(Some).collect::<Vec<_>>());
    sqlx::query(
        "INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, slot, seal)
         VALUES ($5, $1, 'program', $2, $3, 0,
                 (SELECT coalesce(max(slot), 0) + 1 FROM hook_key_reference WHERE hook_key_id = $1), $4)",
    )
    .bind(key)
    .bind(consumer)
    .bind(name)
    .bind(seal)
    .bind(org)
    .execute(connection)
    .await
    .map(drop)
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Caller<'a> {
    app: &'a TestApp,
    headers: HeaderMap,
}

impl Caller<'_> {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(("application/json", body.to_string().into_bytes()))).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(("application/json", body.to_string().into_bytes()))).await
    }

    pub async fn create(&self, name: &str) -> Value {
        let answer = self.post("/api/v1/hook-keys", serde_json::json!({ "name": name })).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let mut request =
            self.app.http.request(method, format!("http://{}{path}", self.app.address)).headers(self.headers.clone());
        if let Some((media_type, bytes)) = body {
            request = request.header("content-type", media_type).body(bytes);
        }
        Answer::of(request.send().await.unwrap()).await
    }
}
