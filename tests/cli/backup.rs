//! `hookvault backup` and `hookvault restore`, on the engine that the tests run on and to the other.

mod encrypted;
mod gone;
mod left;
mod refused;
mod replaced;
mod rotating;

use super::moving::{filled, kept, source};
use super::stderr;
use crate::api::signing::verify;
use crate::support::app::{MANAGE, TestApp, USE};
use crate::support::database::{self, POSTGRES};
use crate::support::process::{Installation, Screen, Served, hookvault, key_folder, put_key, run};
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// A call of a command with the master key of the tests.
fn call(folder: &Path, arguments: &[&str]) -> Screen {
    run(hookvault(folder).args(arguments))
}

/// Backs a vault up into the folder.
fn back_up(folder: &TempDir, from: &str, more: &[&str]) -> (PathBuf, Screen) {
    let file = folder.path().join("vault.backup");
    let screen = call(folder.path(), &[&["backup", file.to_str().unwrap(), "--database-url", from], more].concat());
    (file, screen)
}

fn restore(folder: &TempDir, file: &Path, to: &str, more: &[&str]) -> Screen {
    call(folder.path(), &[&["restore", file.to_str().unwrap(), "--database-url", to], more].concat())
}

fn backup_verify(folder: &TempDir, file: &Path, more: &[&str]) -> Screen {
    call(folder.path(), &[&["backup", "verify", file.to_str().unwrap()], more].concat())
}

/// A backup of a vault with something of each kind, beside a master key.
async fn backed_up() -> (TestApp, TempDir, PathBuf) {
    let (app, _) = filled().await;
    // So that the trail does not grow by itself.
    app.vault.audit_flush().await.unwrap();
    let folder = key_folder();
    let (file, screen) = back_up(&folder, &source(&app), &[]);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    (app, folder, file)
}

/// A database of the engine that the tests run on.
async fn own(folder: &TempDir, name: &str) -> String {
    let file = folder.path().join(name);
    database::make(&file).await;
    database::url_text(&file)
}

