//! The numbers of rows in the order of creation. SQLite gives none behind the largest one that there is, or was, and says then that the
//! disk is full.

use super::error::store_error;
use crate::repository::error::StoreError;
use crate::repository::store::Finding;
use sqlx::SqliteConnection;

/// Tables whose rows have one, and of which another hand has used up all.
const USED_UP: &str = "
    SELECT name FROM sqlite_sequence WHERE seq = 9223372036854775807
    UNION SELECT 'org' FROM org WHERE seq = 9223372036854775807
    UNION SELECT 'hook_key' FROM hook_key WHERE seq = 9223372036854775807
    UNION SELECT 'inline_hook' FROM inline_hook WHERE seq = 9223372036854775807
    UNION SELECT 'api_token' FROM api_token WHERE seq = 9223372036854775807
    UNION SELECT 'service_app' FROM service_app WHERE seq = 9223372036854775807
    UNION SELECT 'service_app_key' FROM service_app_key WHERE seq = 9223372036854775807
    UNION SELECT 'pending_erasure' FROM pending_erasure WHERE seq = 9223372036854775807";

/// The tables that no row can be added to.
///
/// # Errors
/// Those of the engine.
pub async fn used_up(connection: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(USED_UP).fetch_all(connection).await.map_err(store_error)
}

/// Says which those are, and how they get numbers again.
///
/// # Errors
/// Those of the engine.
pub async fn examine(connection: &mut SqliteConnection) -> Result<Vec<Finding>, StoreError> {
    let told = |table: String| {
        let largest = i64::MAX;
        Finding::Broken(format!(
            "the numbers of the rows of {table} are used up, so that none can be added: \
             `UPDATE {table} SET seq = (SELECT coalesce(max(seq), 0) + 1 FROM {table} WHERE seq < {largest}) WHERE seq = {largest}; \
             UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(seq), 0) FROM {table}) WHERE name = '{table}'` gives them back"
        ))
    };
    Ok(used_up(connection).await?.into_iter().map(told).collect())
}
