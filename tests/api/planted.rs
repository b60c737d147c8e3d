//! What another hand has put at a table so that writes do nothing: no answer may say that they did. And a row that it has removed.

use crate::support::app::{MANAGE, TestApp};
use crate::support::database::POSTGRES;
use crate::support::oauth::ServiceClient;
use hookvault::domain::actor::Actor;
use hookvault::domain::id::PrefixedId as _;
use hookvault::vault::error::VaultError;
use hookvault::vault::oauth::signing_key::Rotation;
use insta::assert_snapshot;
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe};

const KEYS: &str = "/api/v1/hook-keys";
const HOOKS: &str = "/api/v1/inlineHooks";

/// Makes writes of a kind to a table do nothing, in silence.
async fn plant(other: &mut AnyConnection, write: &str, table: &str) {
    let planted = match POSTGRES.is_some() {
        true => format!("CREATE RULE in_the_way AS ON {write} TO {table} DO INSTEAD NOTHING"),
        false => format!("CREATE TRIGGER in_the_way BEFORE {write} ON {table} BEGIN SELECT RAISE(IGNORE); END"),
    };
    sqlx::raw_sql(AssertSqlSafe(planted)).execute(other).await.unwrap();
}

/// The statement that a finding of `check` names.
fn removal(finding: &str) -> String {
    finding.split('`').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_write_that_does_nothing_is_never_said_to_be_done() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let registry = app.vault.registry().clone();
    let org = registry.org_pick(None).await.unwrap().id;
    let key = format!("{KEYS}/{}", manager.create("key").await["id"].as_str().unwrap());
    let hook = manager.post(HOOKS, super::inline_hooks::http("hook")).await.json();
    let hook = format!("{HOOKS}/{}", hook["id"].as_str().unwrap());
    let client = ServiceClient::new(&app, "okta.inlineHooks.read").await;
    client.token(&app).await;
    let mut other = app.other_program().await;
    for (write, table) in [
        ("UPDATE", "api_token"),
        ("UPDATE", "hook_key"),
        ("UPDATE", "inline_hook"),
        ("UPDATE", "service_app"),
        ("DELETE", "hook_key"),
        ("DELETE", "inline_hook"),
        ("DELETE", "signing_key"),
        ("INSERT", "hook_key"),
        ("INSERT", "audit_entry"),
    ] {
        if (write, table) == ("DELETE", "inline_hook") {
            assert_eq!(manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await.status, 200);
        }
        plant(&mut other, write, table).await;
        let status = match (write, table) {
            ("UPDATE", "hook_key") => Ok(manager.put(&key, json!({"name": "renamed"})).await.status),
            ("DELETE", "hook_key") => Ok(manager.delete(&key).await.status),
            ("UPDATE", "inline_hook") => {
                Ok(manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await.status)
            }
            ("DELETE", "inline_hook") => Ok(manager.delete(&hook).await.status),
            ("INSERT", _) => Ok(manager.post(KEYS, json!({"name": "another"})).await.status),
            ("UPDATE", "api_token") => Err(registry.api_token_revoke(&Actor::Vault, "token 0").await.map(drop)),
            ("UPDATE", _) => Err(registry.service_app_set_active(&Actor::Vault, &client.id, false).await.map(drop)),
            _ => Err(app.vault.signing_key_rotate(&Actor::Vault, &org, Rotation::Revoking).await.map(drop)),
        };
        match status {
            Ok(status) => {
                assert_eq!(status, 500, "{write} {table}");
                assert_eq!(app.anon().get("/readyz").await.status, 503, "{write} {table}");
            }
            Err(done) => assert!(matches!(done, Err(VaultError::Damaged(_))), "{write} {table}: {done:?}"),
        }
        let found = app.vault.examine().await.unwrap().damaged;
        assert_eq!(found.len(), 1, "{found:?}");
        let statement = removal(&found[0].to_string());
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut other).await.unwrap();
        assert_eq!(app.vault.examine().await.unwrap().damaged.len(), 0, "as if nobody had been there");
    }
    registry.api_token_revoke(&Actor::Vault, "token 0").await.unwrap();
    assert_eq!(manager.get(KEYS).await.status, 401);
}

#[tokio::test]
async fn a_key_whose_hook_has_lost_its_use_is_kept_and_the_damage_is_named() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = format!("{KEYS}/{}", manager.create("key").await["id"].as_str().unwrap());
    let hook = manager.post(HOOKS, super::inline_hooks::private_key("hook", "key")).await.json();
    sqlx::raw_sql("DELETE FROM hook_key_reference").execute(&mut app.other_program().await).await.unwrap();
    let refused = manager.delete(&key).await;
    assert_eq!(refused.failure(), "500 E0000009");
    let readyz = app.anon().get("/readyz").await;
    assert_eq!(readyz.status, 503, "{readyz}");
    assert_eq!(manager.get(&key).await.status, 200);
    let org = app.vault.registry().org_pick(None).await.unwrap().id;
    let error = app.vault.hook_key_delete(&Actor::Vault, &org, key.rsplit('/').next().unwrap()).await.unwrap_err();
    assert_snapshot!(error.to_string().replace(hook["id"].as_str().unwrap(), "HOOK"), @"the database is damaged: the row HOOK of hook_key_reference is missing");
    let found = app.vault.examine().await.unwrap().damaged;
    let told = found[0].to_string().replace(hook["id"].as_str().unwrap(), "HOOK");
    let told = told.replace(key.rsplit('/').next().unwrap(), "KEY").replace(org.as_str(), "ORG");
    assert_snapshot!(told, @"the org ORG: the inline hook HOOK has the key KEY, and the entry of that use is missing");
    // Whoever saves the hook again writes its use.
    let hook = format!("{HOOKS}/{}", hook["id"].as_str().unwrap());
    assert_eq!(manager.put(&hook, super::inline_hooks::private_key("hook", "key")).await.status, 200);
    assert_eq!(app.vault.examine().await.unwrap().damaged.len(), 0);
    assert_eq!(manager.delete(&key).await.status, 403, "it is in use");
}
