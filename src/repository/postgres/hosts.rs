//! The servers that the database may be on: one of them takes writes.

use super::error::store_error;
use super::query::query_scalar;
use crate::repository::error::OpenError;
use crate::repository::url::PostgresUrl;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};
use std::net::IpAddr;
use std::time::Duration;

/// What connections of a server of the vault are called, as others of the database see them, unless the URL has a name.
pub const SERVER: &str = "hookvault serve";

/// How long one server may take to say whether it takes writes.
const PATIENCE: Duration = Duration::from_secs(2);

/// How to connect to each, in the order of the URL.
pub struct Hosts(Vec<PgConnectOptions>);

impl Hosts {
    /// # Errors
    /// [`OpenError`] where the URL cannot be used.
    pub fn new(url: &PostgresUrl) -> Result<Self, OpenError> {
        let options = |text: &String| {
            let mut options: PgConnectOptions = text.parse().map_err(|error: sqlx::Error| {
                OpenError::new(
                    "HOOKVAULT_DATABASE_URL cannot be used",
                    "write it as postgres://user@host:5432/database?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem",
                )
                .because(error)
            })?;
            if let Some(user) = url.user() {
                options = options.username(user);
            }
            if let Some(password) = url.password() {
                options = options.password(password);
            }
            // Whoever is on the way could read what is sealed and change what is not.
            if !url.names_tls() && (url.names_authority() || !is_local(&options)) {
                options = options.ssl_mode(PgSslMode::VerifyFull);
            }
            if options.get_application_name().is_none() {
                options = options.application_name(if url.is_of_server() { SERVER } else { "hookvault" });
            }
            // A pooler in transaction mode refuses the setting.
            options = options.extra_float_digits(None);
            Ok(options.disable_statement_logging())
        };
        url.of_each_host().iter().map(options).collect::<Result<_, _>>().map(Self)
    }

    pub fn first(&self) -> &PgConnectOptions {
        &self.0[0]
    }

    pub fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    /// The one that takes writes, if one says so.
    pub async fn primary(&self) -> Option<PgConnectOptions> {
        for options in &self.0 {
            if let Ok(Ok(true)) = tokio::time::timeout(PATIENCE, takes_writes(options)).await {
                return Some(options.clone());
            }
        }
        None
    }

    /// Why the first cannot be reached, if it cannot.
    pub async fn trouble(&self) -> Option<sqlx::Error> {
        match tokio::time::timeout(PATIENCE, self.first().connect()).await {
            Ok(Ok(connection)) => {
                // A courtesy: it ends with the socket in any case.
                let _closed = connection.close().await;
                None
            }
            Ok(Err(error)) => Some(error),
            Err(_) => Some(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

async fn takes_writes(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut connection = options.connect().await?;
    let standby: bool = query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(!standby)
}

/// Whether nobody but this machine's users is on the way.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A handshake that fails is an error of the stream, with data that make no sense.
fn is_of_tls(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// What a first connection's failure means to the one who starts the vault.
pub fn open_error(error: sqlx::Error) -> OpenError {
    let code = error.as_database_error().and_then(|database| database.code()).unwrap_or_default().into_owned();
    let hint = match (code.as_str(), &error) {
        ("28P01" | "28000", _) => {
            "check the user, its password (HOOKVAULT_DATABASE_PASSWORD_FILE) and the server's pg_hba.conf"
        }
        ("3D000", _) => "make the database first: createdb -O USER NAME",
        ("53300", _) => {
            "the server has no connection left: raise its max_connections, or lower HOOKVAULT_DATABASE_CONNECTIONS"
        }
        (_, error) if is_of_tls(error) => {
            "check the server's certificate: sslrootcert names its authority; sslmode=disable only where nobody is on the way"
        }
        _ => "check that HOOKVAULT_DATABASE_URL names a PostgreSQL server that runs and can be reached from here",
    };
    let cause = store_error(error);
    let open = OpenError::from(cause);
    OpenError::new(format!("PostgreSQL cannot be used: {}", open.cause()), hint)
}
