//! What no seal shows: rows that another hand has removed, and old ones that it has put back. The trail tells of both.

use crate::support::app::{Caller, MANAGE, TestApp, USE};
use crate::support::database::POSTGRES;
use crate::support::oauth::ServiceClient;
use hookvault::domain::actor::Actor;
use insta::assert_snapshot;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe};
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";
const HOOKS: &str = "/api/v1/inlineHooks";

/// Every table with things that the trail tells of, in an order in which rows can be removed.
const TABLES: [&str; 7] =
    ["hook_key_reference", "inline_hook", "hook_key", "api_token", "service_app_key", "service_app", "signing_key"];

/// An org with one of everything.
struct Scene {
    app: TestApp,
    other: AnyConnection,
    token: String,
    key: Value,
    hook: Value,
    client: ServiceClient,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let token = app.new_token(None, &format!("{MANAGE} {USE}")).await;
        let caller = app.anon().with("authorization", &format!("SSWS {token}"));
        let (key, used) = (caller.create("key").await, caller.create("used").await);
        let reference = format!("/vault/v1/hook-keys/{}/references/program", used["id"].as_str().unwrap());
        assert_eq!(caller.put(&reference, json!({ "kind": "program", "name": "a program" })).await.status, 200);
        let hook = caller.post(HOOKS, crate::api::inline_hooks::http("hook")).await.json();
        let client = ServiceClient::new(&app, "okta.inlineHooks.read").await;
        client.token(&app).await;
        app.vault.audit_flush().await.unwrap();
        let other = app.other_program().await;
        Self { app, other, token, key, hook, client }
    }

    fn caller(&self) -> Caller<'_> {
        self.app.anon().with("authorization", &format!("SSWS {}", self.token))
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.other).await.unwrap();
    }

    /// Keeps the rows of a table as they are now.
    async fn keep(&mut self, table: &str) {
        self.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }

    async fn put_back(&mut self, table: &str) {
        // Numbers of rows are PostgreSQL's own to give, if nobody insists.
        let own = if POSTGRES.is_some() { "OVERRIDING SYSTEM VALUE" } else { "" };
        self.run(&format!("INSERT INTO {table} {own} SELECT * FROM kept_{table}")).await;
    }

    async fn found(&self) -> String {
        let damaged = self.app.vault.examine().await.unwrap().damaged;
        damaged.iter().map(|damaged| format!("{damaged}\n")).collect()
    }
}

#[tokio::test]
async fn a_row_that_was_removed_is_missed_until_it_is_there_again_or_given_up() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.found().await, "");
    for table in TABLES {
        scene.keep(table).await;
    }
    for table in TABLES {
        scene.run(&format!("DELETE FROM {table}")).await;
    }
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the token that is not revoked 00TVZqaufhy7yDYkZAjB is missing: entry 1 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYpXVRoko2jxQQxYvSn is missing: entry 2 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYKkRG7q3U1q50TtJWW is missing: entry 3 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the inline hook calFib2a6Gr7XojSbIqW is missing: entry 5 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the app 0oakhsnXE1FpvKcPxebO is missing: entry 6 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the signing key 54f72b2c-832d-4db1-8fda-55ec0b861a64 is missing: entry 8 of the audit trail tells of it, and none that it went
    ");
    for table in TABLES.iter().rev() {
        scene.put_back(table).await;
    }
    assert_eq!(scene.found().await, "");
    scene.run("DELETE FROM inline_hook").await;
    assert_eq!(scene.app.anon().get("/readyz").await.status, 200, "nobody has looked yet");
    scene.found().await;
    assert_eq!(scene.app.anon().get("/readyz").await.status, 503);
    let org = scene.app.vault.registry().org_pick(None).await.unwrap().id;
    let lost = scene.app.vault.registry().audit_accept_loss(&Actor::Vault, &org).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert_eq!(scene.found().await, "");
}

