//! What is on disk: nothing in the clear, and after a deletion nothing at all.

use crate::support::app::{MANAGE, TestApp, config, sqlite_program};
use crate::support::process::{Installation, Served, hookvault, run};
use hookvault::app::{self, Parts};
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::domain::hook_key::place;
use hookvault::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use hookvault::domain::sealed::Sealed;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KEYS: &str = "/api/v1/hook-keys";

/// The database file and its companions, as they are on disk now.
fn disk(database: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(database).unwrap();
    for companion in ["-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(companion);
        bytes.extend(std::fs::read(name).unwrap_or_default());
    }
    bytes
}

/// Whether any 16 bytes in a row of `secret` are in `bytes`.
fn holds_a_part_of(bytes: &[u8], secret: &[u8]) -> bool {
    let parts: std::collections::HashSet<&[u8]> = secret.windows(16).collect();
    bytes.windows(16).any(|window| parts.contains(window))
}

async fn sealed(app: &TestApp, id: &str) -> (OrgId, Vec<u8>) {
    let (org, blob): (String, Vec<u8>) = sqlx::query_as("SELECT org_id, sealed_pkcs8 FROM hook_key WHERE id = ?")
        .bind(id)
        .fetch_one(&mut sqlite_program(&app.database()).await)
        .await
        .unwrap();
    (OrgId::parse(&org).unwrap(), blob)
}

#[tokio::test]
async fn no_private_key_is_on_disk_in_the_clear() {
    let app = TestApp::start().await;
    let key = app.token(MANAGE).await.create("a").await;
    let id = HookKeyId::parse(key["id"].as_str().unwrap()).unwrap();
    let (org, blob) = sealed(&app, id.as_str()).await;
    let master_key = MasterKey::parse(crate::support::app::MASTER_KEY).unwrap();
    let envelope = Envelope::new(Arc::new(Keyring::new(&master_key)), Random::system());
    let pkcs8 = envelope.open(place(&org, &id), &Sealed::from_bytes(blob.clone())).unwrap();
    // The private half alone: the modulus is public, and stands in the file.
    let private_half = &pkcs8[350..];
    let bytes = disk(&app.database());
    assert!(holds_a_part_of(&bytes, &blob), "the sealed key is there");
    assert!(!holds_a_part_of(&bytes, private_half), "the private key is not");
    assert!(!holds_a_part_of(&bytes, master_key.to_text().as_bytes()));
    assert!(!bytes.windows(10).any(|window| window == b"PRIVATE KE"));
}

#[tokio::test]
async fn after_a_deletion_no_sealed_byte_of_the_key_is_on_disk() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let mut keys = Vec::new();
    for number in 0..12 {
        let key = manager.create(&format!("key {number}")).await;
        let id = key["id"].as_str().unwrap().to_owned();
        // Renames move rows around: older copies must go as well.
        let name = format!("{number} {}", "long ".repeat(number));
        assert_eq!(manager.put(&format!("{KEYS}/{id}"), serde_json::json!({ "name": name })).await.status, 200);
        let (_, blob) = sealed(&app, &id).await;
        keys.push((id, blob));
    }
    for index in [5, 0, 11, 6, 1] {
        let (id, blob) = &keys[index];
        assert!(holds_a_part_of(&disk(&app.database()), blob));
        assert_eq!(manager.delete(&format!("{KEYS}/{id}")).await.status, 204);
        assert!(!holds_a_part_of(&disk(&app.database()), blob), "key {index}");
    }
}

/// What is sealed of the next key of a hook key, as it is on disk.
async fn sealed_next(app: &TestApp, id: &str) -> Vec<u8> {
    sqlx::query_scalar("SELECT sealed_pkcs8 FROM hook_key_version WHERE hook_key_id = ? AND until IS NULL")
        .bind(id)
        .fetch_one(&mut sqlite_program(&app.database()).await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_key_that_signs_no_more_leaves_no_sealed_byte_on_disk() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    let id = key["id"].as_str().unwrap();
    let rotate = format!("/vault/v1/hook-keys/{id}/rotate");
    let quick = serde_json::json!({"publishAhead": 120});
    let (_, first) = sealed(&app, id).await;
    assert_eq!(manager.post(&rotate, quick.clone()).await.status, 200);
    let second = sealed_next(&app, id).await;
    app.clock.advance(Duration::from_secs(120));
    app.vault.hook_key_upkeep().await.unwrap();
    // Retired, and published still; and the other one was sealed anew where it signs.
    gone(&app, &first).await;
    gone(&app, &second).await;
    let (_, signing) = sealed(&app, id).await;
    assert!(holds_a_part_of(&disk(&app.database()), &signing));
    // In an emergency all are replaced, the next one too.
    assert_eq!(manager.post(&rotate, quick.clone()).await.status, 200);
    let next = sealed_next(&app, id).await;
    assert_eq!(manager.post(&rotate, serde_json::json!({"emergency": true})).await.status, 200);
    gone(&app, &signing).await;
    gone(&app, &next).await;
    // A deletion takes the next one along.
    assert_eq!(manager.post(&rotate, quick).await.status, 200);
    let (next, (_, signing)) = (sealed_next(&app, id).await, sealed(&app, id).await);
    assert_eq!(manager.delete(&format!("{KEYS}/{id}")).await.status, 204);
    let left = disk(&app.database());
    assert!(!holds_a_part_of(&left, &next) && !holds_a_part_of(&left, &signing));
}

/// A program that reads the state of now until it is told to stop.
async fn reader(app: &TestApp) -> sqlx::SqliteConnection {
    let mut reader = sqlite_program(&app.database()).await;
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM hook_key").fetch_one(&mut reader).await.unwrap();
    reader
}

/// Waits until the disk holds nothing of a secret, and returns how long that took.
async fn gone(app: &TestApp, secret: &[u8]) -> Duration {
    let waiting = Instant::now();
    while holds_a_part_of(&disk(&app.database()), secret) {
        assert!(waiting.elapsed() < Duration::from_secs(30), "it is tried again soon");
        tokio::task::yield_now().await;
    }
    waiting.elapsed()
}

#[tokio::test]
async fn a_deletion_is_confirmed_while_somebody_reads_an_older_state_and_told_as_pending_by_every_server() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    let id = key["id"].as_str().unwrap();
    let (_, blob) = sealed(&app, id).await;
    let mut reader = reader(&app).await;
    assert_eq!(manager.delete(&format!("{KEYS}/{id}")).await.status, 204);
    for app in [&app, &beside] {
        assert_eq!(app.vault.erasure_pending().await.unwrap().unwrap().count, 1);
    }
    assert_eq!(manager.get(KEYS).await.body, "[]");
    assert_eq!(manager.delete(&format!("{KEYS}/{id}")).await.failure(), "404 E0000007");
    assert!(holds_a_part_of(&disk(&app.database()), &blob));
    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    gone(&app, &blob).await;
    // What was recorded goes a moment later.
    while beside.vault.erasure_pending().await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    beside.stop().await;
}

