//! `hookvault dev`.

use super::{call, last_lines, stderr};
use crate::support::process::{Served, hookvault, run};
use hookvault::app::{self, Parts};
use hookvault::config::{DatabaseConfig, MasterKeyPlace, MasterKeySource};
use hookvault::crypto::token_secret::TokenSecret;
use hookvault::domain::actor::Actor;
use hookvault::domain::scope::Scopes;
use hookvault::repository::url::DatabaseUrl;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::tempdir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The token in a greeting of `dev`.
fn token_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("hookvault-data/token")).unwrap().trim().to_owned()
}

/// Gives the token of a data folder other scopes.
async fn rescope(data: &Path, token: &str, scopes: &str) {
    let url = DatabaseUrl::file(&data.join("hookvault.db"));
    let database = DatabaseConfig { url, password_file: None, migrate: false };
    let master_key = MasterKeySource::plain(MasterKeyPlace::File(data.join("master.key")));
    let opened = app::open_registry(&database, &master_key, false, &Parts::real()).await.unwrap();
    let (secret, scopes) = (TokenSecret::parse(token).unwrap(), Scopes::parse(scopes).unwrap());
    opened.registry.api_token_rescope(&Actor::Vault, &secret, "dev", &scopes).await.unwrap();
    opened.close().await;
}

