//! A restore with `--force`, on the day on which what is there cannot be opened.

use super::{backed_up, call, own, restore};
use crate::cli::moving::{kept, source};
use crate::support::app::MANAGE;
use crate::support::database::{POSTGRES, connect};
use crate::support::process::{Installation, Served, hookvault};
use insta::assert_snapshot;
use sqlx::Connection as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where the file is that was replaced, with its companions.
fn aside(folder: &Path) -> PathBuf {
    let mut found = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.contains(".replaced-") && name.ends_with('Z')
    });
    let first = found.next().expect("the old file is kept");
    assert!(
        found.next().is_none()
            && !fs::read_dir(folder)
                .unwrap()
                .any(|entry| { entry.unwrap().file_name().to_str().unwrap().ends_with(".unfinished") })
    );
    first
}

fn assert_sound(folder: &TempDir, more: &[&str]) {
    let check = call(folder.path(), &[&["check"], more].concat());
    assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
}

#[tokio::test]
async fn a_vault_under_another_master_key_gives_way_and_its_file_still_opens_with_that() {
    let (app, folder, file) = backed_up().await;
    let wanted = kept(&source(&app)).await;
    let made = call(folder.path(), &["master-key", "generate", "--out", "other.key"]).stderr;
    let other_key = made.trim().strip_prefix("master key id: ").unwrap();
    let place = own(&folder, "other.db").await;
    let other = ["--database-url", &place, "--master-key-file", "other.key"];
    for create in [
        &["token", "create", "--name", "a", "--scope", "okta.inlineHooks.read"][..],
        &["key", "create", "of the other vault"],
    ] {
        let created = call(folder.path(), &[create, &other[..]].concat());
        assert_eq!(created.code, 0, "{}", created.stderr);
    }

    let refused = restore(&folder, &file, &place, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    let (_, reason) = refused.stderr.split_once(": the target cannot be written: ").unwrap();
    assert!(reason.starts_with(&format!("the database is sealed with the master key {other_key}")), "{reason}");
    assert!(reason.ends_with("or in its place with --force\n"), "{reason}");
    assert_sound(&folder, &other);

    let forced = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_eq!(kept(&place).await, wanted);
    assert_sound(&folder, &["--database-url", &place]);
    if POSTGRES.is_some() {
        assert!(forced.stderr.starts_with("what was in the database before is gone\n"), "{}", forced.stderr);
        return;
    }
    let old = aside(folder.path());
    let told = format!("what was there before is {} now, with what was beside it", old.display());
    assert!(forced.stderr.starts_with(&told), "{}", forced.stderr);
    let url = format!("sqlite://{}", old.display());
    let listed = ["key", "list", "--database-url", &url, "--master-key-file", "other.key"];
    assert!(call(folder.path(), &listed).stdout.contains("of the other vault"));
}

#[tokio::test]
async fn a_vault_whose_rows_make_no_sense_gives_way() {
    let (app, folder, file) = backed_up().await;
    let place = source(&app);
    let wanted = kept(&place).await;
    let _folder = app.stop().await;
    let mut other = connect(&place).await;
    if POSTGRES.is_some() {
        let planted = "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
                       CREATE TRIGGER \"a trigger\" BEFORE INSERT ON org FOR EACH ROW EXECUTE FUNCTION nothing();
                       CREATE TABLE theirs (id int);
                       CREATE TRIGGER theirs BEFORE INSERT ON theirs FOR EACH ROW EXECUTE FUNCTION nothing();
                       CREATE RULE rr AS ON UPDATE TO hook_key_version DO INSTEAD NOTHING";
        sqlx::raw_sql(planted).execute(&mut other).await.unwrap();
    }
    for damage in [
        "UPDATE org SET seal = NULL",
        "UPDATE api_token SET scopes = 'nonsense'",
        "UPDATE hook_key SET sealed_pkcs8 = (SELECT sealed_pkcs8 FROM hook_key WHERE name = 'key 2') WHERE name = 'key 3'",
        "DELETE FROM audit_head",
        "UPDATE master_key SET probe = seal FROM (SELECT seal FROM api_token) AS seals",
    ] {
        sqlx::raw_sql(damage).execute(&mut other).await.unwrap();
    }
    other.close().await.unwrap();
    assert_eq!(call(folder.path(), &["check", "--database-url", &place]).code, 1);
    let forced = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    if POSTGRES.is_some() {
        for what in ["trigger a trigger of org", "rule rr of hook_key_version"] {
            let told = format!("the {what} was none of the vault's, and is gone, too");
            assert!(forced.stderr.contains(&told), "{}", forced.stderr);
        }
        let theirs = "SELECT count(*) FROM pg_trigger WHERE tgname = 'theirs'";
        let left: i64 = sqlx::query_scalar(theirs).fetch_one(&mut connect(&place).await).await.unwrap();
        assert_eq!(left, 1, "what is at no table of the vault stays");
    }
    assert_eq!(kept(&place).await, wanted);
    assert_sound(&folder, &["--database-url", &place]);
}

#[tokio::test]
async fn a_file_that_is_no_database_gives_way_and_is_kept_with_its_mode() {
    let (_app, folder, file) = backed_up().await;
    let place = folder.path().join("place.db");
    fs::write(&place, "a disk has written this").unwrap();
    fs::write(folder.path().join("place.db-wal"), "and this").unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o640)).unwrap();
    // By a link, as administrators do.
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&place, &link).unwrap();
    let url = format!("sqlite://{}", link.display());
    let refused = || restore(&folder, &file, &url, &[]).stderr.replace(folder.path().to_str().unwrap(), "FOLDER");
    assert_snapshot!(refused(), @"
    error: nothing was restored: the database file FOLDER/link.db can be read by others (mode 0640)
    hint: chmod 600 FOLDER/link.db; or put the backup in the place of what is there with --force
    ");
    let forced = restore(&folder, &file, &url, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_sound(&folder, &["--database-url", &url]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
    let old = aside(folder.path());
    assert_eq!(fs::read(&old).unwrap(), b"a disk has written this");
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read(format!("{}-wal", old.display())).unwrap(), b"and this");
}

#[tokio::test]
async fn a_vault_that_a_killed_restore_has_moved_aside_is_not_begun_anew() {
    let (_app, folder, file) = backed_up().await;
    // As a kill between the two renames leaves it.
    let at = |name: &str| folder.path().join(name);
    for left in ["place.db.replaced-20251024T130607Z", "place.db.replaced-20251024T130607Z-wal", "other.db.replaced-1"]
    {
        fs::write(at(left), "a vault").unwrap();
    }
    fs::create_dir(at(".place.db.Ab3dEf.unfinished")).unwrap();
    let place = format!("sqlite://{}", at("place.db").display());
    let refused = |command: &[&str]| call(folder.path(), &[command, &["--database-url", &place]].concat());
    let told = refused(&["migrate"]).stderr;
    assert_snapshot!(told.replace(folder.path().to_str().unwrap(), "FOLDER"), @"
    error: there is no database file FOLDER/place.db, but what a restore has left is beside it: FOLDER/.place.db.Ab3dEf.unfinished, FOLDER/place.db.replaced-20251024T130607Z
    hint: restore the backup again with --force; or give what was there before, `….replaced-…`, its name FOLDER/place.db again, and what stands beside it with -wal or -journal at its end likewise. For a new and empty vault, move these away first
    ");
    for command in [&["key", "create", "a"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        assert_eq!(refused(command).stderr, told, "{command:?}");
    }
    assert!(!at("place.db").exists());
    let forced = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_sound(&folder, &["--database-url", &place]);
    assert_eq!(fs::read(at("place.db.replaced-20251024T130607Z")).unwrap(), b"a vault");
}

#[tokio::test]
async fn what_a_killed_server_has_only_in_its_journal_is_kept_too() {
    let (_app, folder, file) = backed_up().await;
    let installation = Installation::new();
    let mut server = Served::start(&mut installation.serve());
    assert_eq!(server.client(&installation.token).create("in the journal").await.unwrap().0, 200);
    server.kill();
    let place = format!("sqlite://{}", installation.database().display());
    let forced = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_sound(&folder, &["--database-url", &place]);
    let url = format!("sqlite://{}", aside(installation.folder.path()).display());
    assert!(call(folder.path(), &["key", "list", "--database-url", &url]).stdout.contains("in the journal"));
}

#[tokio::test]
async fn a_file_that_is_gone_keeps_its_journal_whatever_is_done_in_its_place() {
    let (_app, folder, file) = backed_up().await;
    let installation = Installation::new();
    let mut server = Served::start(&mut installation.serve());
    assert_eq!(server.client(&installation.token).create("in the journal").await.unwrap().0, 200);
    server.kill();
    let at = |name: &str| installation.folder.path().join(name);
    fs::rename(installation.database(), at("mislaid.db")).unwrap();
    let journal = fs::read(at("hookvault.db-wal")).unwrap();
    let place = format!("sqlite://{}", installation.database().display());
    let refused = |command: &[&str]| call(folder.path(), &[command, &["--database-url", &place]].concat());
    let told = refused(&["check"]).stderr;
    assert_snapshot!(told.replace(installation.folder.path().to_str().unwrap(), "FOLDER"), @"
    error: there is no database file FOLDER/hookvault.db, but its journal is there, with what was written last: FOLDER/hookvault.db-wal
    hint: put the file that belongs to it back as FOLDER/hookvault.db; where that is lost, `hookvault restore FILE --force` keeps the journal under another name. For a new and empty vault, move it away first
    ");
    let file_name = file.to_str().unwrap();
    for command in
        [&["migrate"][..], &["key", "create", "a"], &["serve", "--listen", "127.0.0.1:0"], &["restore", file_name]]
    {
        assert_eq!(refused(command).stderr, told, "{command:?}");
        assert!(!installation.database().exists(), "{command:?}");
        assert_eq!(fs::read(at("hookvault.db-wal")).unwrap(), journal, "{command:?}");
    }
    let forced = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_sound(&folder, &["--database-url", &place]);
    let told = forced.stderr.strip_prefix("what was there before is ").unwrap();
    let kept = told.split_once(" now").unwrap().0;
    assert_eq!(fs::read(kept).unwrap(), journal);
    let old = kept.strip_suffix("-wal").unwrap();
    fs::rename(at("mislaid.db"), old).unwrap();
    let listed = call(folder.path(), &["key", "list", "--database-url", &format!("sqlite://{old}")]);
    assert!(listed.stdout.contains("in the journal"), "{}", listed.stderr);
}

#[tokio::test]
async fn a_database_that_a_server_has_open_is_replaced_only_once_it_has_stopped() {
    let (app, folder, file) = backed_up().await;
    let place = source(&app);
    app.token(MANAGE).await.create("after the backup").await;
    let refused = restore(&folder, &file, &place, &["--force"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    if POSTGRES.is_some() {
        assert_snapshot!(refused.stderr, @"
        error: nothing was restored: the database is in use: a server of it is running, connected from the machine of the database
        hint: stop every server on it, and what copies it, then restore; a server that goes on would write to what is replaced
        ");
    } else {
        let pid = std::process::id().to_string();
        assert_snapshot!(refused.stderr.replace(&pid, "PID").replace(app.folder.path().to_str().unwrap(), "FOLDER"), @"
        error: nothing was restored: the database is in use: the process PID has FOLDER/vault.db open
        hint: stop every server on it, and what copies it, then restore; a server that goes on would write to what is replaced
        ");
    }
    let token = app.new_token(None, MANAGE).await;
    let mut serve = hookvault(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--key-pool", "0", "--database-url", &place]);
    let mut beside = Served::start(&mut serve);
    let _folder = app.stop().await;
    assert_eq!(restore(&folder, &file, &place, &["--force"]).code, 1, "another one goes on");
    let (_, listed) = beside.client(&token).list().await.unwrap();
    assert!(listed.contains("after the backup"), "{listed}");
    beside.terminate();
    let forced = restore(&folder, &file, &place, &["--force"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
}
