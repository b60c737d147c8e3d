//! Every setting: flag, then environment, then `.env`, then default; parsed into values of the domain.
//!
//! An unknown variable with our prefix is an error: it is nearly always a misspelt one.

mod data_dir;
mod sources;
mod trusted_issuers;

pub use data_dir::DataDir;
pub use sources::{ConfigError, Sources};

use crate::domain::connection_limits::ConnectionLimits;
use crate::domain::dialect::DialectChoice;
use crate::domain::outbound::OutboundPolicy;
use crate::domain::public_url::PublicUrl;
use crate::domain::rate_limit::RateLimit;
use crate::domain::trusted_issuer::TrustedIssuer;
use crate::repository::url::DatabaseUrl;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// Our own lines; of the libraries that talk a lot, only what is amiss.
const DEFAULT_LOG: &str = "info,actix_http=off,refinery_core=warn";

/// Names of the variables. `.env.example` explains each; the flag is the same word in lower case, but for the
/// master key itself: a secret is never a flag.
pub mod variable {
    pub const LISTEN: &str = "HOOKVAULT_LISTEN";
    pub const DATABASE_URL: &str = "HOOKVAULT_DATABASE_URL";
    pub const MASTER_KEY: &str = "HOOKVAULT_MASTER_KEY";
    pub const MASTER_KEY_FILE: &str = "HOOKVAULT_MASTER_KEY_FILE";
    pub const RATE_LIMIT: &str = "HOOKVAULT_RATE_LIMIT";
    pub const DIALECT: &str = "HOOKVAULT_DIALECT";
    pub const LOG: &str = "HOOKVAULT_LOG";
    pub const LOG_FORMAT: &str = "HOOKVAULT_LOG_FORMAT";
    pub const PUBLIC_URL: &str = "HOOKVAULT_PUBLIC_URL";
    pub const MIGRATE: &str = "HOOKVAULT_MIGRATE";
    pub const KEY_POOL: &str = "HOOKVAULT_KEY_POOL";
    pub const CLIENT_TIMEOUT: &str = "HOOKVAULT_CLIENT_TIMEOUT";
    pub const MAX_CONNECTIONS: &str = "HOOKVAULT_MAX_CONNECTIONS";
    pub const MAX_CONNECTIONS_PER_ADDRESS: &str = "HOOKVAULT_MAX_CONNECTIONS_PER_ADDRESS";
    pub const DATA_DIR: &str = "HOOKVAULT_DATA_DIR";
    pub const HOOK_ALLOW: &str = "HOOKVAULT_HOOK_ALLOW";
    pub const TRUSTED_ISSUERS: &str = "HOOKVAULT_TRUSTED_ISSUERS";

    pub const ALL: [&str; 17] = [
        LISTEN,
        DATABASE_URL,
        MASTER_KEY,
        MASTER_KEY_FILE,
        RATE_LIMIT,
        DIALECT,
        LOG,
        LOG_FORMAT,
        PUBLIC_URL,
        MIGRATE,
        KEY_POOL,
        CLIENT_TIMEOUT,
        MAX_CONNECTIONS,
        MAX_CONNECTIONS_PER_ADDRESS,
        DATA_DIR,
        HOOK_ALLOW,
        TRUSTED_ISSUERS,
    ];
}

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

#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub listen: SocketAddr,
    pub rate_limit: RateLimit,
    pub dialect: DialectChoice,
    pub public_url: Option<PublicUrl>,
    /// How many key pairs are kept ready.
    pub key_pool: usize,
    /// How long a client may take to send a request head, and as long again for the body.
    pub client_timeout: Duration,
    pub connections: ConnectionLimits,
}

#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    pub url: DatabaseUrl,
    /// Whether pending migrations run at start.
    pub migrate: bool,
}

/// Where the master key is. There is no `Debug`: it may be here.
pub enum MasterKeySource {
    Text(Zeroizing<String>),
    File(PathBuf),
    Missing,
}

#[derive(Debug, Clone)]
pub struct LogConfig {
    /// In the syntax of tracing-subscriber's `EnvFilter`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl ServerConfig {
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        let public_url = match sources.get(variable::PUBLIC_URL) {
            None => None,
            Some(_) => Some(sources.parse(
                variable::PUBLIC_URL,
                "",
                "give the address that clients use, such as https://keys.example.com",
                PublicUrl::parse,
            )?),
        };
        Ok(Self {
            listen: sources.parse(
                variable::LISTEN,
                "127.0.0.1:8080",
                "write it as 127.0.0.1:8080, localhost:8080 or [::]:8080",
                listen_address,
            )?,
            rate_limit: sources.parse(
                variable::RATE_LIMIT,
                "1200",
                "write it as 1200, or off for no limit",
                RateLimit::parse,
            )?,
            dialect: sources.parse(
                variable::DIALECT,
                "auto",
                "auto suits all official clients",
                DialectChoice::parse,
            )?,
            public_url,
            key_pool: sources.parse(
                variable::KEY_POOL,
                "4",
                "write it as 4; 0 makes every key when it is needed",
                |text| text.parse::<usize>().ok().filter(|size| *size <= 50).ok_or("is not a number from 0 to 50"),
            )?,
            client_timeout: sources.parse(variable::CLIENT_TIMEOUT, "10s", "write it as 10s or 1m", |text| {
                let duration = humantime::parse_duration(text).ok();
                // The HTTP library counts in steps of half a second.
                duration.filter(|duration| duration.as_secs() >= 1).ok_or("is not a duration of at least a second")
            })?,
            connections: connection_limits(sources)?,
        })
    }
}

