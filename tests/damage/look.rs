//! Who looks for damage: `check` when it is called, and a server by itself.

use super::flip::{flip, position};
use crate::support::app::other_program;
use crate::support::process::{Installation, Screen, Served, at, copy_program, hookvault, run};
use crate::support::somebody::{as_somebody, give_to_somebody};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// An installation with one key, stopped in order; and the id of the key.
pub async fn with_one_key() -> (Installation, String) {
    let installation = Installation::new();
    let mut server = Served::start(&mut installation.serve());
    let (_, key) = server.client(&installation.token).create("key").await.unwrap();
    server.terminate();
    let key: serde_json::Value = serde_json::from_str(&key).unwrap();
    (installation, key["id"].as_str().unwrap().to_owned())
}

fn check(installation: &Installation) -> Screen {
    run(hookvault(installation.folder.path()).args(["check", "--master-key-file", "master.key"]))
}

#[tokio::test]
async fn an_index_that_has_lost_a_key_is_told_by_check_by_the_log_and_by_readyz() {
    let (installation, id) = with_one_key().await;
    let mut sound = Served::start(&mut installation.serve());
    assert!(sound.log_until("looked at the whole database").contains("damaged=0"));
    assert_eq!(sound.get("/readyz").await.unwrap().0, 200);
    sound.terminate();

    let database = installation.database();
    flip(&database, position(&database, "sqlite_autoindex_hook_key_1", id.as_bytes()).await + 5);
    let screen = check(&installation);
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stdout, @"the database is damaged: row 1 missing from index sqlite_autoindex_hook_key_1");
    assert_snapshot!(screen.stderr, @"
    1 private key(s) and secret(s) and 2 other row(s) are sound
    error: the database is damaged
    hint: stop the server, and restore the database from a backup
    ");
    let server = Served::start(&mut installation.serve());
    let log = server.log_until("looked at the whole database");
    assert!(log.contains("the database is damaged") && log.contains("row 1 missing from index"), "{log}");
    let (status, body) = server.get("/readyz").await.unwrap();
    assert_eq!(
        (status.as_u16(), body.contains("The database is damaged; the log and `hookvault check` say where.")),
        (503, true)
    );
}

#[tokio::test]
async fn a_schema_that_is_not_the_one_of_the_migrations_is_found() {
    let (installation, _) = with_one_key().await;
    let database = installation.database();
    // From 50 slots to 51.
    flip(&database, position(&database, "sqlite_schema", b"slot BETWEEN 1 AND 50").await + 20);
    assert_snapshot!(check(&installation).stdout, @"the database is damaged: the table hook_key is not as the migrations make it");
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_told_as_that() {
    let (installation, _) = with_one_key().await;
    let folder = installation.folder.path();
    let binary = folder.join("hookvault");
    fs::copy(env!("CARGO_BIN_EXE_hookvault"), &binary).unwrap();
    for file in [&binary, &folder.join("master.key")] {
        give_to_somebody(file);
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(installation.database(), fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = at(&binary, folder);
    let screen = run(as_somebody(command.args(["check", "--master-key-file", "master.key"])));
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: the database file hookvault.db cannot be opened: Permission denied (os error 13)
    hint: run hookvault as the owner of the file
    ");
}

#[tokio::test]
async fn what_another_hand_has_put_beside_the_tables_is_found() {
    let (installation, _) = with_one_key().await;
    let mut other = other_program(&installation.database()).await;
    let trigger =
        "CREATE TRIGGER undone AFTER UPDATE OF revoked ON api_token BEGIN UPDATE api_token SET revoked = NULL; END";
    sqlx::raw_sql(trigger).execute(&mut other).await.unwrap();
    assert_snapshot!(check(&installation).stdout, @r#"the database is damaged: the trigger undone of api_token is none of the vault's: `DROP TRIGGER "undone"` removes it"#);
    assert_snapshot!(check(&installation).stderr, @"
    1 private key(s) and secret(s) and 2 other row(s) are sound
    error: another hand has put 1 thing(s) at the tables
    hint: run each statement that is named on the database, then check again: what ran before may have changed or kept anything
    ");
    sqlx::raw_sql("DROP TRIGGER undone").execute(&mut other).await.unwrap();
    assert_eq!(check(&installation).code, 0);
    sqlx::raw_sql("DELETE FROM audit_head").execute(&mut other).await.unwrap();
    let told = check(&installation).stdout;
    assert!(
        told.ends_with(
            ": the head of the trail is missing, or another hand has written it: nobody knows how many entries there are\n"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn check_leaves_nothing_behind_and_works_where_nothing_can_be_written() {
    let (installation, _) = with_one_key().await;
    let folder = installation.folder.path();
    let files = || {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = (files(), fs::read(installation.database()).unwrap());
    assert_eq!(check(&installation).code, 0);
    assert_eq!((files(), fs::read(installation.database()).unwrap()), before);

    // As it is with a volume that is mounted for reading.
    let binary = folder.join("hookvault");
    copy_program(&binary);
    for file in [&binary, &installation.database(), &folder.join("master.key")] {
        give_to_somebody(file);
    }
    let before = files();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = at(&binary, folder);
    let screen = run(as_somebody(command.args(["check", "--master-key-file", "master.key"])));
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        (screen.code, screen.stderr.as_str()),
        (0, "1 private key(s) and secret(s) and 2 other row(s) are sound\n")
    );
    assert_eq!(files(), before);
}

#[tokio::test]
async fn changes_that_cannot_be_read_where_nothing_can_be_written_are_not_left_out() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let mut server = Served::start(&mut installation.serve());
    server.client(&installation.token).create("key").await.unwrap();
    server.kill();
    // As a backup that has the file and its WAL.
    fs::remove_file(folder.join("hookvault.db-shm")).unwrap();
    let binary = folder.join("hookvault");
    copy_program(&binary);
    let files = [binary.clone(), installation.database(), folder.join("hookvault.db-wal"), folder.join("master.key")];
    for file in &files {
        give_to_somebody(file);
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = at(&binary, folder);
    let screen = run(as_somebody(command.args(["check", "--master-key-file", "master.key"])));
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: the database file hookvault.db has changes in a file of its own beside it, which cannot be read where nothing can be written
    hint: copy hookvault.db and hookvault.db-wal to a folder that can be written to, and look at the copy
    ");
}

#[tokio::test]
async fn a_token_whose_row_makes_no_sense_is_told_by_check_by_the_log_and_by_readyz() {
    let (installation, _) = with_one_key().await;
    let database = installation.database();
    flip(&database, position(&database, "api_token", b"okta.inlineHooks.manage").await + 8);
    let screen = check(&installation);
    assert_eq!(screen.code, 1);
    let (_, told) = screen.stdout.split_once("the database is damaged: api_token.scopes of the row ").unwrap();
    let (id, _) = told.split_once(' ').unwrap();
    assert_snapshot!(screen.stderr.replace(id, "00T…"), @"
    1 private key(s) and secret(s) and 1 other row(s) are sound
    error: the database is damaged
    hint: stop the server, and restore the database from a backup; or remove what is of no use: `hookvault token revoke 00T…`
    ");
    let server = Served::start(&mut installation.serve());
    let log = server.log_until("looked at the whole database");
    assert!(log.contains("api_token.scopes of the row 00T"), "{log}");
    assert_eq!(server.get("/readyz").await.unwrap().0, 503);
}
