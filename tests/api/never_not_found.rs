//! What another hand has hidden is damage where somebody asks for it, and not "not found": a row that was renamed, that has another id, or
//! that is gone.

use crate::api::inline_hooks;
use crate::support::app::{MANAGE, TestApp, USE};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe};

const KEYS: &str = "/api/v1/hook-keys";
const HOOKS: &str = "/api/v1/inlineHooks";
const DAMAGE: &str = "500 E0000009";
const NOT_FOUND: &str = "404 E0000007";

async fn run(other: &mut AnyConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(other).await.unwrap();
}

fn path_of(list: &str, made: &Value) -> String {
    format!("{list}/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_key_that_was_hidden_is_damage_by_its_name_and_by_its_id() {
    let app = TestApp::start().await;
    let caller = app.token(&format!("{MANAGE} {USE}")).await;
    let (key, path) = (caller.create("K1").await, |key: &Value| path_of(KEYS, key));
    caller.create("K2").await;
    let mut other = app.other_program().await;
    let sign = async |name: &str| {
        caller.post(&format!("/vault/v1/hook-keys/{name}/jwts"), json!({"claims": {}})).await.failure()
    };
    assert_eq!(sign("K3").await, NOT_FOUND);

    run(&mut other, "UPDATE hook_key SET name = 'other' WHERE name = 'K2'").await;
    assert_eq!(sign("K2").await, DAMAGE);
    assert_eq!(app.anon().get("/vault/v1/hook-keys/K2/jwks.json").await.failure(), DAMAGE);
    assert_eq!(caller.get("/vault/v1/hook-keys/K2/rotation").await.failure(), DAMAGE);
    let hook = caller.post(HOOKS, inline_hooks::private_key("hook", "K2")).await;
    assert_eq!(hook.failure(), DAMAGE);
    run(&mut other, "UPDATE hook_key SET name = 'K2' WHERE name = 'other'").await;
    assert_eq!(sign("K3").await, NOT_FOUND);

    let altered = "UPDATE hook_key SET id = 'HKY00000000000000001' WHERE name = 'K1'";
    run(&mut other, altered).await;
    assert_eq!(caller.get(&path(&key)).await.failure(), DAMAGE);
    assert_eq!(caller.put(&path(&key), json!({"name": "new"})).await.failure(), DAMAGE);
    assert_eq!(caller.delete(&path(&key)).await.failure(), DAMAGE);
}

#[tokio::test]
async fn a_hook_that_was_hidden_is_damage() {
    let app = TestApp::start().await;
    let caller = app.token(MANAGE).await;
    let hook = path_of(HOOKS, &caller.post(HOOKS, inline_hooks::http("hook")).await.json());
    let mut other = app.other_program().await;
    let unknown = format!("{HOOKS}/cal00000000000000009");
    assert_eq!(caller.get(&unknown).await.failure(), NOT_FOUND);
    run(&mut other, "UPDATE inline_hook SET id = 'cal00000000000000001'").await;
    assert_eq!(caller.get(&hook).await.failure(), DAMAGE);
    assert_eq!(caller.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await.failure(), DAMAGE);
    assert_eq!(caller.post(&format!("{hook}/execute"), json!({})).await.failure(), DAMAGE);
    assert_eq!(caller.delete(&hook).await.failure(), DAMAGE);
}

#[tokio::test]
async fn what_is_known_to_be_missing_is_damage_and_what_never_was_there_is_not() {
    let app = TestApp::start().await;
    let caller = app.token(&format!("{MANAGE} {USE}")).await;
    let key = path_of(KEYS, &caller.create("K1").await);
    let hook = path_of(HOOKS, &caller.post(HOOKS, inline_hooks::http("hook")).await.json());
    let mut other = app.other_program().await;
    run(&mut other, "DELETE FROM hook_key").await;
    run(&mut other, "DELETE FROM inline_hook").await;
    app.vault.examine().await.unwrap();
    assert_eq!(caller.get(&key).await.failure(), DAMAGE);
    assert_eq!(caller.post("/vault/v1/hook-keys/K1/jwts", json!({"claims": {}})).await.failure(), DAMAGE);
    assert_eq!(caller.get(&hook).await.failure(), DAMAGE);
    // It has another id, so it is not that one.
    assert_eq!(caller.get(&format!("{KEYS}/HKY00000000000000009")).await.failure(), NOT_FOUND);
    assert_eq!(caller.get(&format!("{HOOKS}/cal00000000000000009")).await.failure(), NOT_FOUND);
}
