//! Rows that another hand has written, without the master key: none takes effect, and all are told.

use crate::support::app::{Caller, MANAGE, READ, TestApp, USE};
use crate::support::oauth::{ServiceClient, anon, bearer};
use crate::support::reseal::sealed_tables;
use crate::support::rounds;
use crate::support::seal::MASTER_KEY;
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::domain::actor::Actor;
use hookvault::domain::name::Name;
use hookvault::domain::rate_limit::RateLimit;
use hookvault::domain::scope::Scopes;
use hookvault::domain::sealed::Place;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe};
use std::sync::Arc;
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

/// What another hand may write into a column, as SQL.
const ALTERATIONS: [(&str, &[(&str, &str)]); 9] = [
    ("org", &[("name", "'another'"), ("domain", "'evil.example.com'"), ("created", "created + 1")]),
    (
        "hook_key",
        &[
            ("name", "'another'"),
            ("org_id", "(SELECT id FROM org WHERE name = 'other.example.com')"),
            ("key_id", "'01010101-0101-4101-8101-010101010101'"),
            ("id", "'HKY00000000000000001'"),
            ("modulus", "(SELECT k.modulus FROM hook_key AS k WHERE k.id <> hook_key.id ORDER BY k.seq LIMIT 1)"),
            ("exponent", "(SELECT id FROM master_key)"),
            ("created", "created - 1"),
            ("last_updated", "last_updated + 1"),
            ("signs_from", "created + 1"),
            ("rotate_every", "1"),
        ],
    ),
    (
        "hook_key_version",
        &[
            ("signs_from", "signs_from - 86400"),
            ("grace", "1"),
            ("until", "until + 86400"),
            (
                "hook_key_id",
                "(SELECT k.id FROM hook_key AS k WHERE k.id <> hook_key_id AND k.org_id = hook_key_version.org_id LIMIT 1)",
            ),
            ("key_id", "'01010101-0101-4101-8101-010101010101'"),
            ("exponent", "(SELECT id FROM master_key)"),
            ("born_by", "'nobody'"),
        ],
    ),
    (
        "hook_key_reference",
        &[
            ("consumer_name", "'nobody'"),
            ("since", "since + 1"),
            ("consumer_id", "'another'"),
            ("consumer_kind", "'x'"),
        ],
    ),
    (
        "inline_hook",
        &[
            ("uri", "'https://evil.example.com/'"),
            ("token_url", "'https://evil.example.com/'"),
            ("headers", "'[{\"key\":\"X-Evil\",\"value\":\"1\"}]'"),
            ("status", "CASE status WHEN 'ACTIVE' THEN 'INACTIVE' ELSE 'ACTIVE' END"),
            ("client_id", "'another'"),
            ("type", "'com.okta.saml.tokens.transform'"),
            ("name", "'another'"),
            ("created", "created - 1"),
        ],
    ),
    (
        "api_token",
        &[
            ("scopes", "'okta.inlineHooks.manage hookvault.keys.use'"),
            ("scopes", "'okta.inlineHooks.read'"),
            ("expires", "99999999999"),
            ("expires", "NULL"),
            ("revoked", "NULL"),
            ("org_id", "(SELECT id FROM org WHERE name = 'other.example.com')"),
            ("org_id", "(SELECT id FROM org WHERE name = 'default')"),
            ("user_id", "'00u00000000000000001'"),
            ("name", "'another'"),
            ("created", "created - 1"),
        ],
    ),
    (
        "service_app",
        &[
            ("scopes", "'okta.inlineHooks.manage hookvault.keys.use'"),
            ("org_id", "(SELECT id FROM org WHERE name = 'other.example.com')"),
            ("activations", "activations + 1"),
            ("name", "'another'"),
        ],
    ),
    (
        "service_app_key",
        &[
            ("kid", "'another'"),
            ("first", "(SELECT k.modulus FROM hook_key AS k ORDER BY k.seq LIMIT 1)"),
            ("app_id", "(SELECT a.id FROM service_app AS a WHERE a.id <> app_id LIMIT 1)"),
            ("created", "created - 1"),
        ],
    ),
    (
        "signing_key",
        &[
            ("signs_from", "signs_from - 86400"),
            ("signs_from", "signs_from + 86400"),
            ("created", "created - 1"),
            ("generation", "generation + 7"),
            ("modulus", "(SELECT k.modulus FROM hook_key AS k ORDER BY k.seq LIMIT 1)"),
        ],
    ),
];

