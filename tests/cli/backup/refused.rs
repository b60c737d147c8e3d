//! What is no backup any more is refused, and it is said where.

use super::{back_up, backed_up, backup_verify, restore};
use crate::cli::moving::source;
use crate::support::app::{MANAGE, TestApp};
use crate::support::database::POSTGRES;
use crate::support::process::{hookvault, key_folder, run, write_master_key};
use crate::support::rounds;
use insta::assert_snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Writes another file beside the backup.
fn altered(folder: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("altered.backup");
    fs::write(&path, bytes).unwrap();
    path
}

/// What is said of a file that does not count.
fn refusal(folder: &TempDir, bytes: &[u8]) -> String {
    refusal_with(folder, bytes, &[])
}

/// The same with more arguments.
pub fn refusal_with(folder: &TempDir, bytes: &[u8], more: &[&str]) -> String {
    let path = altered(folder, bytes);
    let screen = backup_verify(folder, &path, more);
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
    let first = screen.stderr.lines().next().unwrap();
    let said = first.strip_prefix(&format!("error: {} does not count: ", path.display()));
    said.unwrap_or_else(|| panic!("{first}")).to_owned()
}

/// The number of the line that is named.
pub fn line_named(said: &str) -> usize {
    let words: Vec<_> = said.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let at = words.iter().position(|word| *word == "line").unwrap_or_else(|| panic!("{said}"));
    words[at + 1].parse().unwrap()
}

#[tokio::test]
async fn a_single_bit_that_was_changed_is_found_and_its_line_named() {
    let (_app, folder, file) = backed_up().await;
    let sound = fs::read(&file).unwrap();
    let flips = rounds("BACKUP_FLIPS", 200);
    for flip in 0..flips {
        let bit = flip * (sound.len() * 8) / flips + flip % 8;
        let mut changed = sound.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let line = sound[..bit / 8].iter().filter(|byte| **byte == b'\n').count() + 1;
        let said = refusal(&folder, &changed);
        // A line feed that is gone joins two lines, and shows in the first; one that is the last of all, in the last.
        assert_eq!(line_named(&said), line, "bit {bit}: {said}");
    }
}

