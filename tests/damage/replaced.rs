//! A database that is replaced or removed under a running server.

use super::look::with_one_key;
use crate::support::process::{Installation, Served};
use std::fs;
use std::path::Path;

const CAUSE: &str = "The database was replaced or removed while it was open.";

/// What becomes of a server after this was done to its files.
async fn after(exchange: impl FnOnce(&Path)) -> (Installation, Served) {
    let (installation, _) = with_one_key().await;
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("before").await.unwrap().0, 200);
    assert_eq!(server.get("/readyz").await.unwrap().0, 200);
    exchange(&installation.database());
    let (status, body) = client.create("after").await.unwrap();
    assert_eq!((status.as_u16(), body.contains("E0000010")), (503, true), "{body}");
    assert!(server.log_until("replaced or removed").contains("was replaced or removed while it was open"));
    let (status, body) = server.get("/readyz").await.unwrap();
    assert_eq!((status.as_u16(), body.contains(CAUSE)), (503, true), "{body}");
    (installation, server)
}

fn companion(database: &Path, end: &str) -> std::path::PathBuf {
    database.with_extension(format!("db{end}"))
}

#[tokio::test]
async fn a_file_that_was_replaced_takes_no_writes() {
    let (installation, server) = after(|database| {
        let copy = database.with_extension("copy");
        fs::copy(database, &copy).unwrap();
        fs::rename(copy, database).unwrap();
    })
    .await;
    // What was read before can still be read.
    let (status, body) = server.client(&installation.token).list().await.unwrap();
    assert_eq!((status.as_u16(), body.matches("\"id\"").count()), (200, 2), "{body}");
}

#[tokio::test]
async fn a_file_that_was_removed_takes_no_writes() {
    after(|database| fs::remove_file(database).unwrap()).await;
}

#[tokio::test]
async fn a_file_whose_log_was_removed_takes_no_writes() {
    after(|database| fs::remove_file(companion(database, "-wal")).unwrap()).await;
}

#[tokio::test]
async fn a_file_whose_index_into_the_log_was_removed_takes_no_writes() {
    after(|database| fs::remove_file(companion(database, "-shm")).unwrap()).await;
}
