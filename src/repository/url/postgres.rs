//! Where a PostgreSQL database is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use std::fmt;
use zeroize::Zeroizing;

/// `postgres://[user[:password]@]host[:port][,host[:port]…]/database[?parameters]`, as libpq writes it
/// (<https://www.postgresql.org/docs/current/libpq-connect.html>, 34.1.1.2).
///
/// The password is kept apart: neither `Display` nor `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    user: String,
    password: Option<Zeroizing<String>>,
    hosts: Vec<String>,
    /// From the slash on.
    rest: String,
    connections: u32,
    is_of_server: bool,
}

/// What a user's name is not written with as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// How many connections one server may hold at most, unless it is told.
pub const CONNECTIONS: u32 = 10;

/// The parameters that count; any other would be passed over in silence.
const PARAMETERS: [&str; 9] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "options", "host", "port", "user"];

impl PostgresUrl {
    /// # Arguments
    /// `rest`: what follows the scheme.
    ///
    /// # Errors
    /// A phrase that completes "the value …".
    pub fn parse(rest: &str) -> Result<Self, &'static str> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (credentials, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (user, Some(Zeroizing::new(decoded(password)?))),
            None => (credentials, None),
        };
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        if path.trim_start_matches('/').is_empty() {
            return Err("names no database");
        }
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            if name == "password" {
                return Err("has its password among the parameters: it belongs behind the user, or into a file");
            }
            if !PARAMETERS.contains(&name) {
                return Err("has a parameter that does not count here");
            }
        }
        let hosts: Vec<String> = hosts.split(',').map(str::to_owned).collect();
        if hosts.len() > 1 && hosts.iter().any(String::is_empty) {
            return Err("has a host without a name");
        }
        Ok(Self {
            user: decoded(user)?,
            password,
            hosts,
            rest: rest.to_owned(),
            connections: CONNECTIONS,
            is_of_server: false,
        })
    }

    /// The same with this password.
    #[must_use]
    pub fn with_password(self, password: Zeroizing<String>) -> Self {
        Self { password: Some(password), ..self }
    }

    /// The same with at most so many connections.
    #[must_use]
    pub fn with_connections(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// How many connections there may be at most.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.connections
    }

    /// The same for a server, so that others of the database see that one is running.
    #[must_use]
    pub fn of_server(self) -> Self {
        Self { is_of_server: true, ..self }
    }

    /// Whether it is a server that connects.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        self.is_of_server
    }

    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.as_str())
    }

    /// The user, if one is named.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        Some(self.user.as_str()).filter(|user| !user.is_empty())
    }

    /// A URL for each host, in their order, without user and password.
    #[must_use]
    pub fn of_each_host(&self) -> Vec<String> {
        self.hosts.iter().map(|host| format!("postgres://{host}{}", self.rest)).collect()
    }

    /// Whether the parameters say how TLS is used.
    #[must_use]
    pub fn names_tls(&self) -> bool {
        self.rest.contains("sslmode=")
    }

    /// Whether the parameters say whom the server's certificate must be of.
    #[must_use]
    pub fn names_authority(&self) -> bool {
        self.rest.contains("sslrootcert=")
    }
}

/// In the words of the setting, without the password.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user().map(|user| format!("{}@", utf8_percent_encode(user, RESERVED))).unwrap_or_default();
        write!(f, "postgres://{user}{}{}", self.hosts.join(","), self.rest)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn decoded(text: &str) -> Result<String, &'static str> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| "has a user or a password that is no UTF-8 when its percent signs are read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_kept_apart_and_shown_nowhere() {
        let url = PostgresUrl::parse("vault:s%40cret@db1,db2:5433/keys?sslmode=disable").unwrap();
        assert_eq!((url.user(), url.password()), (Some("vault"), Some("s@cret")));
        assert_eq!(
            url.of_each_host(),
            ["postgres://db1/keys?sslmode=disable", "postgres://db2:5433/keys?sslmode=disable"]
        );
        assert_eq!(url.to_string(), "postgres://vault@db1,db2:5433/keys?sslmode=disable");
        assert_eq!(format!("{url:?}"), url.to_string());
    }

    #[test]
    fn a_url_reads_back_as_it_is_shown() {
        for url in ["a%3Ab%40c@db/keys", "db/keys", "vault@db1,db2:5433/keys?sslmode=disable"] {
            let parsed = PostgresUrl::parse(url).unwrap();
            assert_eq!(PostgresUrl::parse(parsed.to_string().strip_prefix("postgres://").unwrap()), Ok(parsed));
        }
    }

    #[test]
    fn a_parameter_that_would_be_passed_over_is_refused() {
        for wrong in ["db/keys?target_session_attrs=any", "db/keys?password=a", "db", "db/", "a,,b/keys"] {
            assert!(PostgresUrl::parse(wrong).is_err(), "{wrong}");
        }
        assert!(PostgresUrl::parse("/keys?host=/run/postgresql").is_ok());
    }
}