#[tokio::test]
async fn an_old_row_that_was_put_back_is_told_until_it_is_gone_again() {
    let mut scene = Scene::new().await;
    for table in TABLES {
        scene.keep(table).await;
    }
    let key = format!("{KEYS}/{}", scene.key["id"].as_str().unwrap());
    let hook = format!("{HOOKS}/{}", scene.hook["id"].as_str().unwrap());
    let registry = scene.app.vault.registry().clone();
    let app = scene.client.id.clone();
    assert_eq!(scene.caller().delete(&key).await.status, 204);
    assert_eq!(scene.caller().post(&format!("{hook}/lifecycle/deactivate"), json!({})).await.status, 200);
    registry.service_app_set_active(&Actor::Vault, &app, false).await.unwrap();
    registry.api_token_revoke(&Actor::Vault, "token 0").await.unwrap();
    assert_eq!(scene.found().await, "");

    scene
        .run("DELETE FROM hook_key_reference; DELETE FROM inline_hook; DELETE FROM hook_key; DELETE FROM api_token")
        .await;
    scene.run("UPDATE service_app SET active = (SELECT k.active FROM kept_service_app AS k), seal = (SELECT k.seal FROM kept_service_app AS k), last_updated = (SELECT k.last_updated FROM kept_service_app AS k), activations = (SELECT k.activations FROM kept_service_app AS k)").await;
    for table in ["api_token", "hook_key", "inline_hook", "hook_key_reference"] {
        scene.put_back(table).await;
    }
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYpXVRoko2jxQQxYvSn is there: entry 10 of the audit trail tells that it went
    the org 00ooMe0fqONcuGp0Dalw: the active inline hook calFib2a6Gr7XojSbIqW is there: entry 11 of the audit trail tells that it went
    the org 00ooMe0fqONcuGp0Dalw: the token that is not revoked 00TVZqaufhy7yDYkZAjB is there: entry 13 of the audit trail tells that it went
    the org 00ooMe0fqONcuGp0Dalw: the active app 0oakhsnXE1FpvKcPxebO is there: entry 12 of the audit trail tells that it went
    ");

    registry.api_token_revoke(&Actor::Vault, "token 0").await.unwrap();
    registry.service_app_set_active(&Actor::Vault, &app, false).await.unwrap();
    let manager = scene.app.token(MANAGE).await;
    assert_eq!(manager.delete(&key).await.status, 204);
    assert_eq!(manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await.status, 200);
    assert_eq!(scene.app.anon().get("/readyz").await.status, 503, "nobody has looked");
    scene.app.clock.advance(Duration::from_mins(1));
    while scene.app.vault.is_damage_known() {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.app.anon().get("/readyz").await.status, 200, "the server has looked by itself");
    assert_eq!(scene.found().await, "");
}

/// What is forgotten tells nothing, neither of what began nor of what ended.
#[tokio::test]
async fn texts_that_are_forgotten_make_nothing_missing() {
    let mut scene = Scene::new().await;
    scene.app.clock.advance(Duration::from_hours(48));
    scene.caller().create("later").await;
    scene.app.vault.registry().audit_forget(Duration::from_hours(24)).await.unwrap();
    assert_eq!(scene.found().await, "");
    scene.run("DELETE FROM hook_key_reference").await;
    scene.run("DELETE FROM hook_key").await;
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYvknelb7k4hsa9UWET is missing: entry 10 of the audit trail tells of it, and none that it went
    ");
}

