//! Which servers of a vault are connected to its database.

use super::error::store_error;
use super::hosts::{Hosts, SERVER, open_error};
use super::query::query_scalar;
use crate::repository::error::OpenError;
use crate::repository::url::PostgresUrl;
use sqlx::{ConnectOptions as _, Connection as _};

/// A server asks something every second. A connection that a pooler keeps open for one that has ended is quiet.
const RUNNING: &str = "SELECT DISTINCT coalesce(host(client_addr), 'the machine of the database') FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1
      AND coalesce(clock_timestamp() - state_change < interval '10 seconds', true)
    ORDER BY 1";

/// From where they are connected, in words; `None` where there is none.
///
/// # Errors
/// [`OpenError`] where the database cannot be asked.
pub async fn running(url: &PostgresUrl) -> Result<Option<String>, OpenError> {
    let hosts = Hosts::new(url)?;
    let options = if hosts.is_one() { None } else { hosts.primary().await };
    let mut connection = options.as_ref().unwrap_or_else(|| hosts.first()).connect().await.map_err(open_error)?;
    let found: Vec<String> =
        query_scalar(RUNNING).bind(SERVER).fetch_all(&mut connection).await.map_err(store_error)?;
    // A courtesy: it ends with the socket in any case.
    let _closed = connection.close().await;
    Ok((!found.is_empty()).then(|| format!("a server of it is running, connected from {}", found.join(", "))))
}
