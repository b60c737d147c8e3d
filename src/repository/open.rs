//! Opens a database: the one place that knows which engines there are.

use super::error::OpenError;
use super::mode::Mode;
use super::postgres::{self, PostgresStore};
use super::row::seal::Seals;
pub use super::sqlite::Replacement;
use super::sqlite::{self, SqliteStore};
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

/// What is where another vault is to come.
pub enum Over {
    /// Nothing was: the database was made just now.
    Nothing,
    /// A vault in a database, to be emptied.
    Vault,
    /// A file, or what is left of one, which the new one is to replace.
    File(Replacement),
}

/// Opens a database that another vault is to come into, whatever it holds. A file that is there is not opened, nor what is left of one:
/// the store is over a new one, to be put into its place once the store is closed.
///
/// # Errors
/// [`OpenError`].
pub async fn open_over(url: &DatabaseUrl, sealer: Arc<dyn RowSealer>) -> Result<(Arc<dyn Store>, Over), OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) if path.exists() || !sqlite::stray_journals(path).is_empty() => {
            let new = Replacement::begin(path)?;
            let (store, _) = open(&DatabaseUrl::file(&new.path()), Mode::Existing, sealer).await?;
            Ok((store, Over::File(new)))
        }
        url => {
            let (store, is_new) = open(url, Mode::Fill, sealer).await?;
            Ok((store, if is_new { Over::Nothing } else { Over::Vault }))
        }
    }
}

/// Removes a database that was made just now for what has not come into it. A file that somebody else has opened meanwhile stays, and so
/// does an empty PostgreSQL database. Not while this process has the file open.
pub fn discard(url: &DatabaseUrl) {
    if let DatabaseUrl::Sqlite(path) = url
        && sqlite::other_process(path).is_ok_and(|user| user.is_none())
    {
        sqlite::remove(path);
    }
}

/// Who else is known to use a database, in words: whoever has the file open, or servers on PostgreSQL. Not while this process has the
/// file open.
///
/// # Errors
/// [`OpenError`] where that cannot be found out.
pub async fn users(url: &DatabaseUrl) -> Result<Option<String>, OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::other_process(path).map_err(|error| {
            let message = format!("the database file {} cannot be opened", path.display());
            OpenError::new(message, "run hookvault as the owner of the file").because(error)
        }),
        DatabaseUrl::Postgres(url) => postgres::running(url).await,
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