/// As rows of a restored copy of the vault are, or those that are left where only the trail was put back.
#[tokio::test]
async fn a_row_that_the_trail_does_not_tell_of_is_named() {
    let mut scene = Scene::new().await;
    let trail = ["audit_head", "audit_entry", "audit_node"];
    for table in trail {
        scene.keep(table).await;
    }
    scene.app.clock.advance(Duration::from_secs(1));
    scene.caller().create("later").await;
    scene.app.new_token(None, MANAGE).await;
    assert_eq!(scene.found().await, "");
    for table in trail {
        scene.run(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYvknelb7k4hsa9UWET is there, and nothing in the audit trail tells where it came from
    the org 00ooMe0fqONcuGp0Dalw: the token that is not revoked 00TZW15N1SE4z3hQvF8p is there, and nothing in the audit trail tells where it came from
    ");
}

#[tokio::test]
async fn a_key_that_was_withdrawn_and_put_back_is_named() {
    let mut scene = Scene::new().await;
    let rotate = format!("/vault/v1/hook-keys/{}/rotate", scene.key["id"].as_str().unwrap());
    assert_eq!(scene.caller().post(&rotate, json!({})).await.status, 200);
    scene.keep("hook_key").await;
    scene.keep("hook_key_version").await;
    assert_eq!(scene.caller().post(&rotate, json!({ "emergency": true })).await.status, 200);
    assert_eq!(scene.found().await, "");
    scene.put_back("hook_key_version").await;
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the published key 3935caa9-2ec8-4d98-b12e-b00c284f70b6 of HKYpXVRoko2jxQQxYvSn is there: entry 13 of the audit trail tells that it went
    ");
    scene.run("DELETE FROM hook_key_version").await;
    scene.run("DELETE FROM hook_key WHERE name = 'key'; DELETE FROM kept_hook_key WHERE name <> 'key'").await;
    scene.put_back("hook_key").await;
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the signature with the key 2f321b98-65fa-4fed-8731-b8606eb5e653 of HKYpXVRoko2jxQQxYvSn is missing: entry 11 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the published key 2f321b98-65fa-4fed-8731-b8606eb5e653 of HKYpXVRoko2jxQQxYvSn is missing: entry 11 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the signature with the key cbd6d43e-872e-4ed8-b393-567a60257d9e of HKYpXVRoko2jxQQxYvSn is there: entry 12 of the audit trail tells that it went
    the org 00ooMe0fqONcuGp0Dalw: the published key cbd6d43e-872e-4ed8-b393-567a60257d9e of HKYpXVRoko2jxQQxYvSn is there: entry 12 of the audit trail tells that it went
    ");
}

/// Also where it was changed within the same second.
#[tokio::test]
async fn an_older_state_of_a_row_that_was_put_back_is_named_until_the_row_is_changed_again() {
    let mut scene = Scene::new().await;
    let tables = ["hook_key_reference", "inline_hook", "hook_key"];
    for table in tables {
        scene.keep(table).await;
    }
    let [key, used] = ["key", "used"].map(|name| format!("/vault/v1/hook-keys/{name}/rotation"));
    let path = format!("{KEYS}/{}", scene.key["id"].as_str().unwrap());
    let hook = format!("{HOOKS}/{}", scene.hook["id"].as_str().unwrap());
    let mut elsewhere = crate::api::inline_hooks::http("hook");
    elsewhere["channel"]["config"]["uri"] = "https://elsewhere.example.com/".into();
    let schedule = json!({ "rotateEvery": 7_776_000 });
    assert_eq!(scene.caller().get(&key).await.status, 200);
    assert_eq!(scene.caller().put(&path, json!({ "name": "renamed" })).await.status, 200);
    assert_eq!(scene.caller().put(&used, schedule.clone()).await.status, 200);
    assert_eq!(scene.caller().put(&hook, elsewhere.clone()).await.status, 200);
    assert_eq!(scene.found().await, "");

    for table in tables {
        scene.run(&format!("DELETE FROM {table}")).await;
    }
    for table in tables.iter().rev() {
        scene.put_back(table).await;
    }
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYpXVRoko2jxQQxYvSn is not as entry 10 of the audit trail tells, which is the last that does: an older state of it was put back
    the org 00ooMe0fqONcuGp0Dalw: the hook key HKYKkRG7q3U1q50TtJWW is not as entry 11 of the audit trail tells, which is the last that does: an older state of it was put back
    the org 00ooMe0fqONcuGp0Dalw: the inline hook calFib2a6Gr7XojSbIqW is not as entry 12 of the audit trail tells, which is the last that does: an older state of it was put back
    ");
    assert_eq!(scene.caller().put(&path, json!({ "name": "renamed" })).await.status, 200);
    assert_eq!(scene.caller().put(&used, schedule).await.status, 200);
    assert_eq!(scene.caller().put(&hook, elsewhere.clone()).await.status, 200);
    assert_eq!(scene.found().await, "");

    // A secret alone, which no entry shows.
    scene.run("DROP TABLE kept_inline_hook").await;
    scene.keep("inline_hook").await;
    scene.app.clock.advance(Duration::from_secs(1));
    elsewhere["channel"]["config"]["authScheme"]["value"] = "another".into();
    assert_eq!(scene.caller().put(&hook, elsewhere).await.status, 200);
    assert_eq!(scene.found().await, "");
    scene.run("DELETE FROM inline_hook").await;
    scene.put_back("inline_hook").await;
    assert_snapshot!(scene.found().await, @"the org 00ooMe0fqONcuGp0Dalw: the inline hook calFib2a6Gr7XojSbIqW is not as entry 16 of the audit trail tells, which is the last that does: an older state of it was put back");
}

#[tokio::test]
async fn an_org_and_a_use_by_a_hook_and_a_key_of_checkpoints_are_missed() {
    let mut scene = Scene::new().await;
    scene.app.new_org("two.example.com").await;
    let key = scene.key["id"].as_str().unwrap().to_owned();
    let hook = crate::api::inline_hooks::private_key("with a key", &key);
    assert_eq!(scene.caller().post(HOOKS, hook).await.status, 200);
    let org = scene.app.vault.registry().org_pick(None).await.unwrap().id;
    scene.app.vault.audit_checkpoint(&Actor::Vault, &org).await.unwrap();
    assert_eq!(scene.found().await, "");
    let other = "org_id IN (SELECT id FROM org WHERE name = 'two.example.com')";
    for table in ["audit_head", "audit_entry", "audit_node"] {
        scene.run(&format!("DELETE FROM {table} WHERE {other}")).await;
    }
    scene.run("DELETE FROM org WHERE name = 'two.example.com'").await;
    scene.run("DELETE FROM hook_key_reference WHERE inline_hook_id IS NOT NULL").await;
    scene.run("DELETE FROM audit_key").await;
    assert_snapshot!(scene.found().await, @"
    the org 00ooMe0fqONcuGp0Dalw: the org 00ovknelb7k4hsa9UWET is missing: entry 10 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the key of the audit trail hookvault/00ooMe0fqONcuGp0Dalw+107137e2+ATgdC4Zq1ZoyK6EUCli8PwJFUoL2kCdGXsrDrMEerms8 is missing: entry 12 of the audit trail tells of it, and none that it went
    the org 00ooMe0fqONcuGp0Dalw: the inline hook calyW6AZW15N1SE4z3hQ has the key HKYpXVRoko2jxQQxYvSn, and the entry of that use is missing
    ");
}
