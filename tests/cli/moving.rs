//! `hookvault move`: from the engine that the tests run on to a file of SQLite, and back. What a vault in use is writing when a command
//! is called goes on beside it: with one thread both would wait for the other.

use super::stderr;
use crate::api::inline_hooks::{client_secret, private_key};
use crate::api::signing::verify;
use crate::support::app::{MANAGE, READ, TestApp, USE};
use crate::support::client_key::ClientKey;
use crate::support::database;
use crate::support::oauth::ServiceClient;
use crate::support::process::{Screen, Served, hookvault, key_folder, put_key, run};
use insta::assert_snapshot;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _};
use std::time::Duration;
use tempfile::TempDir;

/// What is kept, but for where in its list and in which slot.
const TABLES: [(&str, &str); 12] = [
    ("master_key", "id, probe, created"),
    ("master_key_rotation", "id, probe, created, sealed_next, sealed_old"),
    ("org", "id, name, domain, is_default, created, seal"),
    (
        "hook_key",
        "id, org_id, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8, seal, origin, born_by, born_with, \
         signs_from, rotate_every",
    ),
    (
        "hook_key_version",
        "key_id, org_id, hook_key_id, modulus, exponent, signs_from, grace, until, sealed_pkcs8, origin, born_by, born_with, seal",
    ),
    (
        "inline_hook",
        "id, org_id, status, name, type, version, uri, headers, auth, auth_header, client_id, token_url, scope, hook_key_id, \
         sealed_secret, created, last_updated, seal",
    ),
    (
        "hook_key_reference",
        "org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used, inline_hook_id, seal",
    ),
    ("api_token", "id, org_id, user_id, name, hash, scopes, created, expires, revoked, seal"),
    ("service_app", "id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal"),
    ("service_app_key", "app_id, kid, kind, first, second, created, seal"),
    ("signing_key", "org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from, seal"),
    ("used_token_id", "hash, expires"),
];

/// All of it as text, in the order of creation.
pub async fn kept(url: &str) -> Vec<(&'static str, Vec<String>)> {
    let mut other = database::connect(url).await;
    let mut kept = Vec::new();
    for (table, columns) in TABLES {
        let columns = columns.split(", ").map(str::trim).collect::<Vec<_>>();
        let order = match table {
            "hook_key_reference" => "consumer_id",
            "signing_key" | "hook_key_version" | "used_token_id" | "master_key" | "master_key_rotation" => columns[0],
            _ => "seq",
        };
        let row = if url.starts_with("postgres") {
            format!("row({})::text", columns.join(", "))
        } else {
            columns.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ' ' || ")
        };
        let sql = format!("SELECT {row} FROM {table} ORDER BY {order}");
        kept.push((table, sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut other).await.unwrap()));
    }
    // Whoever has the file open is in the way of a command that replaces it.
    other.close().await.unwrap();
    kept
}

/// That a table or a column which comes later is not forgotten.
pub async fn assert_all_is_compared(sqlite: &str) {
    let columns = "SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND c.name NOT IN ('seq', 'slot', 'only')
                     AND m.name NOT IN ('pending_erasure', 'refinery_schema_history') AND m.name NOT LIKE 'audit%'";
    let mut found: Vec<String> =
        sqlx::query_scalar(columns).fetch_all(&mut database::connect(sqlite).await).await.unwrap();
    let known = |(table, columns): (&'static str, &'static str)| {
        columns.split(", ").map(move |column| format!("{table}.{}", column.trim()))
    };
    let mut known: Vec<_> = TABLES.into_iter().flat_map(known).collect();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

fn move_vault(folder: &TempDir, from: &str, to: &str) -> Screen {
    run(hookvault(folder.path()).args(["move", "--database-url", from, "--to", to]))
}

pub fn source(app: &TestApp) -> String {
    database::url_text(&app.database())
}

fn file_of(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("moved.db").display())
}

