//! `hookvault check`.

mod hidden;
mod removal;

use super::{call, stderr};
use crate::support::app::migration_names;
use crate::support::database::other_program;
use crate::support::process::{Installation, Served, hookvault, run};
use insta::assert_snapshot;
use sqlx::AssertSqlSafe;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::tempdir;

/// A change by another program, on either engine.
async fn change(installation: &Installation, statement: &str) {
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut other).await.unwrap();
    sqlx::Connection::close(other).await.unwrap();
}

#[test]
fn check_takes_no_empty_file_for_a_sound_vault_and_leaves_it_alone() {
    let folder = tempdir().unwrap();
    let database = folder.path().join("hookvault.db");
    fs::write(&database, "").unwrap();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).unwrap();
    let check = || {
        let mut command = hookvault(folder.path());
        run(command.arg("check").env("HOOKVAULT_MASTER_KEY", crate::support::app::MASTER_KEY))
    };
    let screen = check();
    assert_eq!(screen.code, 1);
    assert_eq!(
        screen.stderr,
        format!(
            "error: the database has {} pending migration(s): {}\nhint: back up the file, then run `hookvault migrate`\n",
            migration_names().len(),
            migration_names().join(", ")
        )
    );
    assert_eq!(fs::read(&database).unwrap(), b"");
    assert_eq!(call(folder.path(), &["migrate"]).code, 0);
    let screen = check();
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: the database holds no default org or no master key record
    hint: check that HOOKVAULT_DATABASE_URL names a vault that has been used
    ");
}

#[test]
fn what_it_found_can_be_had_as_json() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    assert_eq!(call(folder, &["key", "create", "a", "--master-key-file", "master.key"]).code, 0);
    let screen = call(folder, &["check", "--json", "--master-key-file", "master.key"]);
    assert_eq!(screen.code, 0);
    let found: serde_json::Value = serde_json::from_str(&screen.stdout).unwrap();
    assert_eq!(
        found,
        serde_json::json!({"sound": 1, "rows": 2, "damaged": [], "pendingErasures": null, "masterKeyRotation": null})
    );
}

#[tokio::test]
async fn what_signs_checkpoints_of_a_trail_is_opened_too() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    assert_eq!(call(folder, &["key", "create", "a"]).code, 0);
    assert_eq!(call(folder, &["audit", "checkpoint"]).code, 0);
    let sound = call(folder, &["check"]);
    assert_eq!((sound.code, sound.stderr.starts_with("2 private key(s)")), (0, true), "{}", sound.stderr);
    let mut other = other_program(&installation.database()).await;
    let damage = "UPDATE audit_key SET sealed_seed = (SELECT sealed_pkcs8 FROM hook_key)";
    sqlx::raw_sql(damage).execute(&mut other).await.unwrap();
    let damaged = call(folder, &["check"]);
    let (org, reason) = damaged.stdout.split_once(": ").unwrap();
    assert!(damaged.code == 1 && org.starts_with("the key of the audit trail of the org 00o"), "{}", damaged.stdout);
    assert_eq!(reason, "the sealed value was changed, or belongs to another place\n");
}

#[tokio::test]
async fn a_record_of_the_master_key_that_is_gone_is_no_empty_vault() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    assert_eq!(call(folder, &["key", "create", "a"]).code, 0);
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql("DELETE FROM master_key").execute(&mut other).await.unwrap();
    assert_snapshot!(stderr(folder, &["check"]), @"
    error: the record of the master key is missing, though the vault has been used with one
    hint: restore the database file from a backup
    ");
}

#[tokio::test]
async fn a_table_or_a_column_that_is_gone_is_damage_and_the_log_says_which() {
    let installation = Installation::new();
    let mut other = other_program(&installation.database()).await;
    for gone in ["ALTER TABLE api_token DROP COLUMN scopes", "DROP TABLE used_token_id"] {
        sqlx::raw_sql(gone).execute(&mut other).await.unwrap();
    }
    let screen = call(installation.folder.path(), &["check"]);
    assert_eq!(screen.code, 1);
    assert!(screen.stdout.contains("scopes"), "{}", screen.stdout);
    let server = Served::start(&mut installation.serve());
    let log = server.log_until("looked at the whole database");
    assert!(log.contains("the database is damaged") && log.contains("scopes"), "{log}");
    assert_eq!(server.get("/readyz").await.unwrap().0, 503);
}