/// What becomes of the seal meanwhile.
const SEALS: [&str; 5] = [
    "seal",
    "NULL",
    "(SELECT s.seal FROM api_token AS s ORDER BY s.seq LIMIT 1)",
    "(SELECT s.seal FROM hook_key AS s ORDER BY s.seq DESC LIMIT 1)",
    "(SELECT s.hash FROM api_token AS s ORDER BY s.seq LIMIT 1)",
];

/// Rows of another hand, made of one that is there.
const INSERTIONS: [&str; 8] = [
    "INSERT INTO api_token (id, org_id, user_id, name, hash, scopes, created, expires, revoked, seal)
     SELECT '00T00000000000000001', org_id, '00u00000000000000001', 'forged', {hash}, 'okta.inlineHooks.manage', created, NULL, NULL, {seal}
     FROM api_token WHERE {row}",
    "INSERT INTO hook_key (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8, seal)
     SELECT 'HKY00000000000000001', org_id, 49, '01010101-0101-4101-8101-010101010101', 'forged', created, last_updated, modulus, exponent,
            sealed_pkcs8, {seal} FROM hook_key WHERE {row}",
    "INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, slot, seal)
     SELECT org_id, id, 'program', 'a forged one', 'forged', 1, 99, {seal} FROM hook_key WHERE {row}",
    "INSERT INTO inline_hook (id, org_id, slot, status, name, type, version, uri, headers, auth, created, last_updated, seal)
     SELECT 'cal00000000000000001', org_id, 99, 'ACTIVE', 'forged', type, version, 'https://evil.example.com/', '[]', 'none', created,
            last_updated, {seal} FROM inline_hook WHERE {row}",
    "INSERT INTO service_app_key (app_id, kid, kind, first, second, created, seal)
     SELECT app_id, 'forged', kind, first, second, created, {seal} FROM service_app_key WHERE {row}",
    "INSERT INTO signing_key (org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from, seal)
     SELECT org_id, 99, '01010101-0101-4101-8101-010101010101', modulus, exponent, sealed_pkcs8, created, signs_from - 1, {seal}
     FROM signing_key WHERE {row}",
    "INSERT INTO hook_key_version (key_id, org_id, hook_key_id, modulus, exponent, signs_from, until, seal)
     SELECT '01010101-0101-4101-8101-010101010101', org_id, id, modulus, exponent, 1, 99999999999, {seal} FROM hook_key WHERE {row}",
    "INSERT INTO service_app (id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal)
     SELECT '0oa00000000000000001', org_id, 'forged', 'okta.inlineHooks.manage', dpop_bound, active, created, last_updated, 0, {seal}
     FROM service_app WHERE {row}",
];

/// A vault in which something of everything is, and everybody who asks it.
struct Scene {
    app: TestApp,
    other: AnyConnection,
    tokens: Vec<String>,
    paths: Vec<String>,
    client: ServiceClient,
    app_token: String,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start_with(|config| config.server.rate_limit = RateLimit::parse("off").unwrap()).await;
        app.new_org("other.example.com").await;
        let mut tokens = Vec::new();
        for scopes in [READ, MANAGE, USE, MANAGE] {
            tokens.push(app.new_token(None, scopes).await);
        }
        tokens.push(app.new_token(Some("other.example.com"), MANAGE).await);
        let registry = app.vault.registry();
        registry.api_token_revoke(&Actor::Vault, "token 3").await.unwrap();
        let org = registry.org_pick(None).await.unwrap();
        let soon = Some(registry.clock().now().after(Duration::from_secs(1)).unwrap());
        let (name, scopes) = (Name::parse("expired").unwrap(), Scopes::parse(MANAGE).unwrap());
        let (_, expired) = registry.api_token_create(&Actor::Vault, &org.id, name, scopes, soon).await.unwrap();
        tokens.push(expired.expose().to_owned());
        app.clock.advance(Duration::from_secs(2));