fn connection_limits(sources: &Sources) -> Result<ConnectionLimits, ConfigError> {
    let number = |text: &str| text.parse::<NonZeroUsize>().ok();
    Ok(ConnectionLimits {
        total: sources.parse(variable::MAX_CONNECTIONS, "2000", "write it as 2000", |text| {
            number(text).ok_or("is not a number above zero")
        })?,
        per_address: sources.parse(
            variable::MAX_CONNECTIONS_PER_ADDRESS,
            "half",
            "write it as 1000, or half for half of all",
            |text| match text {
                "half" => Ok(None),
                text => number(text).map(Some).ok_or("is neither a number above zero nor `half`"),
            },
        )?,
    })
}

/// `localhost` is this machine without asking a name server (RFC 6761, clause 6.3).
fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse(),
        None => text.parse(),
    };
    address.map_err(|_| "is not an address and a port")
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
}

/// Whether pending migrations run by themselves.
fn migrate(sources: &Sources) -> Result<bool, ConfigError> {
    sources.parse(variable::MIGRATE, "on", "write it as on or off", |text| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither on nor off"),
    })
}

impl MasterKeySource {
    /// # Errors
    /// [`ConfigError`] where both forms are given.
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        if let Some(folder) = DataDir::from_sources(sources)? {
            return Ok(Self::File(folder.master_key()));
        }
        match (sources.get(variable::MASTER_KEY), sources.get(variable::MASTER_KEY_FILE)) {
            (Some(_), Some((_, file_origin))) => Err(ConfigError::new(
                format!("both {} and {file_origin} are set", variable::MASTER_KEY),
                "set one of them: it must be clear which master key counts",
            )),
            (Some((text, _)), None) => Ok(Self::Text(Zeroizing::new(text.to_owned()))),
            (None, Some((path, _))) => Ok(Self::File(PathBuf::from(path))),
            (None, None) => Ok(Self::Missing),
        }
    }
}

impl LogConfig {
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            filter: sources.parse(variable::LOG, DEFAULT_LOG, "", |text| Ok::<_, &str>(text.to_owned()))?,
            format: sources.parse(variable::LOG_FORMAT, "text", "write it as text or json", |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("is neither text nor json"),
            })?,
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, Zeroizing<String>> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()))).collect()
    }

    fn listen(flag: Option<&str>, environment: &[(&str, &str)], dotenv: &[(&str, &str)]) -> String {
        let sources =
            Sources::new([(variable::LISTEN, flag.map(str::to_owned))], map(environment), map(dotenv)).unwrap();
        ServerConfig::from_sources(&sources).unwrap().listen.to_string()
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_dotenv_which_beats_the_default() {
        let environment = [(variable::LISTEN, "127.0.0.1:2")];
        let dotenv = [(variable::LISTEN, "127.0.0.1:3")];
        assert_eq!(listen(Some("127.0.0.1:1"), &environment, &dotenv), "127.0.0.1:1");
        assert_eq!(listen(None, &environment, &dotenv), "127.0.0.1:2");
        assert_eq!(listen(None, &[(variable::LISTEN, "")], &dotenv), "127.0.0.1:3");
        assert_eq!(listen(None, &[], &[]), "127.0.0.1:8080");
    }

    #[test]
    fn localhost_is_an_address_of_this_machine() {
        assert_eq!(listen(Some("localhost:1"), &[], &[]), "127.0.0.1:1");
        assert_eq!(listen(Some("[::1]:1"), &[], &[]), "[::1]:1");
        for wrong in ["localhost", "localhost:", "localhost:x", "example.com:1"] {
            assert!(listen_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_variable_of_ours_is_refused_and_the_likely_one_named() {
        let error = |name: &str| Sources::new([], map(&[(name, "x")]), map(&[])).err().unwrap();
        assert_eq!(
            error("HOOKVAULT_LISTNE").to_string(),
            "HOOKVAULT_LISTNE in the environment is not a setting of hookvault"
        );
        for (given, meant) in [
            ("HOOKVAULT_LISTNE", variable::LISTEN),
            ("HOOKVAULT_LOG_LEVEL", variable::LOG),
            ("HOOKVAULT_MASTERKEY", variable::MASTER_KEY),
            ("HOOKVAULT_DATABASE", variable::DATABASE_URL),
            ("HOOKVAULT_DATADIR", variable::DATA_DIR),
            ("HOOKVAULT_RATE_LIMITS", variable::RATE_LIMIT),
        ] {
            assert_eq!(error(given).hint, format!("unset it; perhaps {meant} was meant"));
        }
        assert_eq!(error("HOOKVAULT_COLOUR").hint, "unset it; .env.example lists all settings");
        assert!(Sources::new([], map(&[]), map(&[("HOOKVAULT_NO", "x"), ("OTHER", "y")])).is_err());
        assert!(Sources::new([], map(&[]), map(&[("OTHER", "y")])).is_ok());
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_with_its_origin() {
        let sources = Sources::new([], map(&[]), map(&[(variable::RATE_LIMIT, "0")])).unwrap();
        let error = ServerConfig::from_sources(&sources).unwrap_err();
        assert_eq!(
            error.to_string(),
            "HOOKVAULT_RATE_LIMIT in .env: `0` is neither a number of requests per minute above zero nor `off`"
        );
    }

    #[test]
    fn a_master_key_comes_from_one_place() {
        let both = map(&[(variable::MASTER_KEY, "a"), (variable::MASTER_KEY_FILE, "b")]);
        assert!(MasterKeySource::from_sources(&Sources::new([], both, map(&[])).unwrap()).is_err());
    }
}
