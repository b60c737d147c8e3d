//! Backups that a server makes by itself, with a clock that the test moves.

use crate::support::age::{FIRST, decrypted};
use crate::support::app::{Caller, LOGS, MANAGE, MASTER_KEY, TestApp};
use crate::support::database::url_text;
use crate::support::process::{hookvault, key_folder, run};
use hookvault::config::{BackupConfig, Config, MasterKeyPlace, MasterKeySource};
use hookvault::domain::keep_rules::KeepRules;
use insta::assert_snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const HOUR: Duration = Duration::from_hours(1);

/// One an hour.
fn hourly(folder: &Path, recipients: Option<&str>) -> impl FnOnce(&mut Config) {
    let keep = KeepRules::parse("last=2,daily=2").unwrap();
    let (folder, recipients) = (folder.to_owned(), recipients.map(str::to_owned));
    let backup = BackupConfig { folder, every: HOUR, keep, recipients, max_age: 3 * HOUR };
    move |config| config.server.backup = Some(backup)
}

async fn look(app: &TestApp) {
    app.backups.as_ref().unwrap().look().await;
}

/// What is in a folder, by name.
fn paths(folder: &TempDir) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The newest backup in a folder, by its name.
fn newest(folder: &TempDir) -> PathBuf {
    let is_backup =
        |path: &PathBuf| path.to_str().is_some_and(|path| path.contains("Z.backup") && !path.ends_with("d"));
    paths(folder).into_iter().rfind(is_backup).unwrap()
}

/// Where one of another moment of the same day would be.
fn at(backup: &Path, time: &str) -> PathBuf {
    let (before, after) = backup.to_str().unwrap().split_once("20251024T").unwrap();
    format!("{before}20251024T{time}{}", &after[time.len()..]).into()
}

fn record(backup: &Path) -> PathBuf {
    backup.with_added_extension("record")
}

/// Without the id of the org.
fn stable(text: &str) -> String {
    match text.split_once("hookvault-00o") {
        Some((before, rest)) => format!("{before}hookvault-ORG{}", stable(&rest[17..])),
        None => text.to_owned(),
    }
}

/// The names of what is in a folder.
fn names(folder: &TempDir) -> Vec<String> {
    paths(folder).iter().map(|path| stable(path.file_name().unwrap().to_str().unwrap())).collect()
}

/// The same of the backups alone.
fn backups(folder: &TempDir) -> String {
    let names = names(folder).into_iter().filter(|name| name.contains("Z.backup") && !name.contains(".record"));
    names.collect::<Vec<_>>().join("\n")
}

/// The warnings of a vault that is ready.
async fn warnings(app: &TestApp) -> String {
    let answer = app.anon().get("/readyz").await;
    assert_eq!(answer.status, 200, "{answer}");
    let warnings = answer.json()["warnings"].as_array().unwrap().clone();
    warnings.iter().map(|warning| stable(warning.as_str().unwrap())).collect::<Vec<_>>().join("\n")
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
    let app = TestApp::start_with(hourly(folder.path(), None)).await;
    look(&app).await;
    app.clock.advance(HOUR - Duration::from_secs(1));
    look(&app).await;
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T130607Z.backup
    hookvault-ORG-20251024T130607Z.backup.record
    hookvault-notes.backup
    other.txt
    ");
    for _ in 0..30 {
        app.clock.advance(HOUR);
        look(&app).await;
    }
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T230606Z.backup
    hookvault-ORG-20251024T230606Z.backup.record
    hookvault-ORG-20251025T190606Z.backup
    hookvault-ORG-20251025T190606Z.backup.record
    hookvault-ORG-20251025T200606Z.backup
    hookvault-ORG-20251025T200606Z.backup.record
    hookvault-notes.backup
    other.txt
    ");
    assert_eq!(readiness(&app.anon()).await, r#"{"status":"ok","warnings":[]}"#);

    let elsewhere = key_folder();
    let newest = newest(&folder);
    let verified = run(hookvault(elsewhere.path()).args(["backup", "verify"]).arg(newest));
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test]
async fn the_trail_tells_of_each_that_was_made_and_of_none_that_failed() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), None)).await;
    look(&app).await;
    let moved = folder.path().with_extension("moved");
    fs::rename(folder.path(), &moved).unwrap();
    app.clock.advance(HOUR);
    look(&app).await;
    fs::rename(&moved, folder.path()).unwrap();
    look(&app).await;
    let filter = "/api/v1/logs?filter=eventType%20eq%20%22system.vault.backed_up%22";
    let told = app.token(LOGS).await.get(filter).await.json();
    let told = told.as_array().unwrap();
    let words = told.iter().map(|entry| {
        let word = |pointer: &str| entry.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let org = word("/target/0/displayName").split_once("hookvault-").unwrap().1[..20].to_owned();
        [word("/actor/displayName"), word("/published"), word("/target/0/displayName").replace(&org, "ORG")].join(" ")
    });
    assert_snapshot!(words.collect::<Vec<_>>().join("\n"), @"
    hookvault 2025-10-24T13:06:07.000Z hookvault-ORG-20251024T130607Z.backup
    hookvault 2025-10-24T14:06:07.000Z hookvault-ORG-20251024T140607Z.backup
    ");
}

