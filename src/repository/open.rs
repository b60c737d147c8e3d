//! Opens a database: the one place that knows which engines there are.

use super::error::OpenError;
use super::mode::Mode;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;
use super::store::Store;
use super::url::DatabaseUrl;
use std::sync::Arc;

/// Opens a database, without a look at its schema. Returns also whether it was made.
///
/// # Errors
/// [`OpenError`].
pub async fn open(url: &DatabaseUrl, mode: Mode) -> Result<(Arc<dyn Store>, bool), OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let (store, is_new) = SqliteStore::open(path, mode).await?;
            Ok((Arc::new(store), is_new))
        }
        DatabaseUrl::Postgres(url) => {
            let (store, is_new) = PostgresStore::open(url, mode).await?;
            Ok((Arc::new(store), is_new))
        }
    }
}
