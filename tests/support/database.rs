//! Where the tests keep their databases: SQLite files, or with `TEST_POSTGRES` as many databases of a PostgreSQL cluster.
//!
//! `TEST_POSTGRES` is the address of the cluster with `%` where the name of the database goes; `tests/postgres.rs` sets it.

use hookvault::repository::url::DatabaseUrl;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The address of the cluster, where the tests run on PostgreSQL.
#[expect(clippy::disallowed_methods, reason = "what the tests run on is no setting of the product")]
pub static POSTGRES: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("TEST_POSTGRES").ok());

/// The address of the database that stands for this file.
pub fn url_text(file: &Path) -> String {
    match &*POSTGRES {
        None => format!("sqlite://{}", file.display()),
        Some(cluster) => cluster.replace('%', &name(file)),
    }
}

pub fn url(file: &Path) -> DatabaseUrl {
    DatabaseUrl::parse(&url_text(file)).unwrap()
}

/// Makes the empty database that stands for this file, unless it is there.
pub async fn make(file: &Path) {
    static MADE: LazyLock<Mutex<HashMap<String, &'static OnceCell<()>>>> = LazyLock::new(Mutex::default);
    let Some(cluster) = &*POSTGRES else { return };
    let name = name(file);
    let made: &OnceCell<()> =
        MADE.lock().unwrap().entry(name.clone()).or_insert_with(|| Box::leak(Box::new(OnceCell::new())));
    made.get_or_init(async || {
        let mut connection = connect(&cluster.replace('%', "postgres")).await;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    })
    .await;
}

/// As [`make`], where nothing can be awaited.
pub fn make_now(file: &Path) {
    let file = file.to_owned();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime().block_on(make(&file))).join().unwrap();
}

/// A connection of another program.
pub async fn other_program(file: &Path) -> AnyConnection {
    make(file).await;
    let mut connection = connect(&url_text(file)).await;
    if POSTGRES.is_none() {
        sqlx::raw_sql("PRAGMA busy_timeout = 10000").execute(&mut connection).await.unwrap();
    }
    connection
}

/// A connection to any database.
pub async fn connect(url: &str) -> AnyConnection {
    install_default_drivers();
    AnyConnection::connect(url).await.unwrap()
}

/// The same for the same file, and no other's.
fn name(file: &Path) -> String {
    let file =
        file.parent().and_then(|folder| folder.canonicalize().ok()).unwrap_or_default().join(file.file_name().unwrap());
    format!("t{:016x}", BuildHasherDefault::<DefaultHasher>::default().hash_one(file))
}

/// The file of the vault in a test's folder.
pub fn file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("vault.db")
}
