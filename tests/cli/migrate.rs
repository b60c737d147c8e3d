//! `hookvault migrate`.

use super::{call, stderr};
use crate::support::app::migration_names;
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
    hint: check HOOKVAULT_DATABASE_URL; `hookvault migrate` makes a new database
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