/// That a key signs in the vault at an address, under the id that it had.
async fn assert_signs(folder: &TempDir, url: &str, token: &str, keys: &[Value]) {
    let mut serve = hookvault(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--key-pool", "0", "--rate-limit", "off", "--database-url", url]);
    let served = Served::start(&mut serve);
    let client = served.client(token);
    for key in keys {
        let (header, _) = verify(&client.sign(key["id"].as_str().unwrap()).await, &key["_embedded"]);
        assert_eq!(header["kid"], key["keyId"]);
    }
}

#[tokio::test]
async fn a_backup_restored_in_either_engine_is_the_same_vault() {
    let (app, key) = filled().await;
    let token = app.new_token(None, USE).await;
    let before = kept(&source(&app)).await;
    let folder = app.stop().await;
    put_key(folder.path());
    let (file, screen) = back_up(&folder, &database::url_text(&database::file(&folder)), &[]);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    assert_snapshot!(screen.stdout, @"
    KIND                   COUNT
    master key record      1
    org                    2
    hook key               4
    version of a hook key  2
    inline hook            2
    use of a key           3
    API token              4
    service app            2
    key of a service app   2
    signing key            1
    used token id          2
    audit trail            2
    entry of a trail       28
    node of a trail        51
    ");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(kept(&database::url_text(&database::file(&folder))).await, before, "the vault itself is as it was");

    let verified = backup_verify(&folder, &file, &[]);
    assert_eq!((verified.code, &verified.stdout), (0, &screen.stdout), "{}", verified.stderr);
    // A file of SQLite, whatever the tests run on, and from there a backup for the own engine again.
    let sqlite = format!("sqlite://{}", folder.path().join("restored.db").display());
    let restored = restore(&folder, &file, &sqlite, &[]);
    assert_eq!((restored.code, &restored.stdout), (0, &screen.stdout), "{}", restored.stderr);
    let (again, screen) = back_up(&folder, &sqlite, &["--force"]);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    let own = own(&folder, "back.db").await;
    assert_eq!(restore(&folder, &again, &own, &[]).code, 0);
    assert_eq!(kept(&own).await, before);
    for url in [&sqlite, &own] {
        let check = call(folder.path(), &["check", "--database-url", url]);
        assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
        let trail = call(folder.path(), &["audit", "verify", "--database-url", url]);
        assert_eq!((trail.code, trail.stdout.as_str()), (0, ""), "{}", trail.stderr);
        let told = call(folder.path(), &["audit", "list", "--json", "--database-url", url]).stdout;
        assert!(told.contains("system.hook.key.created") && told.contains("system.vault.restored"), "{told}");
        assert_signs(&folder, url, &token, std::slice::from_ref(&key)).await;
    }
}

#[tokio::test]
async fn every_key_that_was_answered_before_a_backup_signs_wherever_it_is_restored() {
    let app = TestApp::start().await;
    let (manager, user) = (app.token(MANAGE).await, app.new_token(None, USE).await);
    let folder = key_folder();
    let mut keys = Vec::new();
    for number in 0..8 {
        keys.push(manager.create(&format!("before {number}")).await);
    }
    let done = Arc::new(AtomicBool::new(false));
    let writing = async {
        let mut written = 0;
        while !done.load(Ordering::SeqCst) {
            let key = manager.create(&format!("meanwhile {written}")).await;
            let path = format!("/api/v1/hook-keys/{}", key["id"].as_str().unwrap());
            let renamed = manager.put(&path, serde_json::json!({"name": format!("renamed {written}")})).await;
            assert_eq!(renamed.status, 200, "{renamed}");
            assert_eq!(manager.delete(&path).await.status, 204);
            written += 1;
        }
        written
    };
    let (from, path) = (source(&app), folder.path().to_owned());
    let backing_up = tokio::task::spawn_blocking({
        let done = done.clone();
        move || {
            let made: Vec<_> = (0..3)
                .map(|number| call(&path, &["backup", &format!("{number}.backup"), "--database-url", &from]))
                .collect();
            done.store(true, Ordering::SeqCst);
            made
        }
    });
    let (written, made) = tokio::join!(writing, backing_up);
    assert!(written > 0, "somebody wrote meanwhile");
    assert!(made.unwrap().iter().all(|screen| screen.code == 0));
    drop(app);
    let sqlite = format!("sqlite://{}", folder.path().join("restored.db").display());
    for (number, url) in [(0, sqlite), (2, own(&folder, "own.db").await)] {
        let restored = restore(&folder, &folder.path().join(format!("{number}.backup")), &url, &[]);
        assert_eq!(restored.code, 0, "{}", restored.stderr);
        assert_signs(&folder, &url, &user, &keys).await;
    }
}

#[tokio::test]
async fn nothing_is_overwritten_unless_somebody_says_so_and_then_all_of_it_at_once() {
    let (app, folder, file) = backed_up().await;
    let (ours, wanted) = (source(&app), kept(&source(&app)).await);
    let _folder = app.stop().await;
    let (_, screen) = back_up(&folder, &ours, &[]);
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr.replace(folder.path().to_str().unwrap(), "FOLDER"), @"
    error: no backup was made: FOLDER/vault.backup is there already
    hint: name a new file, or replace the one that is there with --force
    ");
    let other = TestApp::start().await;
    other.token(MANAGE).await.create("of another vault").await;
    let (theirs, there) = (source(&other), kept(&source(&other)).await);
    let _other_folder = other.stop().await;
    let elsewhere = key_folder();
    let (of_other, screen) = back_up(&elsewhere, &theirs, &[]);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    let refused = restore(&folder, &file, &theirs, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert_snapshot!(refused.stderr, @"
    error: nothing was restored: there is a vault in the target already
    hint: name another database with --database-url, or put the backup in the place of the vault with --force
    ");
    assert_eq!(kept(&theirs).await, there);
    // A backup that does not count takes nothing away either.
    let cut = folder.path().join("cut.backup");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&cut, text.lines().take(9).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    assert_eq!(restore(&folder, &cut, &theirs, &["--force"]).code, 1);
    assert_eq!(kept(&theirs).await, there);
    let forced = restore(&folder, &file, &theirs, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_eq!(kept(&theirs).await, wanted);
    // Of one that had something of everything nothing is left.
    let forced = restore(&elsewhere, &of_other, &ours, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_eq!(kept(&ours).await, there);
    for url in [theirs, ours] {
        let check = call(folder.path(), &["check", "--database-url", &url]);
        assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
    }
}

#[tokio::test]
async fn a_backup_says_what_is_in_it() {
    let (_app, folder, file) = backed_up().await;
    let screen = backup_verify(&folder, &file, &["--json"]);
    let mut found: Value = serde_json::from_str(&screen.stdout).unwrap();
    for member in ["id", "made", "version"] {
        assert!(!found[member].take().as_str().unwrap().is_empty());
    }
    assert_snapshot!(serde_json::to_string_pretty(&found).unwrap(), @r#"
    {
      "counts": {
        "API token": 3,
        "audit trail": 2,
        "entry of a trail": 27,
        "hook key": 4,
        "inline hook": 2,
        "key of a service app": 2,
        "master key record": 1,
        "node of a trail": 50,
        "org": 2,
        "service app": 2,
        "signing key": 1,
        "use of a key": 3,
        "used token id": 2,
        "version of a hook key": 2
      },
      "findings": [],
      "id": null,
      "made": null,
      "masterKey": "3de38f5c0e0a5137",
      "masterKeyRotation": null,
      "opened": 7,
      "signed": 6,
      "version": null
    }
    "#);
    assert!(screen.stderr.contains("vault.backup is sound: the vault of 20"), "{}", screen.stderr);
    let first = fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    assert!(first.starts_with(r#"{"hookvaultBackup":1,"id":""#), "{first}");
}

#[tokio::test]
async fn a_backup_is_made_where_the_trail_cannot_be_written_and_says_so() {
    let (app, _) = filled().await;
    let folder = key_folder();
    let mut other = app.other_program().await;
    let full = if POSTGRES.is_some() {
        "ALTER TABLE audit_entry ADD CONSTRAINT full_disk CHECK (published < 0) NOT VALID"
    } else {
        "CREATE TRIGGER full_disk BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END"
    };
    sqlx::raw_sql(full).execute(&mut other).await.unwrap();
    let (file, screen) = back_up(&folder, &source(&app), &[]);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    let (told, warning) = screen.stderr.split_once('\n').unwrap();
    assert!(told.contains("vault.backup is made and verified"), "{told}");
    assert!(warning.starts_with("warning: the audit trail does not tell of it: "), "{warning}");
    assert_eq!(backup_verify(&folder, &file, &[]).code, 0);
}

#[test]
fn what_is_no_backup_is_not_replaced_by_one() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let before = fs::read(folder.join("master.key")).unwrap();
    assert_snapshot!(stderr(folder, &["backup", "master.key", "--force"]), @"
    error: no backup was made: master.key is there, and is no backup
    hint: name another file; one that is a backup is replaced with --force
    ");
    assert_eq!(fs::read(folder.join("master.key")).unwrap(), before);
}
