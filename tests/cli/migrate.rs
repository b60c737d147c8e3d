//! `hookvault migrate`.

use super::{call, stderr};
use crate::support::app::{migration_names, other_program};
use crate::support::process::{Installation, Served, run};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::tempdir;

/// A line for each.
fn migrations() -> String {
    migration_names().iter().map(|migration| format!("{migration}\n")).collect()
}

#[test]
fn migrate_tells_what_it_does_and_check_what_it_would_do() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_snapshot!(stderr(folder, &["migrate", "--check"]), @"
    error: there is no database file hookvault.db
    hint: check HOOKVAULT_DATABASE_URL; `hookvault restore` brings a backup back, `hookvault migrate` makes a new and empty database
    ");
    fs::write(folder.join("hookvault.db"), "").unwrap();
    fs::set_permissions(folder.join("hookvault.db"), fs::Permissions::from_mode(0o600)).unwrap();
    let pending = call(folder, &["migrate", "--check"]);
    assert_eq!((pending.code, pending.stdout.as_str()), (1, migrations().as_str()));
    let expected =
        format!("error: {} migration(s) are pending\nhint: run `hookvault migrate`\n", migration_names().len());
    assert_eq!(pending.stderr, expected);
    let done = call(folder, &["migrate"]);
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (0, migrations().as_str(), ""));
    let nothing = call(folder, &["migrate", "--check"]);
    assert_eq!((nothing.code, nothing.stdout.as_str(), nothing.stderr.as_str()), (0, "", "nothing is pending\n"));
}

/// Earlier versions made orgs, apps and tokens without a master key.
#[tokio::test]
async fn rows_of_a_vault_that_was_never_served_are_sealed_where_the_operator_says_so() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let mut other = other_program(&installation.database()).await;
    for sql in ["DELETE FROM master_key", "UPDATE org SET seal = NULL", "UPDATE api_token SET seal = NULL"] {
        sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
    }
    // They kept no trail either: where one is, the seals were taken off.
    let stripped = "error: the record of the master key is missing, though the vault has been used with one\n\
                    hint: restore the database file from a backup\n";
    assert_eq!(stderr(folder, &["migrate", "--seal"]), stripped);
    assert_eq!(stderr(folder, &["token", "list"]), stripped);
    for table in ["audit_head", "audit_entry", "audit_node"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut other).await.unwrap();
    }
    assert_snapshot!(stderr(folder, &["token", "list"]), @"
    error: rows of the database carry no seals, and no master key is recorded that they could belong to
    hint: where an earlier version made them and no server was ever started on them, run `hookvault migrate --seal` with the master key once
    ");
    assert_eq!(run(&mut installation.serve()).code, 1);
    let sealed = call(folder, &["migrate", "--seal"]);
    assert_snapshot!(sealed.stderr, @"
    nothing is pending
    2 row(s) of an earlier version carry seals now, and were read back
    ");
    let server = Served::start(&mut installation.serve());
    assert_eq!(server.client(&installation.token).list().await.unwrap().0, 200);
    assert_eq!(call(folder, &["migrate", "--seal"]).stderr, "nothing is pending\n");
}
