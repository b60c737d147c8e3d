//! The vault that is measured: in a folder that goes with it, and filled as somebody would have filled it.

use super::client::{Answer, Client};
use super::error::BenchError;
use super::fill;
use super::load::{Load, Loaded, Requests};
use super::request::Request;
use super::server::Server;
use super::settings::Settings;
use super::threads::on_thread;
use crate::app::{self, Opened, Parts};
use crate::config::{DatabaseConfig, MasterKeyOpener, MasterKeyPlace, MasterKeySource};
use crate::crypto::private_key::PrivateKey;
use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::id::{KeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::org::Domain;
use crate::domain::scope::{Scope, Scopes};
use crate::domain::verifying_key::VerifyingKey;
use crate::repository::url::DatabaseUrl;
use crate::vault::Registry;
use crate::vault::error::VaultError;
use serde::Deserialize;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// For requests of which there are so many and no more: longer than they take.
pub const UNLIMITED: Duration = Duration::from_secs(600);

/// Where keys are listed and made.
pub const KEYS: &str = "/api/v1/hook-keys";

/// How many clients write at once.
pub const WRITERS: usize = 16;

/// The server goes before the folder that it runs in.
pub struct Subject {
    server: Option<Server>,
    /// Of the default org.
    pub token: String,
    /// The ids of its keys.
    pub keys: Vec<String>,
    pub app: ServiceApp,
    pub parts: Parts,
    database: DatabaseConfig,
    master_key: PathBuf,
    folder: TempDir,
}

/// An app of the default org, with its private key.
pub struct ServiceApp {
    pub id: String,
    pub key_id: KeyId,
    pub key: Arc<PrivateKey>,
}

/// Another org, and somebody who may do everything in it.
pub struct Tenant {
    pub host: String,
    pub token: String,
}

impl Subject {
    /// # Errors
    /// [`BenchError`].
    pub async fn make(settings: &Settings) -> Result<Self, BenchError> {
        let folder = tempfile::Builder::new().prefix("hookvault-bench-").tempdir().map_err(BenchError::Folder)?;
        let file = || DatabaseUrl::file(&folder.path().join("hookvault.db"));
        let own = || DatabaseConfig { url: file(), password_file: None, migrate: true };
        let database = settings.database.clone().unwrap_or_else(own);
        let (parts, master_key) = (Parts::real(), folder.path().join("master.key"));
        write_master_key(&master_key, &parts)?;
        let opened = open(&database, &master_key, &parts).await?;
        let made = make_access(&opened.registry, &parts).await;
        opened.close().await;
        let (token, app) = made?;
        let mut subject = Self { server: None, token, keys: Vec::new(), app, parts, database, master_key, folder };
        subject.restart().await?;
        let tenant = Tenant { host: subject.host()?, token: subject.token.clone() };
        subject.create(&tenant, 1..=settings.size.keys).await?;
        subject.keys = subject.key_ids().await?;
        Ok(subject)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn engine(&self) -> &'static str {
        match self.database.url {
            DatabaseUrl::Sqlite(_) => "sqlite",
            DatabaseUrl::Postgres(_) => "postgres",
        }
    }

    /// # Errors
    /// Where it could not be started again.
    pub fn server(&self) -> Result<&Server, BenchError> {
        self.server.as_ref().ok_or(BenchError::Server("is not there any more"))
    }

    /// # Errors
    /// As [`Self::server`].
    pub fn address(&self) -> Result<SocketAddr, BenchError> {
        Ok(self.server()?.address)
    }

    /// The host of the default org.
    ///
    /// # Errors
    /// As [`Self::server`].
    pub fn host(&self) -> Result<String, BenchError> {
        Ok(self.address()?.to_string())
    }

    /// Stops the server in order, and starts another one on the same vault.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn restart(&mut self) -> Result<&Server, BenchError> {
        if let Some(server) = self.server.take() {
            server.stop().await?;
        }
        let started = Server::start(self.folder.path(), &self.database, &self.master_key).await?;
        Ok(self.server.insert(started))
    }

    /// As many requests as there can be.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn load(&self, connections: usize, time: Duration, requests: Requests) -> Result<Loaded, BenchError> {
        Load { address: self.address()?, connections, requests, time }.run().await
    }

    /// Makes keys with these numbers in an org, by all writers at once.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn create(&self, tenant: &Tenant, mut numbers: RangeInclusive<usize>) -> Result<Loaded, BenchError> {
        let (host, token, writers) = (tenant.host.clone(), tenant.token.clone(), WRITERS.min(numbers.clone().count()));
        let requests = Requests::each(move || {
            let body = format!(r#"{{"name":"key {}"}}"#, numbers.next()?);
            Some(Request::json("POST", KEYS, &host, body).by(&token).bytes())
        });
        self.load(writers, UNLIMITED, requests).await
    }

    async fn key_ids(&self) -> Result<Vec<String>, BenchError> {
        #[derive(Deserialize)]
        struct Listed {
            id: String,
        }
        let request = Request::get(KEYS, &self.host()?).by(&self.token).bytes();
        let listed: Result<Vec<Listed>, _> = self.ask(&request, |answer| serde_json::from_slice(answer.body)).await?;
        Ok(listed.map_err(|_| BenchError::NoAnswer)?.into_iter().map(|key| key.id).collect())
    }

    /// # Errors
    /// [`BenchError`].
    pub async fn ask<T>(&self, request: &[u8], read: impl FnOnce(Answer<'_>) -> T) -> Result<T, BenchError> {
        let mut client = Client::connect(self.address()?).await?;
        let answer = client.ask(request).await?;
        answer.check()?;
        Ok(read(answer))
    }

    /// Makes an org without keys.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn make_org(&self, name: &str) -> Result<Tenant, BenchError> {
        let opened = open(&self.database, &self.master_key, &self.parts).await?;
        let made = make_org(&opened.registry, name).await;
        opened.close().await;
        Ok(made?)
    }

    /// Makes many orgs with keys, past the use cases. Returns their hosts.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn fill(&self, orgs: usize, keys: usize) -> Result<Vec<String>, BenchError> {
        let opened = open(&self.database, &self.master_key, &self.parts).await?;
        let (store, envelope) = opened.below();
        let filled = fill::fill(store, envelope, &self.parts, orgs, keys).await;
        opened.close().await;
        filled
    }
}

