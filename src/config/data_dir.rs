//! The data folder: `dev` keeps a vault in it, and every command that is told of it finds that vault again.

use super::sources::{ConfigError, FLAG, Sources};
use super::variable;
use crate::repository::url::DatabaseUrl;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where `dev` keeps everything unless it is told otherwise.
const DEFAULT_DATA_DIR: &str = "hookvault-data";

/// What names a vault piece by piece, in place of a data folder.
fn pieces() -> impl Iterator<Item = &'static str> {
    [variable::DATABASE_URL].into_iter().chain(variable::MASTER_KEY_PLACES)
}

/// The folder in which `dev` keeps everything.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder that the settings name, unless a stronger source names a database or a master key.
    ///
    /// # Errors
    /// [`ConfigError`] where the same source names both.
    pub fn from_sources(sources: &Sources) -> Result<Option<Self>, ConfigError> {
        let Some((path, origin)) = sources.get(variable::DATA_DIR) else { return Ok(None) };
        for name in pieces() {
            let Some((_, other)) = sources.get(name) else { continue };
            if sources.rank(name) == sources.rank(variable::DATA_DIR) {
                return Err(ConfigError::new(
                    format!("both {origin} and {other} are set"),
                    "set one of them: it must be clear which vault counts",
                ));
            }
            if sources.rank(name) < sources.rank(variable::DATA_DIR) {
                return Ok(None);
            }
        }
        Ok(Some(Self::new(path.into())))
    }

    /// Where `dev` keeps everything.
    ///
    /// # Errors
    /// [`ConfigError`] where a setting of a real vault is present: `dev` would hand out a token for it.
    pub fn of_dev(sources: &Sources) -> Result<Self, ConfigError> {
        for name in pieces() {
            // A flag is meant for this one call.
            let is_flag = name == variable::DATABASE_URL && sources.rank(name) == Some(FLAG);
            if let Some((_, origin)) = sources.get(name).filter(|_| !is_flag) {
                return Err(ConfigError::new(
                    format!("{origin} is set, but `dev` keeps its own database and master key in its data folder"),
                    format!("unset {name}, or run `hookvault serve`, which uses it"),
                ));
            }
        }
        Ok(Self::new(sources.get(variable::DATA_DIR).map_or(DEFAULT_DATA_DIR, |(path, _)| path).into()))
    }

    /// The default one, where the current folder has it with a vault in it.
    #[must_use]
    pub fn here() -> Option<Self> {
        Some(Self::new(DEFAULT_DATA_DIR.into())).filter(Self::has_vault)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether `dev` has made a vault in it.
    #[must_use]
    pub fn has_vault(&self) -> bool {
        self.database().exists() || self.database_url().exists()
    }

    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("hookvault.db")
    }

    /// Holds the address of the database, where that is elsewhere.
    #[must_use]
    pub fn database_url(&self) -> PathBuf {
        self.0.join("database-url")
    }

    /// Where its database is.
    ///
    /// # Errors
    /// [`ConfigError`] where the address cannot be read.
    pub fn url(&self) -> Result<DatabaseUrl, ConfigError> {
        let path = self.database_url();
        let reason = match fs::read_to_string(&path) {
            Ok(text) => match DatabaseUrl::parse(text.trim()) {
                Ok(url) => return Ok(url),
                Err(reason) => format!("what it holds {reason}"),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(DatabaseUrl::file(&self.database())),
            Err(error) => error.to_string(),
        };
        Err(ConfigError::new(
            format!("{} cannot be used: {reason}", path.display()),
            "write the address of the vault's database into it, as postgres://USER@HOST/NAME",
        ))
    }

    #[must_use]
    pub fn master_key(&self) -> PathBuf {
        self.0.join("master.key")
    }

    #[must_use]
    pub fn token(&self) -> PathBuf {
        self.0.join("token")
    }

    /// Locked by the `dev` that serves the folder, with its address in it.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("dev.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use zeroize::Zeroizing;

    fn found(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Result<Option<PathBuf>, String> {
        let flags = flags.iter().map(|(name, value)| (*name, Some((*value).to_owned())));
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).into())));
        let sources = Sources::new(flags, environment.collect(), BTreeMap::new()).unwrap();
        DataDir::from_sources(&sources).map(|found| found.map(|folder| folder.0)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_stronger_source_says_which_vault_is_meant() {
        let (folder, database) = ((variable::DATA_DIR, "a"), (variable::DATABASE_URL, "sqlite://b"));
        assert_eq!(found(&[], &[]), Ok(None));
        assert_eq!(found(&[folder], &[database]), Ok(Some("a".into())));
        assert_eq!(found(&[database], &[folder]), Ok(None));
        assert_eq!(found(&[(variable::MASTER_KEY_FILE, "c")], &[folder]), Ok(None));
        assert_eq!(
            found(&[], &[folder, database]),
            Err("both HOOKVAULT_DATA_DIR and HOOKVAULT_DATABASE_URL are set".to_owned())
        );
        assert_eq!(found(&[folder, database], &[]), Err("both --data-dir and --database-url are set".to_owned()));
    }
}
