//! The day on which the vault is not where it was: nothing takes its place without a word, and what is said helps.

use super::{call, own};
use crate::support::age::FIRST;
use crate::support::process::{Installation, Served, hookvault, key_folder, run};
use insta::assert_snapshot;
use std::fs;
use std::path::Path;

/// Serves a vault until it has made a backup of it in the folder `backups`. Returns the name of that.
fn with_scheduled_backup(installation: &Installation) -> String {
    let backups = installation.folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    let mut serve = installation.serve();
    let mut server = Served::start(serve.env("HOOKVAULT_BACKUP_DIR", &backups));
    server.log_until("made a backup and verified it");
    server.terminate();
    let mut names = fs::read_dir(backups).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.ends_with(".backup")).unwrap()
}

#[tokio::test]
async fn a_new_vault_is_not_begun_where_the_backups_of_another_are() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let backup = with_scheduled_backup(&installation);
    let place = own(&installation.folder, "other.db").await;
    let serve = || {
        let mut serve = installation.serve();
        serve.args(["--database-url", &place]).env("HOOKVAULT_BACKUP_DIR", folder.join("backups"));
        serve
    };
    let refused = || {
        let screen = run(serve().args(["--log", "off"]));
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
        let told = screen.stderr.replace(&place, "URL").replace(&backup, "BACKUP");
        told.replace(folder.to_str().unwrap(), "FOLDER")
    };
    assert_snapshot!(refused(), @"
    error: there is no vault in URL yet, but HOOKVAULT_BACKUP_DIR has backups of one, the newest FOLDER/backups/BACKUP
    hint: bring it back with `hookvault restore FOLDER/backups/BACKUP --database-url URL`; or, for a new and empty vault, name another folder
    ");
    assert!(!folder.join("other.db").exists(), "nothing was made");
    // Tables alone are no vault.
    assert_eq!(call(folder, &["migrate", "--database-url", &place]).code, 0);
    assert!(refused().starts_with("error: there is no vault in URL yet"));
    let restored = call(folder, &["restore", &format!("backups/{backup}"), "--database-url", &place]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    // An address may need quotation marks.
    let hint = restored.stderr.lines().last().unwrap().replace('\'', "");
    let told = format!(
        "hint: run `hookvault check --database-url {place}`, and `hookvault audit verify --database-url {place}` with"
    );
    assert!(hint.starts_with(&told), "{hint}");
    let server = Served::start(&mut serve());
    assert_eq!(server.client(&installation.token).list().await.unwrap().0, 200, "it is the vault that was");
}

#[test]
fn a_new_database_of_a_server_is_a_warning() {
    let folder = key_folder();
    let mut serve = hookvault(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--key-pool", "0"]);
    let log = Served::start(&mut serve).log_until("made a new database");
    let warning = log.lines().last().unwrap();
    assert!(warning.contains(" WARN ") && warning.contains("sqlite://hookvault.db"), "{log}");
    assert!(!Served::start(&mut serve).log_until("looked at").contains("made a new database"));
}

/// Takes the master key out of the settings of a folder.
fn forget_master_key(folder: &Path) {
    let settings = fs::read_to_string(folder.join(".env")).unwrap();
    let others = settings.lines().filter(|line| !line.starts_with("HOOKVAULT_MASTER_KEY"));
    fs::write(folder.join(".env"), others.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[test]
fn where_no_master_key_is_named_the_one_that_is_needed_is() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let to = ["--recipient", FIRST.recipient];
    assert_eq!(call(folder, &["backup", "plain.backup"]).code, 0);
    assert_eq!(call(folder, &[&["backup", "sealed.backup"], &to[..]].concat()).code, 0);
    FIRST.write(&folder.join("age.key"));
    fs::copy(folder.join("master.key"), folder.join("new.key")).unwrap();
    forget_master_key(folder);
    let said = |command: &[&str]| {
        let screen = run(hookvault(folder).args(command));
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{command:?}: {}", screen.stderr);
        screen.stderr
    };
    let needed = "sealed with the master key 3de38f5c0e0a5137 of 20";
    let hint = "hint: name the file that holds it with --master-key-file or in HOOKVAULT_MASTER_KEY_FILE, or another place as the \
                server's settings do; a new master key opens nothing that is there\n";
    for command in [
        &["check"][..],
        &["serve", "--log", "off", "--listen", "127.0.0.1:0"],
        &["key", "list"],
        &["token", "list"],
        &["backup", "b.backup"],
        &["master-key", "rotate", "--to-master-key-file", "new.key"],
        &["master-key", "rotate", "--give-up"],
        &["backup", "verify", "plain.backup"],
        &["backup", "verify", "sealed.backup", "--identity", "age.key"],
        &["restore", "plain.backup", "--database-url", "sqlite://other.db"],
    ] {
        let told = said(command);
        assert!(
            told.starts_with("error: no master key is named, and ") && told.contains(needed),
            "{command:?}: {told}"
        );
        assert!(told.ends_with(hint), "{command:?}: {told}");
    }
    assert!(!folder.join("other.db").exists());
    // Where there is nothing to open, one is made.
    let empty = key_folder();
    forget_master_key(empty.path());
    let told = run(hookvault(empty.path()).arg("check")).stderr;
    assert!(told.contains("make one with `hookvault master-key generate"), "{told}");
}
