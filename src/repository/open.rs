//! Opens a database: the one place that knows which engines there are.

use super::error::OpenError;
use super::mode::Mode;
use super::postgres::PostgresStore;
use super::row::seal::Seals;
use super::sqlite::SqliteStore;
use super::store::Store;
use super::url::DatabaseUrl;
use crate::domain::row_seal::RowSealer;
use std::sync::Arc;

/// Opens a database, without a look at its schema. Returns also whether it was made.
///
/// # Arguments
/// `sealer`: makes the seals of rows, and checks them.
///
/// # Errors
/// [`OpenError`].
pub async fn open(
    url: &DatabaseUrl,
    mode: Mode,
    sealer: Arc<dyn RowSealer>,
) -> Result<(Arc<dyn Store>, bool), OpenError> {
    let seals = Seals::new(sealer);
    match url {
        DatabaseUrl::Sqlite(path) => {
            let (store, is_new) = SqliteStore::open(path, mode, seals).await?;
            Ok((Arc::new(store), is_new))
        }
        DatabaseUrl::Postgres(url) => {
            let (store, is_new) = PostgresStore::open(url, mode, seals).await?;
            Ok((Arc::new(store), is_new))
        }
    }
}

/// Makes an empty store, migrated, that nobody else sees and that is gone when it is closed, or when the process ends in whatever way.
/// It is no larger in memory than its cache: the rest is in a file without a name in the folder for temporary files.
///
/// # Errors
/// [`OpenError`].
pub async fn scratch(sealer: Arc<dyn RowSealer>) -> Result<Arc<dyn Store>, OpenError> {
    let store = SqliteStore::scratch(Seals::new(sealer));
    store.migrate().await?;
    Ok(Arc::new(store))
}