/// A vault with two of everything, or more.
pub async fn filled() -> (TestApp, Value) {
    let app = TestApp::start().await;
    app.new_org("two.example.com").await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("Schlüssel 1").await;
    for name in ["key 2", "key 3"] {
        manager.create(name).await;
    }
    // One has a retired key and rotates by itself, the other one has a next key.
    let quick = json!({"publishAhead": 120});
    assert_eq!(manager.post("/vault/v1/hook-keys/key%203/rotate", quick.clone()).await.status, 200);
    app.clock.advance(Duration::from_secs(120));
    app.vault.hook_key_upkeep().await.unwrap();
    assert_eq!(manager.post("/vault/v1/hook-keys/key%202/rotate", quick).await.status, 200);
    let often = json!({"rotateEvery": 86_400});
    assert_eq!(manager.put("/vault/v1/hook-keys/key%203/rotation", often).await.status, 200);
    app.token_of(Some("two.example.com"), MANAGE).await.with("host", "two.example.com").create("Schlüssel 1").await;
    let hooks = "/api/v1/inlineHooks";
    let hook = manager.post(hooks, private_key("hook 1", "key 2")).await.json();
    assert_eq!(manager.post(hooks, client_secret("hook 2")).await.status, 200);
    let id = hook["id"].as_str().unwrap();
    assert_eq!(manager.post(&format!("{hooks}/{id}/lifecycle/deactivate"), json!({})).await.status, 200);
    for (consumer, kind) in [("billing%2F1", "service"), ("mail", "batch job")] {
        let path = format!("/vault/v1/hook-keys/Schl%C3%BCssel%201/references/{consumer}");
        assert_eq!(manager.put(&path, json!({"kind": kind, "name": "Jürgen's \"job\""})).await.status, 200);
    }
    let assertion = json!({"clientId": "billing", "audience": "https://a.example", "consumer": "mail"});
    let sign = "/vault/v1/hook-keys/Schl%C3%BCssel%201/client-assertions";
    assert_eq!(app.token(USE).await.post(sign, assertion).await.status, 200);
    for key in [ClientKey::rsa(), ClientKey::p521()] {
        ServiceClient::with_key(&app, READ, false, key).await.token(&app).await;
    }
    (app, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_moved_to_another_database_and_back_is_the_same_and_works_in_both() {
    let (app, key) = filled().await;
    let token = app.new_token(None, USE).await;
    let from = source(&app);
    let folder = app.stop().await;
    put_key(folder.path());
    // In the midst of a rotation of the master key.
    let generated = run(hookvault(folder.path()).args(["master-key", "generate", "--out", "next.key"]));
    assert_eq!(generated.code, 0, "{}", generated.stderr);
    let rotate = ["master-key", "rotate", "--to-master-key-file", "next.key", "--keep-old", "--database-url", &from];
    let rotated = run(hookvault(folder.path()).args(rotate));
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    let before = kept(&from).await;
    for (table, rows) in &before {
        assert!(!rows.is_empty(), "there is something in {table}");
    }
    let (there, back) = (file_of(&folder), folder.path().join("back.db"));
    let screen = move_vault(&folder, &from, &there);
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
    entry of a trail       29
    node of a trail        53
    ");
    assert!(screen.stderr.starts_with("the vault is in sqlite://"), "{}", screen.stderr);
    assert_all_is_compared(&there).await;
    database::make(&back).await;
    let back = database::url_text(&back);
    assert_eq!(move_vault(&folder, &there, &back).code, 0);
    assert_eq!(kept(&back).await, before);

    for url in [&there, &back] {
        let vault = ["--master-key-file", "master.key", "--database-url", url];
        let trail = run(hookvault(folder.path()).args(["audit", "verify"]).args(vault));
        assert_eq!((trail.code, trail.stdout.as_str()), (0, ""), "{}", trail.stderr);
        let told = run(hookvault(folder.path()).args(["audit", "list", "--json"]).args(vault)).stdout;
        assert!(told.contains("system.hook.key.created") && told.contains("system.vault.moved"), "{told}");
        let check = run(hookvault(folder.path()).arg("check").args(vault));
        assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
        let mut serve = hookvault(folder.path());
        let served = Served::start(serve.args(["serve", "--listen", "127.0.0.1:0", "--key-pool", "0"]).args(vault));
        let signed = served.client(&token).sign("Schl%C3%BCssel%201").await;
        let (header, _) = verify(&signed, &key["_embedded"]);
        assert_eq!(header["kid"], key["keyId"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_must_be_empty_and_another_one() {
    let app = TestApp::start().await;
    let folder = key_folder();
    let from = source(&app);
    let refused = |to: &str| stderr(folder.path(), &["move", "--database-url", &from, "--to", to]);
    assert_snapshot!(refused(&from), @"
    error: nothing was moved: the target is the vault itself
    hint: name an empty database with --to; one in which a server has started once is not empty
    ");
    let other = TestApp::start().await;
    assert_snapshot!(refused(&source(&other)), @"
    error: nothing was moved: there is a vault in the target already
    hint: name an empty database with --to; one in which a server has started once is not empty
    ");
    let mut with_password = hookvault(folder.path());
    let with_password =
        with_password.args(["move", "--database-url", &from, "--to", "sqlite://a.db", "--to-password-file", "a"]);
    assert_snapshot!(run(with_password).stderr, @"
    error: --to-password-file is for a PostgreSQL database, and --to names a file
    hint: the password of the vault that is copied belongs into HOOKVAULT_DATABASE_PASSWORD_FILE
    ");
    assert_snapshot!(refused("postgres://vault:hush@127.0.0.1/vault"), @"
    error: --to has a password, which every user of this machine could see
    hint: put it into a file with mode 0600, and name that in --to-password-file
    ");
    assert_snapshot!(refused("sqlite://no/folder.db"), @"
    error: the target cannot be opened: there is no folder no for the database file
    hint: mkdir -m 700 -p no
    ");
    assert_snapshot!(refused("mysql://a"), @"
    error: --to: `mysql://a` begins with neither sqlite:// nor postgres://
    hint: write it as sqlite://hookvault.db (relative), sqlite:///var/lib/hookvault/hookvault.db (absolute) or postgres://hookvault@db.example.com/hookvault
    ");
    let mut nothing = hookvault(folder.path());
    let nothing = run(nothing.args(["move", "--database-url", "sqlite://none.db", "--to", "sqlite://new.db"]));
    assert_eq!(nothing.code, 1);
    // The master key and the settings.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "{}", nothing.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_fails_leaves_nothing_in_the_target_and_can_be_made_again() {
    let (app, _) = filled().await;
    let folder = key_folder();
    let to = file_of(&folder);
    let damage = |scopes| format!("UPDATE service_app SET scopes = '{scopes}' WHERE dpop_bound = false");
    let mut other = app.other_program().await;
    sqlx::raw_sql(AssertSqlSafe(damage("nonsense"))).execute(&mut other).await.unwrap();
    let screen = move_vault(&folder, &source(&app), &to);
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: nothing was moved: the vault cannot be read: the database is damaged: service_app.scopes of the row 0oa21mC95sbiPgvNQHxL makes no sense: is not a known scope
    hint: restore the database file from a backup, or remove what is damaged: `hookvault app delete 0oa21mC95sbiPgvNQHxL`
    ");
    assert!(kept(&to).await.iter().all(|(_, rows)| rows.is_empty()));
    sqlx::raw_sql(AssertSqlSafe(damage(READ))).execute(&mut other).await.unwrap();
    let again = move_vault(&folder, &source(&app), &to);
    assert_eq!(again.code, 0, "{}", again.stderr);
}

/// As a target would that has been prepared by somebody, or loses what it is given.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_not_what_it_was_made_from_does_not_count() {
    let (app, _) = filled().await;
    for (lie, told) in [
        (
            "AFTER INSERT ON hook_key BEGIN UPDATE hook_key SET sealed_pkcs8 = x'00' WHERE name = 'key 3'; END",
            "hook key",
        ),
        ("AFTER INSERT ON hook_key_reference BEGIN UPDATE hook_key_reference SET last_used = 1; END", "use of a key"),
        ("AFTER INSERT ON used_token_id BEGIN DELETE FROM used_token_id WHERE hash = NEW.hash; END", "used token id"),
    ] {
        let folder = key_folder();
        let to = file_of(&folder);
        assert_eq!(run(hookvault(folder.path()).args(["migrate", "--database-url", &to])).code, 0);
        let mut other = database::connect(&to).await;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE TRIGGER lie {lie}"))).execute(&mut other).await.unwrap();
        let screen = move_vault(&folder, &source(&app), &to);
        let expected = format!("error: nothing was moved: the target does not hold every {told} as it was written\n");
        assert!(screen.stderr.starts_with(&expected), "{}", screen.stderr);
        assert!(kept(&to).await.iter().all(|(_, rows)| rows.is_empty()), "{told}");
    }
}