#[tokio::test]
async fn a_line_that_was_removed_doubled_moved_or_is_of_another_vault_is_named() {
    let (app, folder, file) = backed_up().await;
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        change(&mut lines);
        refusal(&folder, (lines.join("\n") + "\n").as_bytes())
    };
    assert_snapshot!(with(&|lines| drop(lines.remove(4))), @"line 5 (hookKey HKYszQoFib2a6Gr7XojS) is not as it was written, or a line before it was removed, added or moved");
    assert_snapshot!(with(&|lines| lines.insert(4, lines[4].clone())), @"line 6 (hookKey HKYB7pWKkRG7q3U1q50T) is not as it was written, or a line before it was removed, added or moved");
    assert_snapshot!(with(&|lines| lines.swap(4, 5)), @"line 5 (hookKey HKYszQoFib2a6Gr7XojS) is not as it was written, or a line before it was removed, added or moved");
    assert_snapshot!(with(&|lines| drop(lines.remove(0))), @"line 1 is not the first line of a backup of hookvault");
    assert_snapshot!(with(&|lines| lines.push(lines[lines.len() - 1].clone())), @"there is more after its last line 105");
    assert_snapshot!(refusal(&folder, text.replacen(r#""hookvaultBackup":1"#, r#""hookvaultBackup":2"#, 1).as_bytes()), @"line 1: it is of the form 2, which this version does not know");

    // Another vault with the same master key, and a later backup of the same.
    let other = TestApp::start().await;
    other.token(MANAGE).await.create("key").await;
    for from in [source(&other), source(&app)] {
        let elsewhere = key_folder();
        let (file, screen) = back_up(&elsewhere, &from, &[]);
        assert_eq!(screen.code, 0, "{}", screen.stderr);
        let foreign = fs::read_to_string(file).unwrap();
        let foreign = foreign.lines().nth(2).unwrap();
        assert_eq!(line_named(&with(&|lines| foreign.clone_into(&mut lines[2]))), 3);
    }
}

#[tokio::test]
async fn wherever_it_is_cut_off_it_does_not_count() {
    let (_app, folder, file) = backed_up().await;
    let sound = fs::read(&file).unwrap();
    let ends: Vec<_> = sound.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let last = ends.len() - 2;
    let cuts = [0, 1, ends[0] - 1, ends[0], ends[3], ends[3] + 5, ends[last], sound.len() - 1];
    for cut in cuts {
        let said = refusal(&folder, &sound[..cut]);
        let line = ends.iter().filter(|end| **end <= cut).count() + 1;
        assert_eq!(line_named(&said), line, "{cut}: {said}");
    }
    assert_snapshot!(refusal(&folder, &sound[..ends[3]]), @"it is cut off in line 5");
    let letter = altered(&folder, b"A letter, and no backup.\n");
    let screen = backup_verify(&folder, &letter, &["--json"]);
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stdout, @r#"
    {
      "findings": [
        "line 1 is not the first line of a backup of hookvault"
      ]
    }
    "#);
    assert_snapshot!(refusal(&folder, b"A letter, and no backup.\n"), @"line 1 is not the first line of a backup of hookvault");
}

#[tokio::test]
async fn without_its_master_key_it_is_of_no_use_and_the_right_one_is_named() {
    let (_app, folder, file) = backed_up().await;
    let made = run(hookvault(folder.path()).args(["master-key", "generate"])).stdout;
    write_master_key(&folder.path().join("other.key"), made.trim());
    let other = ["--master-key-file", "other.key"];
    let stable = |text: String| {
        let given = text.rsplit_once("given is ").unwrap().1.lines().next().unwrap();
        text.replace(given, "OTHER").replace(folder.path().to_str().unwrap(), "FOLDER")
    };
    assert_snapshot!(stable(backup_verify(&folder, &file, &other).stderr), @"
    error: FOLDER/vault.backup does not count: line 1: it was made with the master key 3de38f5c0e0a5137 of 2025-10-24T13:06:07.000Z, but the master key given is OTHER
    hint: give the master key whose id is 3de38f5c0e0a5137
    ");
    let to = format!("sqlite://{}", folder.path().join("restored.db").display());
    assert_snapshot!(stable(restore(&folder, &file, &to, &other).stderr), @"
    error: FOLDER/vault.backup does not count: line 1: it was made with the master key 3de38f5c0e0a5137 of 2025-10-24T13:06:07.000Z, but the master key given is OTHER
    hint: give the master key whose id is 3de38f5c0e0a5137
    ");
    assert!(!folder.path().join("restored.db").exists(), "nothing was made");
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn without_room_there_is_no_backup_and_the_one_before_stays() {
    let (app, folder, file) = backed_up().await;
    let before = fs::read(&file).unwrap();
    // The signal that comes with the limit would end the process; a full disk sends none.
    let line = "ulimit -f 8; trap '' XFSZ; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("/bin/sh");
    let binary = env!("CARGO_BIN_EXE_hookvault");
    command.env_clear().current_dir(folder.path()).args(["-c", line, binary, "backup", "vault.backup", "--force"]);
    let screen = run(command.args(["--database-url", &source(&app)]));
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""));
    assert_snapshot!(screen.stderr, @"
    error: no backup was made: vault.backup cannot be written: File too large (os error 27)
    hint: name a file in a folder that you may write to, on a disk with room for it
    ");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(names(folder.path()), [".env", "master.key", "vault.backup"]);
}

#[tokio::test]
async fn a_vault_with_a_damaged_key_has_no_backup_that_would_hide_it() {
    let (app, folder, file) = backed_up().await;
    fs::remove_file(&file).unwrap();
    let mut other = app.other_program().await;
    let damage = "UPDATE hook_key SET sealed_pkcs8 = (SELECT sealed_pkcs8 FROM hook_key WHERE name = 'key 2') WHERE name = 'key 3'";
    sqlx::raw_sql(damage).execute(&mut other).await.unwrap();
    let (_, screen) = back_up(&folder, &source(&app), &[]);
    assert_snapshot!(screen.stderr, @"
    error: no backup was made: it is not sound: HKYkhsnXE1FpvKcPxebO (key 3): the sealed value was changed, or belongs to another place
    hint: run `hookvault check` on the vault, and use an earlier backup
    ");
    assert_eq!(names(folder.path()), [".env", "master.key"]);
}

#[tokio::test]
async fn rows_that_refer_to_nothing_are_not_told_as_a_want_of_room() {
    let (app, folder, file) = backed_up().await;
    fs::remove_file(&file).unwrap();
    app.new_org("other.example").await;
    app.token_of(Some("other.example"), MANAGE).await.create("orphan").await;
    let unchecked =
        if POSTGRES.is_some() { "SET session_replication_role = replica" } else { "PRAGMA foreign_keys = OFF" };
    let orphaned = format!("{unchecked}; DELETE FROM org WHERE domain = 'other.example'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(orphaned)).execute(&mut app.other_program().await).await.unwrap();
    let (_, screen) = back_up(&folder, &source(&app), &[]);
    assert_snapshot!(screen.stderr, @"
    error: no backup was made: the copy to prove it on cannot be used: the database failed: (code: 787) FOREIGN KEY constraint failed
    hint: run `hookvault check` on the vault that it is of: a row may refer to one that is missing
    ");
}
