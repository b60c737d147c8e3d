//! Where the database is.

use super::data_dir::DataDir;
use super::sources::{ConfigError, Sources};
use super::variable;
use crate::repository::url::DatabaseUrl;

#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
    /// Whether pending migrations run at start.
    pub migrate: bool,
}

impl DatabaseConfig {
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        let url = match DataDir::from_sources(sources)? {
            Some(folder) => DatabaseUrl::file(&folder.database()),
            None => sources.parse(
                variable::DATABASE_URL,
                "sqlite://hookvault.db",
                "write it as sqlite://hookvault.db (relative) or sqlite:///var/lib/hookvault/hookvault.db (absolute)",
                DatabaseUrl::parse,
            )?,
        };
        Ok(Self { url, migrate: migrate(sources)? })
    }

    /// That of the vault in a data folder.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn of_folder(folder: &DataDir, sources: &Sources) -> Result<Self, ConfigError> {
        Ok(Self { url: DatabaseUrl::file(&folder.database()), migrate: migrate(sources)? })
    }
}

/// Whether pending migrations run by themselves.
fn migrate(sources: &Sources) -> Result<bool, ConfigError> {
    sources.parse(variable::MIGRATE, "on", "write it as on or off", |text| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither on nor off"),
    })
}