#[tokio::test]
async fn dev_makes_what_is_missing_and_keeps_it() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let dev = || {
        let mut command = hookvault(folder);
        command.args(["dev", "--listen", "127.0.0.1:0"]);
        command
    };
    let mut server = Served::start(&mut dev());
    let data = folder.join("hookvault-data");
    let files = ["hookvault.db", "master.key", "token"];
    assert_eq!((mode(&data), files.map(|file| mode(&data.join(file)))), (0o700, [0o600; 3]));
    let token = token_of(folder);
    assert_eq!(server.client(&token).create("a").await.unwrap().0, 200);
    server.kill();

    let server = Served::start(&mut dev());
    assert_eq!(token_of(folder), token);
    // It has every scope, also where it was made before there were so many.
    rescope(&data, &token, "okta.inlineHooks.read").await;
    drop(server);
    let server = Served::start(&mut dev());
    assert_eq!(server.client(&token).create("b").await.unwrap().0, 200);
    let (status, body) = server.client(&token).list().await.unwrap();
    assert_eq!((status.as_u16(), body.contains("\"name\":\"a\"")), (200, true));
    drop(server);

    // A lost or revoked token is replaced, and no longer accepted; a lost master key is not replaced.
    fs::remove_file(data.join("token")).unwrap();
    let server = Served::start(&mut dev());
    let replaced = token_of(folder);
    assert_eq!(server.client(&replaced).list().await.unwrap().0, 200);
    assert_eq!(server.client(&token).list().await.unwrap().0, 401);
    drop(server);
    assert_eq!(call(folder, &["token", "revoke", "dev", "--data-dir", "hookvault-data"]).code, 0);
    let server = Served::start(&mut dev());
    assert_ne!(token_of(folder), replaced);
    assert_eq!(server.client(&token_of(folder)).list().await.unwrap().0, 200);
    drop(server);
    fs::set_permissions(data.join("token"), fs::Permissions::from_mode(0o644)).unwrap();
    let screen = run(&mut dev());
    let stable = screen.stderr.replace(&data.canonicalize().unwrap().display().to_string(), "DATA");
    assert_snapshot!(last_lines(&stable), @"
    error: the secret file DATA/token can be read by others (mode 0644)
    hint: chmod 600 DATA/token
    ");
    fs::remove_file(data.join("master.key")).unwrap();
    let screen = run(&mut dev());
    let stable = screen.stderr.replace(&data.canonicalize().unwrap().display().to_string(), "DATA");
    assert_snapshot!(stable, @"
    error: DATA/master.key is missing, and the vault of DATA is sealed with it
    hint: put the master key back, or begin anew with another --data-dir
    ");
}

#[tokio::test]
async fn of_two_first_starts_at_once_one_serves_and_the_other_says_so() {
    for _ in 0..5 {
        let folder = tempdir().unwrap();
        let start = || {
            let mut command = hookvault(folder.path());
            command.args(["dev", "--listen", "127.0.0.1:0", "--key-pool", "0"]);
            tokio::task::spawn_blocking(move || Served::try_start(&mut command))
        };
        let (first, second) = tokio::join!(start(), start());
        let (server, refused) = match (first.unwrap(), second.unwrap()) {
            (Ok(server), Err(refused)) | (Err(refused), Ok(server)) => (server, refused),
            (Ok(_), Ok(_)) => panic!("both serve"),
            (Err(one), Err(other)) => panic!("{one}\n{other}"),
        };
        assert!(refused.contains(" already"), "{refused}");
        assert_eq!(server.client(&token_of(folder.path())).create("a").await.unwrap().0, 200);
        drop(server);
        let screen = call(folder.path(), &["check", "--data-dir", "hookvault-data"]);
        assert_eq!(
            (screen.code, screen.stderr.as_str()),
            (0, "1 private key(s) and secret(s) and 2 other row(s) are sound\n")
        );
    }
}

#[tokio::test]
async fn a_vault_that_runs_already_is_named_with_its_address() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let dev = || {
        let mut command = hookvault(folder);
        command.args(["dev", "--listen", "127.0.0.1:0", "--key-pool", "0"]);
        command
    };
    let server = Served::start(&mut dev());
    let again = run(&mut dev());
    assert_eq!((again.code, again.stdout.as_str()), (1, ""));
    assert_snapshot!(again.stderr.replace(&server.url, "URL"), @"
    error: the vault in hookvault-data runs already, at URL
    hint: use it there, or stop it first; its token is in hookvault-data/token
    ");
    assert_eq!(server.client(&token_of(folder)).list().await.unwrap().0, 200);
    drop(server);
    drop(Served::start(&mut dev()));
}

#[test]
fn an_address_in_use_leaves_nothing_behind() {
    let folder = tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let screen = call(folder.path(), &["dev", "--listen", &address]);
    assert_eq!(screen.code, 1);
    assert!(screen.stderr.contains("cannot be listened on"), "{}", screen.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_removed_at_the_end_is_its_owners_whatever_the_umask() {
    let folder = tempdir().unwrap();
    let dev = format!(
        "umask 000; exec {} dev --ephemeral --listen 127.0.0.1:0 --key-pool 0",
        env!("CARGO_BIN_EXE_hookvault")
    );
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", &dev]).env_clear().env("TMPDIR", folder.path());
    let mut server = Served::start(&mut shell);
    let made = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(mode(&made), 0o700);
    for file in fs::read_dir(&made).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    server.terminate();
    assert!(!made.exists(), "nothing is kept");
}

#[tokio::test]
async fn the_example_is_made_once_and_can_be_called_after_each_start() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let test = || call(folder, &["hook", "test", "Example hook", "--data-dir", "hookvault-data"]);
    for _ in 0..2 {
        let mut command = hookvault(folder);
        let mut server = Served::start(command.args(["dev", "--with-example", "--listen", "127.0.0.1:0"]));
        let called = test();
        assert_eq!(called.code, 0, "{}", called.stderr);
        assert!(called.stdout.lines().last().unwrap().starts_with("ok: the hook answered"), "{}", called.stdout);
        let (_, keys) = server.client(&token_of(folder)).list().await.unwrap();
        assert_eq!(keys.matches("Example key").count(), 1, "{keys}");
        server.terminate();
    }
    // Its receiver is gone with it.
    assert!(test().stderr.contains("there is no connection"), "{}", test().stderr);
}

#[test]
fn dev_does_not_touch_a_real_vault() {
    let folder = tempdir().unwrap();
    let mut command = hookvault(folder.path());
    let screen = run(command.arg("dev").env("HOOKVAULT_DATABASE_URL", "sqlite://real.db"));
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: HOOKVAULT_DATABASE_URL is set, but `dev` keeps its own database and master key in its data folder
    hint: unset HOOKVAULT_DATABASE_URL, or run `hookvault serve`, which uses it
    ");
}

#[test]
fn dev_keeps_a_file_in_its_folder_or_the_vault_on_a_server() {
    let folder = tempdir().unwrap();
    assert_snapshot!(stderr(folder.path(), &["dev", "--database-url", "sqlite://a.db"]), @"
    error: `dev` keeps a database of SQLite in its data folder
    hint: choose the folder with --data-dir, or name a PostgreSQL database with --database-url
    ");
}
