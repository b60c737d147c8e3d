//! Settings from `.env`.

use super::{call, stderr};
use crate::support::app::MASTER_KEY;
use crate::support::process::{Served, hookvault, run, write_master_key};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::tempdir;

#[test]
fn settings_come_from_dotenv_too() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".env"), "# mine\nHOOKVAULT_DATABASE_URL=sqlite://from-dotenv.db\nOTHER=1\n").unwrap();
    assert_eq!(call(folder.path(), &["migrate"]).code, 0);
    assert!(folder.path().join("from-dotenv.db").exists());
    fs::write(folder.path().join(".env"), "HOOKVAULT_DATABASE=x\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["migrate"]), @"
    error: HOOKVAULT_DATABASE in .env is not a setting of hookvault
    hint: unset it; perhaps HOOKVAULT_DATABASE_URL was meant
    ");
    fs::write(folder.path().join(".env"), "HOOKVAULT_MASTER_KEY=\"hvmk_secret\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["migrate"]), @"
    error: .env cannot be read: its setting number 1 is not NAME=value
    hint: see .env.example for the form of its lines
    ");
}

#[test]
fn a_dotenv_that_holds_a_secret_must_be_its_owners() {
    let folder = tempdir().unwrap();
    let dotenv = folder.path().join(".env");
    fs::write(&dotenv, format!("HOOKVAULT_MASTER_KEY={}\n", crate::support::app::MASTER_KEY)).unwrap();
    fs::set_permissions(&dotenv, fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(stderr(folder.path(), &["serve"]), @"
    error: .env holds the master key and can be read by others (mode 0644)
    hint: chmod 600 .env
    ");
    fs::write(&dotenv, "HOOKVAULT_DATABASE_URL=postgres://vault:hush@127.0.0.1/keys\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["org", "list"]), @"
    error: .env holds the password of the database and can be read by others (mode 0644)
    hint: chmod 600 .env
    ");
}

#[test]
fn every_command_finds_the_vault_of_a_data_folder() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    drop(Served::start(hookvault(folder).args(["dev", "--listen", "127.0.0.1:0", "--key-pool", "0"])));
    let commands: [&[&str]; 9] = [
        &["token", "list"],
        &["org", "list"],
        &["app", "list"],
        &["key", "create", "a"],
        &["key", "list"],
        &["hook", "list"],
        &["signing-key", "list"],
        &["migrate", "--check"],
        &["check"],
    ];
    for command in commands {
        let by_flag = [command, &["--data-dir", "hookvault-data"]].concat();
        if command != ["key", "create", "a"] {
            let screen = run(hookvault(folder).args(command).env("HOOKVAULT_DATA_DIR", "hookvault-data"));
            assert_eq!(screen.code, 0, "{command:?}: {}", screen.stderr);
        }
        assert_eq!(call(folder, &by_flag).code, 0, "{command:?}");
    }
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "hookvault-data"];
    drop(Served::start(hookvault(folder).args(serve)));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing was made beside it");

    // Who forgets it is told.
    let create = ["token", "create", "--name", "a", "--scope", "okta.inlineHooks.read"];
    for command in [&["token", "list"][..], &["hook", "list"], &["serve"], &create] {
        let told = stderr(folder, command);
        let hint = "hint: the vault of `hookvault dev` in this folder is used with --data-dir hookvault-data";
        assert_eq!(told.lines().nth(1), Some(hint), "{command:?}");
    }
    write_master_key(&folder.join("other.key"), MASTER_KEY);
    let create = call(folder, &[&create[..], &["--master-key-file", "other.key"]].concat());
    assert_eq!(
        create.stderr.lines().take(2).collect::<Vec<_>>(),
        [
            "made a new database: sqlite://hookvault.db",
            "hint: the vault of `hookvault dev` in this folder is another: --data-dir hookvault-data",
        ]
    );
    let both = stderr(folder, &["token", "list", "--data-dir", "hookvault-data", "--database-url", "sqlite://a.db"]);
    assert_snapshot!(both, @"
    error: both --data-dir and --database-url are set
    hint: set one of them: it must be clear which vault counts
    ");
    assert_snapshot!(stderr(folder, &["migrate", "--data-dir", "other"]), @"
    error: there is no vault in other
    hint: `hookvault dev --data-dir other` makes all of it
    ");
}