#[tokio::test]
async fn what_a_server_that_died_has_left_is_erased_by_another_once_the_reader_ends() {
    let installation = Installation::new();
    let mut first = Served::start(&mut installation.serve());
    let client = first.client(&installation.token);
    let (status, key) = client.create("a").await.unwrap();
    assert_eq!(status, 200);
    let id = serde_json::from_str::<serde_json::Value>(&key).unwrap()["id"].as_str().unwrap().to_owned();
    let mut other = sqlite_program(&installation.database()).await;
    let blob: Vec<u8> = sqlx::query_scalar("SELECT sealed_pkcs8 FROM hook_key").fetch_one(&mut other).await.unwrap();
    sqlx::query("BEGIN").execute(&mut other).await.unwrap();
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM hook_key").fetch_one(&mut other).await.unwrap();
    assert_eq!(client.delete(&id).await.unwrap().0, 204);
    first.kill();

    let second = Served::start(&mut installation.serve());
    assert_eq!(second.client(&installation.token).delete(&id).await.unwrap().0, 404);
    let mut check = hookvault(installation.folder.path());
    let screen = run(check.args(["check", "--master-key-file", "master.key"]));
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    assert!(screen.stderr.contains("1 deletion(s) may still be on the disk, the oldest since "), "{}", screen.stderr);
    assert!(holds_a_part_of(&disk(&installation.database()), &blob));
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    let waiting = Instant::now();
    while holds_a_part_of(&disk(&installation.database()), &blob) {
        assert!(waiting.elapsed() < Duration::from_secs(30), "it is tried again soon");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_vault_that_was_stopped_leaves_one_file() {
    let app = TestApp::start().await;
    app.token(MANAGE).await.create("a").await;
    let folder = app.stop().await;
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["vault.db"]);
    let vault = app::open_for_check(config(&folder), &Parts::real()).await.unwrap();
    let examination = vault.examine().await.unwrap();
    assert_eq!((examination.sound, examination.damaged.len()), (1, 0));
    vault.close().await;
}

/// As Litestream does: it holds a read transaction for good, so that nobody begins the journal anew before it has copied it.
#[tokio::test]
async fn beside_a_replicator_that_holds_the_journal_writes_deletions_and_backups_go_on_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let deleted = manager.create("deleted").await;
    let (_, secret) = sealed(&app, deleted["id"].as_str().unwrap()).await;
    let mut replicator = reader(&app).await;
    assert_eq!(manager.delete(&format!("{KEYS}/{}", deleted["id"].as_str().unwrap())).await.status, 204);
    for number in 0..5 {
        manager.create(&format!("meanwhile {number}")).await;
    }
    assert!(app.vault.erasure_pending().await.unwrap().is_some(), "the deletion stands, and is recorded as pending");
    let folder = crate::support::process::key_folder();
    let from = format!("sqlite://{}", app.database().display());
    let call = |arguments: &[&str]| run(hookvault(folder.path()).args(arguments));
    let backup = call(&["backup", "vault.backup", "--database-url", &from]);
    assert_eq!(backup.code, 0, "{}", backup.stderr);
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM hook_key").fetch_one(&mut replicator).await.unwrap();
    assert_eq!(seen, 1, "what it holds is as it was");

    // It is done with what it has copied.
    sqlx::raw_sql("ROLLBACK").execute(&mut replicator).await.unwrap();
    gone(&app, &secret).await;
    let restored = call(&["restore", "vault.backup", "--database-url", "sqlite://restored.db"]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    let listed = call(&["key", "list", "--database-url", "sqlite://restored.db"]).stdout;
    assert_eq!(listed.matches("meanwhile").count(), 5, "{listed}");
    assert!(!listed.contains("deleted"));
}
