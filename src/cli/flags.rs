//! Flags that several commands share. A flag that is not given leaves the word to the environment.

use crate::app::{self, Opened, OpenedVault, Parts};
use crate::config::{
    Config, ConfigError, DataDir, DatabaseConfig, LogConfig, LogFormat, MasterKeySource, Sources, variable,
};
use crate::domain::org::Org;
use crate::telemetry::{self, Log};
use crate::vault::{Registry, Vault};
use clap::Args;

use super::error::CliError;
use super::output;
use super::program::quote;

/// Pairs of a setting and the flag's value.
pub type Flags = Vec<(&'static str, Option<String>)>;

/// Which vault.
#[derive(Args)]
pub struct DatabaseFlags {
    /// The data folder of `hookvault dev`, in place of the other settings
    #[arg(long, value_name = "FOLDER", help_heading = "Settings")]
    data_dir: Option<String>,
    /// The database, as sqlite://PATH or postgres://USER@HOST/NAME [default: sqlite://hookvault.db]
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    database_url: Option<String>,
    /// Run pending migrations first: on or off
    #[arg(long, value_name = "WHEN", help_heading = "Settings")]
    migrate: Option<String>,
}

impl DatabaseFlags {
    pub fn flags(&self) -> Flags {
        vec![
            (variable::DATA_DIR, self.data_dir.clone()),
            (variable::DATABASE_URL, self.database_url.clone()),
            (variable::MIGRATE, self.migrate.clone()),
        ]
    }
}

/// The flags by which a vault was named, for a line that a person pastes: each with a space before it.
pub fn naming(database: &DatabaseFlags, master_key: &MasterKeyFlags) -> String {
    let given = [
        ("--data-dir", &database.data_dir),
        ("--database-url", &database.database_url),
        ("--master-key-file", &master_key.master_key_file),
    ];
    given.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", quote(value.as_ref()?)))).collect()
}

/// The vault whose orgs, tokens and apps a command works on.
#[derive(Args)]
pub struct RegistryFlags {
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl RegistryFlags {
    /// Opens the database, does the work, and closes it, whatever came of the work.
    ///
    /// # Arguments
    /// `create`: whether a database is made where there is none.
    pub async fn work<T, E: Into<CliError>>(
        &self,
        create: bool,
        work: impl AsyncFnOnce(&Registry) -> Result<T, E>,
    ) -> Result<T, CliError> {
        let opened = self.open(create).await?;
        let done = work(&opened.registry).await;
        opened.close().await;
        done.map_err(Into::into)
    }

    async fn open(&self, create: bool) -> Result<Opened, CliError> {
        let sources = sources([self.database.flags(), self.master_key.flags()])?;
        let database = DatabaseConfig::from_sources(&sources)?;
        let master_key = MasterKeySource::from_sources(&sources)?;
        // In a data folder its master key would be missing.
        let create = create && DataDir::from_sources(&sources)?.is_none();
        let opened = app::open_registry(&database, &master_key, create, &Parts::real()).await?;
        tell_sealed(opened.sealed_rows);
        if opened.is_new {
            // Who meant another one should know.
            output::tell(&format!("made a new database: {}", database.url));
            if let Some(other) = DataDir::here() {
                let path = other.path().display();
                output::tell(&format!(
                    "hint: the vault of `hookvault dev` in this folder is another: --data-dir {path}"
                ));
            }
        }
        Ok(opened)
    }
}

#[derive(Args)]
pub struct MasterKeyFlags {
    /// The file that holds the master key
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    master_key_file: Option<String>,
}

impl MasterKeyFlags {
    pub fn flags(&self) -> Flags {
        vec![(variable::MASTER_KEY_FILE, self.master_key_file.clone())]
    }
}

/// The vault that a command works on by itself, without a server.
#[derive(Args)]
pub struct VaultFlags {
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
}

impl VaultFlags {
    /// Opens the vault, which must be there, picks the org, does the work, and closes the vault, whatever came of the work.
    pub async fn work<T, E: Into<CliError>>(
        &self,
        work: impl AsyncFnOnce(&Vault, &Org) -> Result<T, E>,
    ) -> Result<T, CliError> {
        self.work_with([], work).await
    }

    /// As [`Self::work`], with further flags.
    pub async fn work_with<T, E: Into<CliError>>(
        &self,
        flags: impl IntoIterator<Item = Flags>,
        work: impl AsyncFnOnce(&Vault, &Org) -> Result<T, E>,
    ) -> Result<T, CliError> {
        let vault = self.open(flags).await?;
        let done = match vault.registry().org_pick(self.org.as_deref()).await {
            Ok(org) => work(&vault, &org).await.map_err(Into::into),
            Err(error) => Err(error.into()),
        };
        vault.close().await;
        done
    }

    async fn open(&self, flags: impl IntoIterator<Item = Flags>) -> Result<Vault, CliError> {
        let sources = sources([self.database.flags(), self.master_key.flags()].into_iter().chain(flags))?;
        let mut config = match DataDir::from_sources(&sources)? {
            Some(folder) => Config::of_folder(&folder, &sources)?,
            None => Config::from_sources(&sources)?,
        };
        // Keys are made one by one, if at all.
        config.server.key_pool = 0;
        let OpenedVault { vault, sealed_rows, .. } = app::open_vault(&config, false, &Parts::real()).await?;
        tell_sealed(sealed_rows);
        Ok(vault)
    }
}

/// Tells how many rows of an earlier version got their seals.
pub fn tell_sealed(rows: u64) {
    if rows > 0 {
        output::tell(&format!("{rows} row(s) of an earlier version carry seals now, and were read back"));
    }
}

#[derive(Args)]
pub struct ServerFlags {
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", help_heading = "Settings")]
    listen: Option<String>,
    /// Requests per minute and credential, or off [default: 1200]
    #[arg(long, value_name = "LIMIT", help_heading = "Settings")]
    rate_limit: Option<String>,
    /// The form of answers: auto, documented or live [default: auto]
    #[arg(long, value_name = "DIALECT", help_heading = "Settings")]
    dialect: Option<String>,
    /// The address that clients use, where it is another
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    public_url: Option<String>,
    /// How many key pairs to keep ready [default: 4]
    #[arg(long, value_name = "SIZE", help_heading = "Settings")]
    key_pool: Option<String>,
    /// How long a client may take to send a request [default: 10s]
    #[arg(long, value_name = "TIME", help_heading = "Settings")]
    client_timeout: Option<String>,
    /// How many clients may be connected at once [default: 2000]
    #[arg(long, value_name = "NUMBER", help_heading = "Settings")]
    max_connections: Option<String>,
    /// How many of them from one address [default: half]
    #[arg(long, value_name = "NUMBER", help_heading = "Settings")]
    max_connections_per_address: Option<String>,
    /// Hosts and networks that hooks may be in, besides the public internet
    #[arg(long, value_name = "LIST", help_heading = "Settings")]
    hook_allow: Option<String>,
    /// Issuers whose access tokens count too, as a JSON array
    #[arg(long, value_name = "JSON", help_heading = "Settings")]
    trusted_issuers: Option<String>,
    /// How long the audit trail keeps the texts of entries, such as 365d [default: forever]
    #[arg(long, value_name = "TIME", help_heading = "Settings")]
    audit_retention: Option<String>,
    /// Which log lines to write [default: info]
    #[arg(long, value_name = "FILTER", help_heading = "Settings")]
    log: Option<String>,
    /// How to write them: text or json [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Settings")]
    log_format: Option<String>,
}

impl ServerFlags {
    pub fn flags(&self) -> Flags {
        vec![
            (variable::LISTEN, self.listen.clone()),
            (variable::RATE_LIMIT, self.rate_limit.clone()),
            (variable::DIALECT, self.dialect.clone()),
            (variable::PUBLIC_URL, self.public_url.clone()),
            (variable::KEY_POOL, self.key_pool.clone()),
            (variable::CLIENT_TIMEOUT, self.client_timeout.clone()),
            (variable::MAX_CONNECTIONS, self.max_connections.clone()),
            (variable::MAX_CONNECTIONS_PER_ADDRESS, self.max_connections_per_address.clone()),
            (variable::HOOK_ALLOW, self.hook_allow.clone()),
            (variable::TRUSTED_ISSUERS, self.trusted_issuers.clone()),
            (variable::AUDIT_RETENTION, self.audit_retention.clone()),
            (variable::LOG, self.log.clone()),
            (variable::LOG_FORMAT, self.log_format.clone()),
        ]
    }
}

/// Reads all sources, with these flags on top.
pub fn sources(flags: impl IntoIterator<Item = Flags>) -> Result<Sources, ConfigError> {
    Sources::read(flags.into_iter().flatten())
}

/// Starts the log of a server, for as long as what is returned is there.
pub fn start_log(sources: &Sources) -> Result<Log, CliError> {
    let log = LogConfig::from_sources(sources)?;
    let log = telemetry::start(&log.filter, log.format == LogFormat::Json)?;
    log.tell_dropped();
    Ok(log)
}