        let mut paths = vec![KEYS.to_owned(), "/api/v1/inlineHooks".into(), "/.well-known/jwks.json".into()];
        let manager = app.anon().with("authorization", &format!("SSWS {}", tokens[1]));
        for name in ["first", "second"] {
            let id = manager.create(name).await["id"].as_str().unwrap().to_owned();
            let hook = crate::api::inline_hooks::private_key(&format!("hook of {name}"), &id);
            let hook: Value = manager.post("/api/v1/inlineHooks", hook).await.json();
            let used = format!("/vault/v1/hook-keys/{id}/references");
            let consumer = json!({"kind": "program", "name": format!("user of {name}")});
            assert_eq!(manager.put(&format!("{used}/{name}"), consumer).await.status, 200);
            let key = format!("/vault/v1/hook-keys/{id}");
            // One has a next key, the other one that is retired and another that rotates by itself.
            assert_eq!(manager.post(&format!("{key}/rotate"), json!({"publishAhead": 120})).await.status, 200);
            if name == "first" {
                app.clock.advance(Duration::from_secs(120));
                app.vault.hook_key_upkeep().await.unwrap();
                let every = json!({"rotateEvery": 86_400});
                assert_eq!(manager.put(&format!("{key}/rotation"), every).await.status, 200);
            }
            paths.push(format!("{key}/rotation"));
            paths.push(format!("{key}/jwks.json"));
            paths.push(format!("{KEYS}/{id}?expand=publickey"));
            paths.push(used);
            paths.push(format!("/api/v1/inlineHooks/{}", hook["id"].as_str().unwrap()));
        }
        let client = ServiceClient::new(&app, READ).await;
        ServiceClient::new(&app, USE).await;
        let app_token = client.token(&app).await;
        let other = app.other_program().await;
        Self { app, other, tokens, paths, client, app_token }
    }

    /// Who asks: with each token, as a service app, and in the other org.
    fn callers(&self) -> Vec<Caller<'_>> {
        let with = |token: &String| self.app.anon().with("authorization", &format!("SSWS {token}"));
        let mut callers: Vec<_> = self.tokens.iter().map(with).collect();
        callers[4] = callers[4].clone().with("host", "other.example.com");
        callers.push(bearer(&self.app, &self.app_token));
        callers.push(anon(&self.app));
        callers
    }

    /// Every answer to everybody.
    async fn answers(&self) -> Vec<(u16, Value)> {
        let mut answers = Vec::new();
        for caller in self.callers() {
            for path in &self.paths {
                let answer = caller.get(path).await;
                let body = if answer.status == 200 { answer.json() } else { Value::Null };
                answers.push((answer.status, body));
            }
            // With too small a scope this must stay refused; with the right one the body is.
            answers.push((caller.post(KEYS, json!({"name": ""})).await.status, Value::Null));
        }
        answers.push((anon(&self.app).get("/oauth2/v1/keys").await.status, Value::Null));
        let granted = self.client.ask(&self.app, &self.client.assertion(&self.app)).await;
        let scope = if granted.status == 200 { granted.json()["scope"].clone() } else { Value::Null };
        answers.push((granted.status, scope));
        answers
    }

    async fn run(&mut self, sql: &str) -> sqlx::Result<u64> {
        Ok(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.other).await?.rows_affected())
    }

    async fn seals(&mut self, table: &str) -> Vec<Vec<u8>> {
        let sql = format!("SELECT seal FROM {table} ORDER BY seal");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.other).await.unwrap()
    }
}

