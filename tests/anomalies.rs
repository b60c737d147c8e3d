//! Bad days: what the vault does when something is wrong with its key, its file or its disk.

use crate::support::process::{self, Installation, Served, copy_program, hookvault, run, write_master_key};
use crate::support::somebody::as_somebody;
use insta::assert_snapshot;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

async fn change(database: &Path, sql: &'static str) {
    let mut connection = crate::support::app::other_program(database).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// An installation that holds these keys.
async fn with_keys(names: &[&str]) -> Installation {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    for name in names {
        assert_eq!(client.create(name).await.unwrap().0, 200);
    }
    installation
}

fn check(installation: &Installation) -> process::Screen {
    run(hookvault(installation.folder.path()).args(["check", "--master-key-file", "master.key"]))
}

/// Without what differs from run to run: ids of keys.
fn stable(text: &str) -> String {
    let mut parts = text.split("HKY");
    let mut stable = parts.next().unwrap().to_owned();
    for part in parts {
        stable.push_str("HKY…");
        stable.push_str(&part[17..]);
    }
    stable
}

#[tokio::test]
async fn a_wrong_master_key_is_refused_and_both_are_named() {
    let installation = with_keys(&[]).await;
    let folder = installation.folder.path();
    write_master_key(&folder.join("other.key"), &format!("hvmk_{}", "A".repeat(43)));
    let screen = run(hookvault(folder).args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "other.key"]));
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""));
    let since = screen.stderr.find(" of 20").unwrap();
    let told = format!("{} of TIME{}", &screen.stderr[..since], &screen.stderr[since + " of ".len() + 24..]);
    assert_snapshot!(told, @"
    error: the database was sealed with the master key 3de38f5c0e0a5137 of TIME, but the master key given is 78418e8d29db2053
    hint: give the master key whose id is 3de38f5c0e0a5137; without it the private keys cannot be opened
    ");
}

