//! Backups that a server makes by itself, with a clock that the test moves.

use crate::support::age::{FIRST, decrypted};
use crate::support::app::{Caller, MANAGE, TestApp};
use crate::support::process::{hookvault, key_folder, run};
use hookvault::config::{BackupConfig, Config};
use hookvault::domain::keep_rules::KeepRules;
use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const HOUR: Duration = Duration::from_hours(1);

/// One an hour.
fn hourly(folder: &Path, recipients: &str) -> impl FnOnce(&mut Config) {
    let keep = KeepRules::parse("last=2,daily=2").unwrap();
    let (folder, recipients) = (folder.to_owned(), recipients.to_owned());
    let backup = BackupConfig { folder, every: HOUR, keep, recipients, max_age: 3 * HOUR };
    move |config| config.server.backup = Some(backup)
}

async fn look(app: &TestApp) {
    app.backups.as_ref().unwrap().look().await;
}

/// The names of what is in a folder, without the id of the org.
fn names(folder: &TempDir) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let stable = |name: String| match name.split_once("hookvault-00o") {
        Some((before, rest)) => format!("{before}hookvault-ORG{}", &rest[17..]),
        None => name,
    };
    let mut names: Vec<_> = names.map(stable).collect();
    names.sort();
    names
}

async fn readiness(caller: &Caller<'_>) -> String {
    let answer = caller.get("/readyz").await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json().to_string()
}

#[tokio::test]
async fn they_are_made_when_they_are_due_and_kept_by_the_rules() {
    let folder = tempdir().unwrap();
    for strange in ["hookvault-notes.backup", "other.txt"] {
        fs::write(folder.path().join(strange), "not the vault's").unwrap();
    }
    let app = TestApp::start_with(hourly(folder.path(), "")).await;
    look(&app).await;
    app.clock.advance(HOUR - Duration::from_secs(1));
    look(&app).await;
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T130607Z.backup
    hookvault-notes.backup
    other.txt
    ");
    // What a server has left that died a day before.
    let mut left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let made = left.find(|path| path.to_str().unwrap().ends_with("Z.backup")).unwrap();
    let name = made.file_name().unwrap().to_str().unwrap();
    fs::write(folder.path().join(format!(".{}.Ab3dEf.unfinished", name.replace("20251024", "20251022"))), "half")
        .unwrap();
    for _ in 0..30 {
        app.clock.advance(HOUR);
        look(&app).await;
    }
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T230606Z.backup
    hookvault-ORG-20251025T190606Z.backup
    hookvault-ORG-20251025T200606Z.backup
    hookvault-notes.backup
    other.txt
    ");
    assert_eq!(readiness(&app.anon()).await, r#"{"status":"ok","warnings":[]}"#);

    let elsewhere = key_folder();
    let newest = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let newest = newest.filter(|path| path.to_str().unwrap().ends_with("Z.backup")).max().unwrap();
    let verified = run(hookvault(elsewhere.path()).args(["backup", "verify"]).arg(newest));
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test]
async fn one_that_fails_or_grows_old_is_told_and_the_vault_is_ready_all_the_same() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), "")).await;
    let anon = app.anon();
    look(&app).await;
    assert_eq!(readiness(&anon).await, r#"{"status":"ok","warnings":[]}"#);
    // As a disk that is not mounted any more.
    let moved = folder.path().with_extension("moved");
    fs::rename(folder.path(), &moved).unwrap();
    look(&app).await;
    assert_snapshot!(readiness(&anon).await, @r#"{"status":"ok","warnings":["The last backup has failed; the log says why."]}"#);
    app.clock.advance(3 * HOUR + Duration::from_secs(1));
    look(&app).await;
    assert_snapshot!(readiness(&anon).await, @r#"{"status":"ok","warnings":["The newest verified backup is of 2025-10-24T13:06:07.000Z.","The last backup has failed; the log says why."]}"#);
    fs::rename(&moved, folder.path()).unwrap();
    look(&app).await;
    assert_eq!(readiness(&anon).await, r#"{"status":"ok","warnings":[]}"#);

    let none = TestApp::start_with(hourly(&moved, "")).await;
    look(&none).await;
    assert_snapshot!(readiness(&none.anon()).await, @r#"{"status":"ok","warnings":["There is no verified backup.","The last backup has failed; the log says why."]}"#);
}

#[tokio::test]
async fn two_servers_with_one_folder_make_one_backup() {
    let folder = tempdir().unwrap();
    let one = TestApp::start_with(hourly(folder.path(), "")).await;
    let other = one.start_beside_with(hourly(folder.path(), "")).await;
    for _ in 0..5 {
        one.clock.advance(HOUR);
        tokio::join!(look(&one), look(&other));
        // Who came second while the first was at it knows of it with its next look.
        tokio::join!(look(&one), look(&other));
        for server in [&one, &other] {
            assert_eq!(readiness(&server.anon()).await, r#"{"status":"ok","warnings":[]}"#);
        }
    }
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T170607Z.backup
    hookvault-ORG-20251024T180607Z.backup
    ");
}

#[tokio::test]
async fn they_are_encrypted_where_somebody_is_named_who_can_open_them() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), FIRST.recipient)).await;
    look(&app).await;
    app.token(MANAGE).await.create("later").await;
    app.clock.advance(HOUR);
    look(&app).await;
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T130607Z.backup.age
    hookvault-ORG-20251024T140607Z.backup.age
    ");
    let newest = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let newest = newest.filter(|path| path.extension().is_some_and(|end| end == "age")).max().unwrap();
    let elsewhere = key_folder();
    let key = FIRST.write(&elsewhere.path().join("age.key"));
    if let Some(text) = decrypted(&newest, &key) {
        assert!(String::from_utf8(text).unwrap().contains(r#""name":"later""#));
    }
    let verified = run(hookvault(elsewhere.path()).args(["backup", "verify"]).arg(newest).arg("--identity").arg(key));
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}
