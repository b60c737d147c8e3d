//! Every setting: flag, then environment, then `.env`, then default; parsed into values of the domain.
//!
//! An unknown variable with our prefix is an error: it is nearly always a misspelt one.

mod backup;
mod data_dir;
mod database;
mod log;
mod master_key;
mod server;
mod sources;
mod trusted_issuers;
pub mod variable;

pub use backup::{BackupConfig, backup_recipients};
pub use data_dir::DataDir;
pub use database::DatabaseConfig;
pub use log::{LogConfig, LogFormat};
pub use master_key::{MasterKeyOpener, MasterKeyPlace, MasterKeySource, Names, TokenConfig};
pub use server::ServerConfig;
pub use sources::{ConfigError, Sources};

use crate::domain::outbound::OutboundPolicy;
use crate::domain::trusted_issuer::TrustedIssuer;

/// Everything that `serve` needs.
pub struct Config {
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub master_key: MasterKeySource,
    /// Where hooks may be called.
    pub outbound: OutboundPolicy,
    /// Whose access tokens count besides the vault's own.
    pub trusted_issuers: Vec<TrustedIssuer>,
}

impl Config {
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            server: ServerConfig::from_sources(sources)?,
            database: DatabaseConfig::from_sources(sources)?,
            master_key: MasterKeySource::from_sources(sources)?,
            outbound: outbound(sources)?,
            trusted_issuers: trusted_issuers::from_sources(sources)?,
        })
    }

    /// The settings of the vault in a data folder, whose hooks may be on this machine.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn of_folder(folder: &DataDir, sources: &Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            server: ServerConfig::from_sources(sources)?,
            database: DatabaseConfig::of_folder(folder, sources)?,
            master_key: MasterKeySource::of_folder(folder),
            outbound: outbound(sources)?.with_loopback(),
            trusted_issuers: trusted_issuers::from_sources(sources)?,
        })
    }
}

/// Where hooks may be called.
///
/// # Errors
/// [`ConfigError`].
pub fn outbound(sources: &Sources) -> Result<OutboundPolicy, ConfigError> {
    sources.parse(
        variable::HOOK_ALLOW,
        "",
        "write it as hooks.internal,10.1.0.0/16; https hooks at public addresses need no entry",
        OutboundPolicy::parse,
    )
}