#[tokio::test]
async fn one_that_fails_or_grows_old_is_told_and_the_vault_is_ready_all_the_same() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), None)).await;
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
    assert_snapshot!(readiness(&anon).await, @r#"{"status":"ok","warnings":["The newest verified backup is too old: it is of 2025-10-24T13:06:07.000Z.","The last backup has failed; the log says why."]}"#);
    fs::rename(&moved, folder.path()).unwrap();
    look(&app).await;
    assert_eq!(readiness(&anon).await, r#"{"status":"ok","warnings":[]}"#);

    let none = TestApp::start_with(hourly(&moved, None)).await;
    look(&none).await;
    assert_snapshot!(readiness(&none.anon()).await, @r#"{"status":"ok","warnings":["There is no verified backup.","The last backup has failed; the log says why."]}"#);
}

#[tokio::test]
async fn two_servers_with_one_folder_make_one_backup() {
    let folder = tempdir().unwrap();
    let one = TestApp::start_with(hourly(folder.path(), None)).await;
    let other = one.start_beside_with(hourly(folder.path(), None)).await;
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
    hookvault-ORG-20251024T170607Z.backup.record
    hookvault-ORG-20251024T180607Z.backup
    hookvault-ORG-20251024T180607Z.backup.record
    ");
}

#[tokio::test]
async fn they_are_encrypted_where_somebody_is_named_who_can_open_them() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), Some(FIRST.recipient))).await;
    look(&app).await;
    app.token(MANAGE).await.create("later").await;
    app.clock.advance(HOUR);
    look(&app).await;
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T130607Z.backup.age
    hookvault-ORG-20251024T130607Z.backup.age.record
    hookvault-ORG-20251024T140607Z.backup.age
    hookvault-ORG-20251024T140607Z.backup.age.record
    ");
    let newest = newest(&folder);
    let elsewhere = key_folder();
    let key = FIRST.write(&elsewhere.path().join("age.key"));
    if let Some(text) = decrypted(&newest, &key) {
        assert!(String::from_utf8(text).unwrap().contains(r#""name":"later""#));
    }
    let verified = run(hookvault(elsewhere.path()).args(["backup", "verify"]).arg(newest).arg("--identity").arg(key));
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test]
async fn a_file_that_is_not_what_its_name_says_is_told_and_neither_counts_nor_goes() {
    for recipients in [None, Some(FIRST.recipient)] {
        let folder = tempdir().unwrap();
        let app = TestApp::start_with(hourly(folder.path(), recipients)).await;
        look(&app).await;
        let sound = newest(&folder);
        // By other hands, and newer by their names.
        let [written, copied, folder_of_that_name, link] =
            ["130608", "130609", "130610", "130611"].map(|time| at(&sound, time));
        fs::write(written, "{\"hookvaultBackup\":1}").unwrap();
        fs::copy(&sound, &copied).unwrap();
        fs::copy(record(&sound), record(&copied)).unwrap();
        fs::create_dir(folder_of_that_name).unwrap();
        std::os::unix::fs::symlink(&sound, link).unwrap();
        app.clock.advance(HOUR);
        look(&app).await;
        assert_eq!(newest(&folder), at(&sound, "140607"), "one is made, whatever else is newer than the last");
        for _ in 0..4 {
            app.clock.advance(HOUR);
            look(&app).await;
        }
        let told = |end: &str| {
            [
                "hookvault-ORG-20251024T130611Z.backup* does not count as a backup: it is not a file. Move it out of the folder, or remove it.",
                "hookvault-ORG-20251024T130610Z.backup* does not count as a backup: it is not a file. Move it out of the folder, or remove it.",
                "hookvault-ORG-20251024T130609Z.backup* does not count as a backup: it is not as it was when it was verified. Move it out of the folder, or remove it.",
                "hookvault-ORG-20251024T130608Z.backup* does not count as a backup: there is no record that a server made it. Move it out of the folder if `hookvault backup verify` finds it sound, else remove it.",
            ]
            .map(|line| line.replace('*', end))
            .join("\n")
        };
        let end = if recipients.is_none() { "" } else { ".age" };
        assert_eq!(warnings(&app).await, told(end));
        let kept = [
            "hookvault-ORG-20251024T130608Z.backup*",
            "hookvault-ORG-20251024T130609Z.backup*",
            "hookvault-ORG-20251024T130610Z.backup*",
            "hookvault-ORG-20251024T130611Z.backup*",
            "hookvault-ORG-20251024T170607Z.backup*",
            "hookvault-ORG-20251024T180607Z.backup*",
        ];
        assert_eq!(backups(&folder), kept.join("\n").replace('*', end), "two that are sound, and what is not");
    }
}

#[tokio::test]
async fn one_that_has_rotted_or_is_cut_off_gives_its_place_to_sound_ones() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), Some(FIRST.recipient))).await;
    look(&app).await;
    let rotten = newest(&folder);
    let mut bytes = fs::read(&rotten).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&rotten, bytes).unwrap();
    app.clock.advance(Duration::from_mins(1));
    // Nothing that is sound is left, so it does not wait for the hour to end.
    look(&app).await;
    let cut = newest(&folder);
    assert_eq!(cut, at(&rotten, "130707"));
    fs::OpenOptions::new().write(true).open(&cut).unwrap().set_len(1000).unwrap();
    app.clock.advance(Duration::from_mins(1));
    look(&app).await;
    assert_snapshot!(warnings(&app).await, @"
    hookvault-ORG-20251024T130707Z.backup.age does not count as a backup: it is not as it was when it was verified. Move it out of the folder, or remove it.
    hookvault-ORG-20251024T130607Z.backup.age does not count as a backup: it is not as it was when it was verified. Move it out of the folder, or remove it.
    ");
    // A server that starts later remembers nothing, and reads the records.
    let later = app.start_beside_with(hourly(folder.path(), Some(FIRST.recipient))).await;
    app.clock.advance(Duration::from_mins(1));
    look(&later).await;
    assert_eq!(warnings(&later).await, warnings(&app).await);
    // Somebody has looked at them.
    fs::remove_file(rotten).unwrap();
    fs::remove_file(cut).unwrap();
    look(&later).await;
    assert_eq!(warnings(&later).await, "");
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    hookvault-ORG-20251024T130807Z.backup.age
    hookvault-ORG-20251024T130807Z.backup.age.record
    ");
}