/// As before, refused, or without what another hand has hidden: never something else.
fn takes_no_effect(before: &(u16, Value), after: &(u16, Value)) -> bool {
    match (after.0, &before.1, &after.1) {
        (500 | 503 | 401 | 404, ..) => true,
        (200, Value::Array(before), Value::Array(after)) => after.iter().all(|item| before.contains(item)),
        (200, Value::Object(before), Value::Object(after)) if before.contains_key("keys") => {
            let keys = |set: &serde_json::Map<String, Value>| set["keys"].as_array().unwrap().clone();
            keys(after).iter().all(|key| keys(before).contains(key))
        }
        (200, Value::Object(before), Value::Object(after)) if before.contains_key("versions") => {
            let versions = |rotation: &serde_json::Map<String, Value>| rotation["versions"].as_array().unwrap().clone();
            let same = ["id", "name", "rotateEvery"].iter().all(|member| before[*member] == after[*member]);
            same && versions(after).iter().all(|version| versions(before).contains(version))
        }
        _ => before == after,
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if crate::support::database::POSTGRES.is_some() { format!("'\\x{digits}'::bytea") } else { format!("x'{digits}'") }
}

/// A statement of another hand: an insertion, or what it alters.
struct Forgery {
    table: &'static str,
    altered: Option<&'static str>,
    sql: String,
}

async fn forgeries(scene: &mut Scene, random: &mut ChaCha8Rng) -> Vec<Forgery> {
    let mut forgeries = Vec::new();
    for (table, alterations) in ALTERATIONS {
        for seal in scene.seals(table).await {
            for (column, value) in alterations {
                forgeries.extend(SEALS.map(|new| {
                    let sql =
                        format!("UPDATE {table} SET {column} = {value}, seal = {new} WHERE seal = {}", hex(&seal));
                    Forgery { table, altered: Some(column), sql }
                }));
            }
        }
    }
    for insertion in INSERTIONS {
        let table = insertion.split_whitespace().nth(2).unwrap();
        let model = insertion.split("FROM ").nth(1).unwrap().split(' ').next().unwrap();
        for seal in scene.seals(model).await {
            for new in SEALS {
                let sql = insertion.replace("{row}", &format!("seal = {}", hex(&seal))).replace("{seal}", new);
                let sql = sql.replace("{hash}", &hex(&random.random::<[u8; 32]>()));
                forgeries.push(Forgery { table, altered: None, sql });
            }
        }
    }
    forgeries.shuffle(random);
    forgeries
}

#[tokio::test]
async fn no_row_that_another_hand_has_written_takes_effect() {
    let mut scene = Scene::new().await;
    let before = scene.answers().await;
    assert_eq!(scene.answers().await, before);
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let forgeries = forgeries(&mut scene, &mut random).await;
    let wanted = rounds("FORGERY_ROUNDS", 100);
    let mut done = 0;
    // Some the database refuses by itself, as a name that is taken, and some change nothing.
    for forgery in forgeries.iter().cycle().take(wanted * 5) {
        if done == wanted {
            break;
        }
        let Forgery { table, sql, .. } = forgery;
        scene.run(&format!("CREATE TABLE before AS SELECT * FROM {table}")).await.unwrap();
        let written = scene.run(sql).await.unwrap_or(0);
        let changed = format!("SELECT count(*) FROM (SELECT * FROM {table} EXCEPT SELECT * FROM before) AS changed");
        let changed: i64 = sqlx::query_scalar(AssertSqlSafe(changed)).fetch_one(&mut scene.other).await.unwrap();
        if written > 0 && changed > 0 {
            done += 1;
            // An org that is not found under its domain any more leaves it to nobody, once a server has looked.
            scene.app.vault.look_at_orgs().await.unwrap();
            for (index, (was, is)) in before.iter().zip(&scene.answers().await).enumerate() {
                assert!(takes_no_effect(was, is), "{sql}\nanswer {index}: {was:?}\n{is:?}");
            }
            let told = scene.app.vault.examine().await.unwrap().damaged;
            assert!(told.iter().any(|line| line.to_string().contains(table)), "{sql}: {told:?}");
        }
        undo(&mut scene, forgery).await;
        scene.app.vault.look_at_orgs().await.unwrap();
    }
    assert_eq!(done, wanted);
    assert_eq!(scene.answers().await, before);
    assert!(scene.app.vault.examine().await.unwrap().damaged.is_empty());
}

/// Puts a table back to what it was.
async fn undo(scene: &mut Scene, Forgery { table, altered, .. }: &Forgery) {
    let (row, own) = match *table {
        "hook_key_reference" => (
            "b.hook_key_id || coalesce(b.slot, 0)",
            "hook_key_reference.hook_key_id || coalesce(hook_key_reference.slot, 0)",
        ),
        "signing_key" => ("b.key_id", "signing_key.key_id"),
        "hook_key_version" => ("b.modulus", "hook_key_version.modulus"),
        _ => ("b.seq", "seq"),
    };
    let undone = match altered {
        None => format!("DELETE FROM {table} WHERE {own} NOT IN (SELECT {row} FROM before AS b)"),
        Some(column) => {
            let own = own.replace("seq", &format!("{table}.seq"));
            let value = |column: &str| format!("{column} = (SELECT b.{column} FROM before AS b WHERE {row} = {own})");
            format!("UPDATE {table} SET {}, {}", value(column), value("seal"))
        }
    };
    scene.run(&undone).await.unwrap();
    scene.run("DROP TABLE before").await.unwrap();
}

/// As a vault of version 0.1 has it: no row carries a seal, and the record of the master key says nothing of any.
async fn as_before_seals(other: &mut AnyConnection) {
    for table in sealed_tables().filter(|table| *table != "hook_key_version") {
        sqlx::query(AssertSqlSafe(format!("UPDATE {table} SET seal = NULL"))).execute(&mut *other).await.unwrap();
    }
    let master_key = MasterKey::parse(MASTER_KEY).unwrap();
    let envelope = Envelope::new(Arc::new(Keyring::new(&master_key)), Random::system());
    let place = Place { org: "", table: "master_key", row: "1", column: "probe" };
    let probe = envelope.seal(place, b"hookvault");
    sqlx::query("UPDATE master_key SET probe = $1").bind(probe.as_bytes()).execute(other).await.unwrap();
}

#[tokio::test]
async fn rows_from_before_seals_get_theirs_once() {
    let mut scene = Scene::new().await;
    // There were none of these.
    scene.run("DELETE FROM hook_key_version").await.unwrap();
    let org = scene.app.vault.registry().org_pick(None).await.unwrap().id;
    scene.app.vault.registry().audit_accept_loss(&Actor::Vault, &org).await.unwrap();
    let before = scene.answers().await;
    as_before_seals(&mut scene.other).await;
    // A server that runs on does not believe them.
    assert_eq!(
        scene.app.anon().with("authorization", &format!("SSWS {}", scene.tokens[1])).get(KEYS).await.status,
        500
    );
    assert_eq!(scene.app.anon().get("/readyz").await.status, 503);
    let beside =
        scene.app.start_beside_with(|config| config.server.rate_limit = RateLimit::parse("off").unwrap()).await;
    assert!(beside.vault.examine().await.unwrap().damaged.is_empty());
    assert_eq!(scene.answers().await, before);
    // What loses its seal afterwards has none.
    scene.run("UPDATE api_token SET seal = NULL").await.unwrap();
    let again = scene.app.start_beside().await;
    let answer = again.anon().with("authorization", &format!("SSWS {}", scene.tokens[1])).get(KEYS).await;
    assert_eq!(answer.failure(), "500 E0000009");
}