async fn open(database: &DatabaseConfig, master_key: &Path, parts: &Parts) -> Result<Opened, BenchError> {
    let source = MasterKeySource::plain(MasterKeyPlace::File(master_key.to_owned()));
    Ok(app::open_registry(database, &source, true, parts).await?)
}

fn write_master_key(path: &Path, parts: &Parts) -> Result<(), BenchError> {
    let (_, text) = app::make_master_key(&MasterKeyOpener::Nothing, &parts.random)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(BenchError::Folder)
}

/// A token that may do everything, and an app.
async fn make_access(registry: &Registry, parts: &Parts) -> Result<(String, ServiceApp), BenchError> {
    let random = parts.random.clone();
    let pair = on_thread(move || KeyPair::make(&random)).await?;
    let key = PrivateKey::from_pkcs8(pair.pkcs8()).map_err(|error| BenchError::Signature(error.into()))?;
    let key_id = parts.random.key_id();
    let org = registry.org_pick(None).await?.id;
    let token = make_token(registry, &org).await?;
    let public = vec![(Some(key_id.to_string()), VerifyingKey::Rsa(pair.public_key.clone()))];
    let (app, _) =
        registry.service_app_create(&Actor::Vault, &org, name("bench")?, all_scopes(), false, public).await?;
    Ok((token, ServiceApp { id: app.id.as_str().to_owned(), key_id, key: Arc::new(key) }))
}

async fn make_org(registry: &Registry, called: &str) -> Result<Tenant, VaultError> {
    let host = format!("{called}.example.com");
    let domain = Domain::parse(&host).map_err(|reason| reason.at("domain"))?;
    let org = registry.org_create(&Actor::Vault, name(called)?, Some(domain)).await?;
    Ok(Tenant { host, token: make_token(registry, &org.id).await? })
}

async fn make_token(registry: &Registry, org: &OrgId) -> Result<String, VaultError> {
    let (_, secret) = registry.api_token_create(&Actor::Vault, org, name("bench")?, all_scopes(), None).await?;
    Ok(secret.expose().to_owned())
}

fn all_scopes() -> Scopes {
    Scope::ALL.into_iter().collect()
}

fn name(text: &str) -> Result<Name, VaultError> {
    Name::parse(text).map_err(VaultError::Name)
}
