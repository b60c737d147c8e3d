//! What is left by those that were killed, or had no room.

use super::{back_up, backed_up, call, own, restore};
use crate::cli::moving::{kept, source};
use crate::support::age::FIRST;
use crate::support::database::{POSTGRES, connect};
use crate::support::process::{Installation, Screen, run};
use insta::assert_snapshot;
use sqlx::Connection as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// The names of what is in a folder and is hidden, without the settings.
fn hidden(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut hidden: Vec<_> = names.filter(|name| name.starts_with('.') && name != ".env").collect();
    hidden.sort();
    hidden
}

#[tokio::test]
async fn what_killed_backups_have_left_goes_with_the_next_and_what_is_being_made_stays() {
    let (app, folder, file) = backed_up().await;
    let (_, sealed) = back_up(&folder, &source(&app), &["--force", "--recipient", FIRST.recipient]);
    assert_eq!(sealed.code, 0);
    let begun = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        File::open(path).unwrap()
    };
    let encrypted = fs::read(&file).unwrap();
    begun(".vault.backup.Ab3dEf.unfinished", &encrypted[..100]);
    begun(".other.backup.Ab3dEf.unfinished", b"{\"hookvaultBackup\":1,\"id\":");
    begun(".vault.backup.Ab3dEg.unfinished", b"");
    begun(".notes.unfinished", b"of somebody else, and no backup");
    let of_another = begun(".vault.backup.Ab3dEh.unfinished", &encrypted[..100]);
    of_another.lock().unwrap();
    let (_, screen) = back_up(&folder, &source(&app), &["--force"]);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    assert_eq!(hidden(folder.path()), [".notes.unfinished", ".vault.backup.Ab3dEh.unfinished"]);
}

#[tokio::test]
async fn what_killed_restores_have_left_goes_with_the_next() {
    let (_app, folder, file) = backed_up().await;
    for left in [".place.db.Ab3dEf.unfinished", ".other.db.Ab3dEf.unfinished"] {
        fs::create_dir(folder.path().join(left)).unwrap();
        fs::write(folder.path().join(left).join("place.db"), "half").unwrap();
    }
    fs::write(folder.path().join("place.db"), "a vault").unwrap();
    let place = format!("sqlite://{}", folder.path().join("place.db").display());
    let restored = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert_eq!(hidden(folder.path()), [".other.db.Ab3dEf.unfinished"]);
}

/// A call where no file can be larger than so many blocks of 512 bytes. The signal that comes with the limit would end the process; a full
/// disk sends none.
fn with_room(blocks: u64, folder: &Path, arguments: &[&str]) -> Screen {
    let line = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    let mut command = Command::new("/bin/sh");
    command.env_clear().current_dir(folder).args(["-c", &line, env!("CARGO_BIN_EXE_hookvault")]).args(arguments);
    run(&mut command)
}

#[tokio::test]
async fn a_full_disk_is_told_as_one_and_nothing_is_left_on_it() {
    let (_app, folder, file) = backed_up().await;
    let installation = Installation::new();
    let full = with_room(8, installation.folder.path(), &["key", "list"]);
    assert_eq!((full.code, full.stdout.as_str()), (1, ""));
    assert_snapshot!(full.stderr, @"
    error: the disk is full: (code: 4874) disk I/O error
    hint: make room on the disk, then try again
    ");
    let to = |url: &'static str| ["restore", file.to_str().unwrap(), "--database-url", url];
    assert_eq!(call(folder.path(), &to("sqlite://whole.db")).code, 0);
    // Enough for the copy to prove it on, and not for the journal of a new file.
    let blocks = fs::metadata(folder.path().join("whole.db")).unwrap().len() / 512 + 16;
    for force in [&[][..], &["--force"]] {
        let screen = with_room(blocks, folder.path(), &[&to("sqlite://n.db")[..], force].concat());
        assert_eq!(screen.code, 1, "{}", screen.stderr);
        assert!(!screen.stderr.contains("does not count"), "{}", screen.stderr);
        let left = ["n.db", "n.db-wal", "n.db-shm"].map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false; 3], "{force:?}");
    }
}

#[tokio::test]
async fn a_vault_whose_tables_are_not_whole_gives_way_as_long_as_they_are_its_own() {
    if POSTGRES.is_none() {
        return;
    }
    let (app, folder, file) = backed_up().await;
    let wanted = kept(&source(&app)).await;
    let place = own(&folder, "place.db").await;
    assert_eq!(restore(&folder, &file, &place, &[]).code, 0);
    let destroy = async |what: &'static str| {
        let mut other = connect(&place).await;
        sqlx::raw_sql(what).execute(&mut other).await.unwrap();
        other.close().await.unwrap();
    };
    for damage in [
        "DROP TABLE hook_key_version CASCADE",
        "ALTER TABLE api_token DROP COLUMN scopes",
        "DROP TABLE used_token_id, pending_erasure",
        "ALTER TABLE org ALTER COLUMN name TYPE bytea USING name::bytea",
    ] {
        destroy(damage).await;
        assert_eq!(call(folder.path(), &["check", "--database-url", &place]).code, 1, "{damage}");
        let forced = restore(&folder, &file, &place, &["--force"]);
        assert_eq!(forced.code, 0, "{damage}: {}", forced.stderr);
        assert_eq!(kept(&place).await, wanted, "{damage}");
        let check = call(folder.path(), &["check", "--database-url", &place]);
        assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{damage}: {}", check.stderr);
    }
    // What nothing says that it is the vault's is not taken away.
    destroy("DROP TABLE refinery_schema_history").await;
    let refused = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(refused.code, 1);
    let told = "error: what is in the database cannot be replaced: the database cannot be migrated: ";
    assert!(refused.stderr.starts_with(told), "{}", refused.stderr);
    assert_eq!(refused.stderr.matches("already exists").count(), 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("createdb -E UTF8 -T template0 NAME"), "{}", refused.stderr);
}