#[tokio::test]
async fn what_cannot_be_removed_is_named_and_the_backup_counts() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), None)).await;
    look(&app).await;
    let oldest = newest(&folder);
    look(&app).await;
    // Stands for a file that somebody has made immutable.
    fs::remove_file(record(&oldest)).unwrap();
    fs::create_dir(record(&oldest)).unwrap();
    for _ in 0..2 {
        app.clock.advance(HOUR);
        look(&app).await;
    }
    assert_snapshot!(backups(&folder), @"
    hookvault-ORG-20251024T140607Z.backup
    hookvault-ORG-20251024T150607Z.backup
    ");
    assert_snapshot!(warnings(&app).await, @"hookvault-ORG-20251024T130607Z.backup.record cannot be removed from the backups: Is a directory (os error 21). Remove it, or see who owns it and the folder.");
    fs::remove_dir(record(&oldest)).unwrap();
    look(&app).await;
    assert_eq!(warnings(&app).await, "");
}

#[tokio::test]
async fn what_a_killed_server_has_left_goes_with_the_next_look_and_nothing_else() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), None)).await;
    look(&app).await;
    let made = newest(&folder);
    let name = made.file_name().unwrap().to_str().unwrap();
    let later = at(&made, "130608");
    fs::write(folder.path().join(format!(".{name}.Ab3dEf.unfinished")), "half").unwrap();
    fs::write(folder.path().join(format!(".{name}.record.Ab3dEf.unfinished")), "half").unwrap();
    fs::write(record(&later), "of a backup that did not get its name").unwrap();
    let others = format!("hookvault-OTHER{}", &name[30..]);
    for other in [
        ".vault.backup.Ab3dEf.unfinished".to_owned(),
        format!(".{others}.Ab3dEf.unfinished"),
        format!("{others}.record"),
    ] {
        fs::write(folder.path().join(other), "another's").unwrap();
    }
    look(&app).await;
    assert_snapshot!(names(&folder).join("\n"), @"
    .hookvault-ORG-lock
    .hookvault-OTHER-20251024T130607Z.backup.Ab3dEf.unfinished
    .vault.backup.Ab3dEf.unfinished
    hookvault-ORG-20251024T130607Z.backup
    hookvault-ORG-20251024T130607Z.backup.record
    hookvault-OTHER-20251024T130607Z.backup.record
    ");
    assert_eq!(warnings(&app).await, "");
}

