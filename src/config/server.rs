//! What the server listens on, and what it allows its clients.

use super::backup::BackupConfig;
use super::sources::{ConfigError, Sources};
use super::variable;
use crate::domain::connection_limits::ConnectionLimits;
use crate::domain::dialect::DialectChoice;
use crate::domain::public_url::PublicUrl;
use crate::domain::rate_limit::RateLimit;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

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
    /// How long the texts of the audit trail are kept; `None` for ever.
    pub audit_retention: Option<Duration>,
    /// The backups that it makes; `None` for none.
    pub backup: Option<BackupConfig>,
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
                "50",
                "write it as 50; 0 makes every key when it is needed",
                |text| text.parse::<usize>().ok().filter(|size| *size <= 50).ok_or("is not a number from 0 to 50"),
            )?,
            client_timeout: sources.parse(variable::CLIENT_TIMEOUT, "10s", "write it as 10s or 1m", |text| {
                let duration = humantime::parse_duration(text).ok();
                // The HTTP library counts in steps of half a second.
                duration.filter(|duration| duration.as_secs() >= 1).ok_or("is not a duration of at least a second")
            })?,
            connections: connection_limits(sources)?,
            audit_retention: sources.parse(
                variable::AUDIT_RETENTION,
                "forever",
                "write it as 365d, or forever",
                retention,
            )?,
            backup: BackupConfig::from_sources(sources)?,
        })
    }
}

fn retention(text: &str) -> Result<Option<Duration>, &'static str> {
    if text == "forever" {
        return Ok(None);
    }
    let duration = humantime::parse_duration(text).ok().filter(|duration| duration.as_secs() >= 1);
    duration.map(Some).ok_or("is neither a duration of at least a second nor `forever`")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::variables;

    fn listen(flag: Option<&str>, environment: &[(&str, &str)], dotenv: &[(&str, &str)]) -> String {
        let sources =
            Sources::new([(variable::LISTEN, flag.map(str::to_owned))], variables(environment), variables(dotenv))
                .unwrap();
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
    fn a_value_that_makes_no_sense_is_refused_with_its_origin() {
        let sources = Sources::new([], variables(&[]), variables(&[(variable::RATE_LIMIT, "0")])).unwrap();
        let error = ServerConfig::from_sources(&sources).unwrap_err();
        assert_eq!(
            error.to_string(),
            "HOOKVAULT_RATE_LIMIT in .env: `0` is neither a number of requests per minute above zero nor `off`"
        );
    }
}
