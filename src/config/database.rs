//! Where the database is.

use super::data_dir::DataDir;
use super::sources::{ConfigError, FLAG, Sources};
use super::variable;
use crate::repository::url::DatabaseUrl;
use std::path::PathBuf;

#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
    /// The file that holds the password, where the URL has none.
    pub password_file: Option<PathBuf>,
    /// Whether pending migrations run at start.
    pub migrate: bool,
}

impl DatabaseConfig {
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        match DataDir::from_sources(sources)? {
            Some(folder) => Self::of_folder(&folder, sources),
            None => Self::at(url(sources, "sqlite://hookvault.db")?, sources),
        }
    }

    /// That of the vault in a data folder; a flag says where `dev` keeps it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn of_folder(folder: &DataDir, sources: &Sources) -> Result<Self, ConfigError> {
        if sources.rank(variable::DATABASE_URL) != Some(FLAG) {
            return Self::at(folder.url()?, sources);
        }
        match url(sources, "")? {
            DatabaseUrl::Sqlite(_) => Err(ConfigError::new(
                "`dev` keeps a database of SQLite in its data folder",
                "choose the folder with --data-dir, or name a PostgreSQL database with --database-url",
            )),
            url @ DatabaseUrl::Postgres(_) => match folder.url()? {
                own if own != url && folder.has_vault() => Err(ConfigError::new(
                    format!("the vault of {} is in {own}", folder.path().display()),
                    format!(
                        "leave --database-url out, or begin anew with another --data-dir; where it has moved, write its address \
                         into {}",
                        folder.database_url().display()
                    ),
                )),
                _ => Self::at(url, sources),
            },
        }
    }

    /// The address of its server, without the password, where it is not a file.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        matches!(self.url, DatabaseUrl::Postgres(_)).then(|| self.url.to_string())
    }

    /// That of an empty database which is to become a vault; it may be migrated.
    ///
    /// # Arguments
    /// `flags`: those of its address and of the file that holds its password, with which they are given here.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn target(flags: [&str; 2], text: &str, password_file: Option<&str>) -> Result<Self, ConfigError> {
        let [address, password] = flags;
        let url = parse(text, address, password)?;
        if matches!(url, DatabaseUrl::Sqlite(_)) && password_file.is_some() {
            return Err(ConfigError::new(
                format!("{password} is for a PostgreSQL database, and {address} names a file"),
                format!("the password of the vault that is copied belongs into {}", variable::DATABASE_PASSWORD_FILE),
            ));
        }
        Ok(Self { url, password_file: password_file.map(PathBuf::from), migrate: true })
    }

    fn at(url: DatabaseUrl, sources: &Sources) -> Result<Self, ConfigError> {
        let password_file = sources.get(variable::DATABASE_PASSWORD_FILE).map(|(path, _)| PathBuf::from(path));
        let url = match url {
            DatabaseUrl::Postgres(url) if url.password().is_some() && password_file.is_some() => {
                return Err(ConfigError::new(
                    format!("both the database URL and {} have a password", variable::DATABASE_PASSWORD_FILE),
                    "keep one of them: it must be clear which password counts",
                ));
            }
            DatabaseUrl::Postgres(url) => DatabaseUrl::Postgres(url.with_connections(connections(sources)?)),
            url @ DatabaseUrl::Sqlite(_) => url,
        };
        Ok(Self { url, password_file, migrate: migrate(sources)? })
    }
}

/// The address, without its password in what is said of it.
fn url(sources: &Sources, default: &str) -> Result<DatabaseUrl, ConfigError> {
    let (text, origin) = sources.get(variable::DATABASE_URL).unwrap_or((default, variable::DATABASE_URL.to_owned()));
    parse(text, &origin, variable::DATABASE_PASSWORD_FILE)
}

/// # Arguments
/// `origin`: where the address stands. `password_file`: where the name of a file with the password would stand.
fn parse(text: &str, origin: &str, password_file: &str) -> Result<DatabaseUrl, ConfigError> {
    let url = DatabaseUrl::parse(text).map_err(|reason| {
        ConfigError::new(
            format!("{origin}: `{}` {reason}", without_password(text)),
            "write it as sqlite://hookvault.db (relative), sqlite:///var/lib/hookvault/hookvault.db (absolute) or \
             postgres://hookvault@db.example.com/hookvault",
        )
    })?;
    match &url {
        DatabaseUrl::Postgres(url) if url.password().is_some() && origin.starts_with("--") => Err(ConfigError::new(
            format!("{origin} has a password, which every user of this machine could see"),
            format!("put it into a file with mode 0600, and name that in {password_file}"),
        )),
        _ => Ok(url),
    }
}

/// What may be a secret is left out, however it was mistyped: all before the last `@`, and the parameters.
fn without_password(url: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, ""), |(address, _)| (address, "?…"));
    match address.split_once("://") {
        Some(("sqlite", _)) => format!("{address}{parameters}"),
        Some((scheme, rest)) => match rest.rfind('@') {
            Some(host) => format!("{scheme}://…{}{parameters}", &rest[host..]),
            None => format!("{scheme}://{rest}{parameters}"),
        },
        None => match address.split_once(':') {
            Some((scheme, _)) => format!("{scheme}:…"),
            None => format!("{address}{parameters}"),
        },
    }
}

/// How many connections to a PostgreSQL server there may be at most.
fn connections(sources: &Sources) -> Result<u32, ConfigError> {
    sources.parse(variable::DATABASE_CONNECTIONS, "10", "write it as 10", |text| match text.parse() {
        Ok(number @ 2..=1000) => Ok(number),
        _ => Err("is no number from 2 to 1000"),
    })
}

/// Whether pending migrations run by themselves.
fn migrate(sources: &Sources) -> Result<bool, ConfigError> {
    sources.parse(variable::MIGRATE, "on", "write it as on or off", |text| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither on nor off"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::variables;

    #[test]
    fn a_password_is_in_one_place_and_in_no_message() {
        let of = |pairs: &[(&'static str, &str)], flag: Option<&str>| {
            let flags = [(variable::DATABASE_URL, flag.map(str::to_owned))];
            DatabaseConfig::from_sources(&Sources::new(flags, variables(pairs), variables(&[])).unwrap())
        };
        let with_password = "postgres://u:hush@db/keys";
        let refused = of(&[(variable::DATABASE_URL, "postgres://u:hush@db/")], None).unwrap_err();
        assert_eq!(refused.to_string(), "HOOKVAULT_DATABASE_URL: `postgres://…@db/` names no database");
        for (text, shown) in [
            ("postgres://db/keys?password=hush", "postgres://db/keys?…"),
            ("postgres://db/keys?sslpassword=hu@sh", "postgres://db/keys?…"),
            ("postgres:u:hush@db", "postgres:…"),
            ("mysql://u:hush@db/keys?a=hush", "mysql://…@db/keys?…"),
            ("sqlite://a.db?key=hush", "sqlite://a.db?…"),
        ] {
            let refused = of(&[(variable::DATABASE_URL, text)], None).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("HOOKVAULT_DATABASE_URL: `{shown}` ")), "{refused}");
        }
        let twice = [(variable::DATABASE_URL, with_password), (variable::DATABASE_PASSWORD_FILE, "file")];
        assert!(of(&twice, None).is_err());
        assert!(of(&[], Some(with_password)).unwrap_err().to_string().contains("every user of this machine"));
        let config = of(&[(variable::DATABASE_URL, with_password)], None).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
    }
}