#[tokio::test]
async fn after_a_rotation_of_the_master_key_a_server_that_was_running_still_knows_them() {
    let folder = tempdir().unwrap();
    let app = TestApp::start_with(hourly(folder.path(), Some(FIRST.recipient))).await;
    look(&app).await;
    let kept = newest(&folder);
    let of_old = fs::read(record(&kept)).unwrap();
    let next = rotate_master_key(&app, MASTER_KEY).await;
    assert_snapshot!(warnings(&app).await, @"The newest verified backup opens with the master key 3de38f5c0e0a5137 of 2025-10-24T13:06:07.000Z, which is not in use any more.");
    app.clock.advance(Duration::from_mins(1));
    look(&app).await;
    assert_eq!(warnings(&app).await, "");
    let after = [kept.clone(), at(&kept, "130707")];
    assert_eq!(newest(&folder), after[1], "one is made with the key in use, whatever the hour");
    let of_next = fs::read(record(&kept)).unwrap();
    assert_ne!(of_next, of_old, "the record is under the next key");
    let later = app.start_beside_with(with_key(&next, hourly(folder.path(), Some(FIRST.recipient)))).await;
    app.clock.advance(Duration::from_mins(1));
    look(&later).await;
    assert_eq!(warnings(&later).await, "");
    assert_eq!(newest(&folder), after[1], "both count, so no other is made");

    // As after rotations that no server has lived through: each record is under a key that is gone, and both name the key of the backup.
    let mut sealing = next;
    for before in [&of_old, &of_next] {
        fs::write(record(&kept), before).unwrap();
        sealing = rotate_master_key(&app, &sealing).await;
        app.clock.advance(Duration::from_mins(1));
        let late = app.start_beside_with(with_key(&sealing, hourly(folder.path(), Some(FIRST.recipient)))).await;
        look(&late).await;
        let told = warnings(&late).await;
        let told = told.lines().find(|line| line.starts_with("hookvault-ORG-20251024T130607Z")).unwrap_or(&told);
        let under =
            serde_json::Deserializer::from_slice(before).into_iter::<serde_json::Value>().next().unwrap().unwrap();
        let under = under["masterKey"].as_str().unwrap();
        assert_eq!(
            told,
            format!(
                "hookvault-ORG-20251024T130607Z.backup.age does not count as a backup: its record is under the master key {under}, which this \
             server does not have, and says that the master key 3de38f5c0e0a5137 of 2025-10-24T13:06:07.000Z opens it. Move it out of the \
             folder and keep it as long as the key that opens it, or remove it."
            )
        );
    }
}

/// Puts another master key in the place of that of a server, which goes along. Returns the new one.
async fn rotate_master_key(app: &TestApp, from: &str) -> String {
    let elsewhere = key_folder();
    fs::write(elsewhere.path().join("master.key"), from).unwrap();
    let url = url_text(&app.database());
    // Not on this thread, which the server runs on.
    let rotated = tokio::task::spawn_blocking(move || {
        let next = elsewhere.path().join("next.key");
        for arguments in [
            &["generate", "--out", "next.key"][..],
            &["rotate", "--to-master-key-file", "next.key", "--database-url", &url],
        ] {
            let screen = run(hookvault(elsewhere.path()).arg("master-key").args(arguments));
            assert_eq!(screen.code, 0, "{}", screen.stderr);
        }
        fs::read_to_string(next).unwrap().trim().to_owned()
    });
    rotated.await.unwrap()
}

/// The same with another master key.
fn with_key(key: &str, adjust: impl FnOnce(&mut Config)) -> impl FnOnce(&mut Config) {
    let master_key = MasterKeySource::plain(MasterKeyPlace::Text(key.to_owned().into()));
    move |config| {
        adjust(config);
        config.master_key = master_key;
    }
}