#[tokio::test]
async fn a_flipped_byte_in_a_sealed_key_is_found() {
    let installation = with_keys(&["sound", "flipped"]).await;
    assert_eq!(check(&installation).code, 0);
    let mut other = crate::support::app::other_program(&installation.database()).await;
    let mut sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed_pkcs8 FROM hook_key WHERE name = 'flipped'")
        .fetch_one(&mut other)
        .await
        .unwrap();
    sealed[500] ^= 1;
    sqlx::query("UPDATE hook_key SET sealed_pkcs8 = $1 WHERE name = 'flipped'")
        .bind(sealed)
        .execute(&mut other)
        .await
        .unwrap();
    let screen = check(&installation);
    assert_eq!(screen.code, 1);
    assert_snapshot!(stable(&screen.stdout), @"HKY… (flipped): the sealed value was changed, or belongs to another place");
    assert_snapshot!(screen.stderr, @"
    1 private key(s) and secret(s) and 2 other row(s) are sound
    error: 1 private key(s) or secret(s) are damaged
    hint: restore the database file from a backup, or make these keys and hooks anew
    ");
}

#[tokio::test]
async fn a_damaged_signing_key_is_named_and_replaced_as_the_hint_says() {
    let installation = Installation::new();
    let rotate = || {
        let mut command = hookvault(installation.folder.path());
        run(command.args(["signing-key", "rotate", "--revoke", "--master-key-file", "master.key"]))
    };
    let first = rotate().stdout;
    change(&installation.database(), "UPDATE signing_key SET sealed_pkcs8 = modulus").await;
    let screen = check(&installation);
    assert_eq!((screen.code, screen.stdout.contains(first.trim())), (1, true), "{}", screen.stdout);
    assert_snapshot!(screen.stderr, @"
    0 private key(s) and secret(s) and 2 other row(s) are sound
    error: 1 private key(s) or secret(s) are damaged
    hint: restore the database file from a backup, or make these keys and hooks anew; `hookvault signing-key rotate --revoke` makes a new signing key
    ");
    assert_eq!(rotate().code, 0);
    assert_eq!(check(&installation).code, 0);
}

#[tokio::test]
async fn two_swapped_sealed_keys_are_both_found_and_the_vault_still_serves() {
    let installation = with_keys(&["first", "second", "sound"]).await;
    let mut other = crate::support::app::other_program(&installation.database()).await;
    let sealed: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT name, sealed_pkcs8 FROM hook_key ORDER BY seq").fetch_all(&mut other).await.unwrap();
    for (name, other_blob) in [(&sealed[0].0, &sealed[1].1), (&sealed[1].0, &sealed[0].1)] {
        sqlx::query("UPDATE hook_key SET sealed_pkcs8 = $1 WHERE name = $2")
            .bind(other_blob)
            .bind(name)
            .execute(&mut other)
            .await
            .unwrap();
    }
    let screen = check(&installation);
    assert_eq!(screen.code, 1);
    assert_snapshot!(stable(&screen.stdout), @"
    HKY… (first): the sealed value was changed, or belongs to another place
    HKY… (second): the sealed value was changed, or belongs to another place
    ");
    let server = Served::start(&mut installation.serve());
    let (status, body) = server.client(&installation.token).list().await.unwrap();
    assert_eq!((status.as_u16(), body.matches("\"id\"").count()), (200, 3));
}

#[tokio::test]
async fn a_sealed_key_of_another_org_does_not_open() {
    let installation = with_keys(&["a"]).await;
    let folder = installation.folder.path();
    assert_eq!(run(hookvault(folder).args(["org", "create", "other", "--domain", "o.example"])).code, 0);
    change(&installation.database(), "UPDATE hook_key SET org_id = (SELECT id FROM org WHERE name = 'other')").await;
    let screen = check(&installation);
    assert_eq!(screen.code, 1);
    let told = stable(&screen.stdout);
    let (row, org) = told.split_once('\n').unwrap();
    assert_snapshot!(row, @"the database is damaged: the row HKY… of hook_key was altered, moved or inserted by another hand: its seal does not fit");
    assert!(
        org.ends_with("the hook key HKY… is missing: entry 2 of the audit trail tells of it, and none that it went\n"),
        "{org}"
    );
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_found_and_the_other_keys_still_serve() {
    let installation = with_keys(&["odd", "sound"]).await;
    change(&installation.database(), "UPDATE hook_key SET name = ' ' WHERE name = 'odd'").await;
    let screen = check(&installation);
    assert_eq!(screen.code, 1);
    assert_snapshot!(stable(&screen.stdout), @"the database is damaged: hook_key.name of the row HKY… makes no sense");
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("new").await.unwrap().0, 200);
}

#[tokio::test]
async fn files_that_others_may_read_are_refused() {
    let installation = with_keys(&[]).await;
    let folder = installation.folder.path();
    let refused = |file: &str| {
        let path = folder.join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let screen = run(&mut installation.serve());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""));
        screen.stderr
    };
    assert_snapshot!(refused("hookvault.db"), @"
    error: the database file hookvault.db can be read by others (mode 0644)
    hint: chmod 600 hookvault.db
    ");
    assert_snapshot!(refused("master.key"), @"
    error: the secret file master.key can be read by others (mode 0644)
    hint: chmod 600 master.key
    ");
    drop(Served::start(&mut installation.serve()));
}

#[tokio::test]
async fn what_sqlite_keeps_beside_the_file_is_looked_at_where_a_link_leads_to() {
    let installation = with_keys(&[]).await;
    let (link, elsewhere) = (installation.database(), tempfile::tempdir().unwrap());
    let file = elsewhere.path().join("real.db");
    fs::rename(&link, &file).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    for companion in ["-wal", "-shm", "-journal"] {
        let path = elsewhere.path().join(format!("real.db{companion}"));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let screen = run(&mut installation.serve());
        let refusal = format!("{} can be read by others (mode 0666)", path.display());
        assert!(screen.stderr.contains(&refusal), "{companion}: {}", screen.stderr);
        fs::remove_file(&path).unwrap();
    }
    drop(Served::start(&mut installation.serve()));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_kept() {
    let installation = Installation::new();
    let database = installation.database();
    fs::write(&database, "this is a letter, not a database, and longer than a header of SQLite would be. ".repeat(9))
        .unwrap();
    let before = fs::read(&database).unwrap();
    let screen = run(&mut installation.serve());
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: the database cannot be used: (code: 26) file is not a database
    hint: check that HOOKVAULT_DATABASE_URL names a hookvault database on a healthy disk, or a PostgreSQL server that runs and takes writes
    ");
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[tokio::test]
async fn a_read_only_folder_is_refused_with_and_without_a_database_in_it() {
    let folder = tempfile::tempdir().unwrap();
    // Where root's own folders are closed to others, the binary must be, too.
    let binary = folder.path().join("hookvault");
    copy_program(&binary);
    let start = || {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let mut command = process::at(&binary, folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("HOOKVAULT_MASTER_KEY", crate::support::app::MASTER_KEY);
        let screen = run(as_somebody(&mut command));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(screen.code, 1);
        screen.stderr
    };
    assert_snapshot!(start(), @"
    error: the database file hookvault.db cannot be opened for writing: Permission denied (os error 13)
    hint: run hookvault as the owner of the file, in a folder that it may write to
    ");
    assert_eq!(run(as_somebody(process::at(&binary, folder.path()).arg("migrate"))).code, 0);
    assert_snapshot!(start(), @"
    error: the folder . of the database cannot be written to: Permission denied (os error 13)
    hint: run hookvault as the owner of the file, in a folder that it may write to
    ");
}

/// The largest file that the server may write, as a disk without room would have it.
fn limit_files(server: &Served, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(server.id()).unwrap()).unwrap();
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

#[tokio::test]
async fn without_room_writes_are_refused_reads_go_on_and_with_room_all_is_well() {
    let installation = Installation::new();
    let serve = installation.serve();
    // The signal that comes with the limit would end the process; a full disk sends none.
    let mut command = hookvault(installation.folder.path());
    command = {
        let mut shell = process::at(Path::new("/bin/sh"), installation.folder.path());
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(command.get_program()).args(serve.get_args());
        shell
    };
    let server = Served::start(&mut command);
    let client = server.client(&installation.token);
    let (_, key) = client.create("before").await.unwrap();
    let id = key.split('"').nth(3).unwrap().to_owned();

    let wal = fs::metadata(installation.folder.path().join("hookvault.db-wal")).unwrap().len();
    limit_files(&server, Some(wal));
    for round in 0..3 {
        let (status, body) = client.create(&format!("without room {round}")).await.unwrap();
        assert_eq!((status.as_u16(), body.contains("E0000010")), (503, true), "{body}");
        let (status, body) = client.rename(&id, "without room").await.unwrap();
        assert_eq!((status.as_u16(), body.contains("E0000010")), (503, true), "{body}");
        let (status, body) = client.delete(&id).await.unwrap();
        assert_eq!((status.as_u16(), body.contains("E0000010")), (503, true), "{body}");
        let (status, body) = client.list().await.unwrap();
        assert_eq!((status.as_u16(), body.contains("\"name\":\"before\"")), (200, true), "{body}");
    }

    limit_files(&server, None);
    assert_eq!(client.create("after").await.unwrap().0, 200);
    assert_eq!(client.rename(&id, "renamed").await.unwrap().0, 200);
    let (_, body) = client.list().await.unwrap();
    assert_eq!((body.contains("renamed"), body.contains("after"), body.contains("without room")), (true, true, false));
    assert_eq!(client.delete(&id).await.unwrap().0, 204);
}
