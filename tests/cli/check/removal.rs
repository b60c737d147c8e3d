//! What another hand has written is named in its list, and removed by the command that the hint names.

use super::change;
use crate::cli::call;
use crate::support::database::POSTGRES;
use crate::support::process::{Installation, Served};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::path::Path;

/// The last entry of the trail: its type, and the first target of it.
fn told(folder: &Path) -> (String, Value) {
    let line = call(folder, &["audit", "export"]).stdout.lines().last().unwrap().to_owned();
    let mut entry: Value = serde_json::from_str(&line).unwrap();
    (entry["eventType"].as_str().unwrap().to_owned(), entry["target"][0].take())
}

fn ids(folder: &Path, list: &str) -> Vec<String> {
    let listed: Value = serde_json::from_str(&call(folder, &[list, "list", "--json"]).stdout).unwrap();
    listed
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.get("id").or(line.get("clientId")).unwrap().as_str().unwrap().to_owned())
        .collect()
}

fn assert_sound(folder: &Path) {
    let check = call(folder, &["check"]);
    assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_inserted_or_altered_is_removed_and_the_others_stay() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let create = ["token", "create", "--name", "altered", "--scope", "okta.inlineHooks.read"];
    assert_eq!(call(folder, &create).code, 0);
    let altered = ids(folder, "token").pop().unwrap();
    change(
        &installation,
        "INSERT INTO api_token (id, org_id, user_id, name, hash, scopes, created, seal)
             SELECT 'stranger', org_id, 'stranger', 'stranger', substr(seal, 1, 32), scopes, created, seal FROM api_token WHERE name = 'test';
         UPDATE api_token SET scopes = 'hookvault.keys.use' WHERE name = 'altered'",
    )
    .await;
    let list = call(folder, &["token", "list"]);
    assert_eq!(list.code, 1);
    assert!(list.stdout.lines().count() == 2 && list.stdout.contains(" test "), "{}", list.stdout);
    assert_snapshot!(list.stderr.replace(&altered, "00T…"), @"
    error: the database is damaged: the row 00T… of api_token was altered, moved or inserted by another hand: its seal does not fit; the database is damaged: api_token.id of the row stranger makes no sense: is not a well-formed id
    hint: restore the database file from a backup, or remove what is damaged: `hookvault token revoke 00T…`; restore the database file from a backup, or remove what is damaged: `hookvault token revoke stranger`
    ");
    assert_snapshot!(call(folder, &["check"]).stderr.replace(&altered, "00T…"), @"
    0 private key(s) and secret(s) and 2 other row(s) are sound
    error: the database is damaged
    hint: stop the server, and restore the database from a backup; or remove what is of no use: `hookvault token revoke 00T…`, `hookvault token revoke stranger`
    ");
    // By its name it is not removed: another may have it, too.
    assert_eq!(call(folder, &["token", "revoke", "altered"]).code, 1);
    let revoked = call(folder, &["token", "revoke", &altered]);
    assert_eq!(revoked.code, 0);
    assert_snapshot!(revoked.stderr.replace(&altered, "00T…"), @"the row 00T… was damaged, and is removed");
    let (kind, target) = told(folder);
    assert_eq!((kind.as_str(), &target["id"]), ("system.api_token.revoke", &json!(altered)));
    assert_eq!(target["detailEntry"]["damaged"], "true");
    assert_eq!(call(folder, &["token", "revoke", "stranger"]).code, 0);
    assert_eq!(ids(folder, "token").len(), 1);
    assert_sound(folder);
    assert_eq!(call(folder, &["token", "revoke", "stranger"]).code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_altered_is_removed_with_its_keys_also_while_it_is_active() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    for name in ["ci", "altered"] {
        let create = ["app", "create", "--name", name, "--scope", "okta.inlineHooks.read", "--generate"];
        assert_eq!(call(folder, &create).code, 0);
    }
    let altered = ids(folder, "app").pop().unwrap();
    change(&installation, "UPDATE service_app SET scopes = 'hookvault.keys.use' WHERE name = 'altered'").await;
    let list = call(folder, &["app", "list"]);
    assert!(list.code == 1 && list.stdout.contains(" ci ") && !list.stdout.contains("altered"), "{}", list.stdout);
    assert_snapshot!(list.stderr.replace(&altered, "0oa…"), @"
    error: the database is damaged: the row 0oa… of service_app was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault app delete 0oa…`
    ");
    assert_eq!(call(folder, &["app", "deactivate", &altered]).code, 1);
    let deleted = call(folder, &["app", "delete", &altered]);
    assert_eq!(deleted.code, 0);
    assert_snapshot!(deleted.stderr.replace(&altered, "0oa…"), @"the row 0oa… was damaged, and is removed with its keys");
    let (kind, target) = told(folder);
    assert_eq!((kind.as_str(), &target["id"]), ("application.lifecycle.delete", &json!(altered)));
    assert_sound(folder);
    assert_snapshot!(call(folder, &["app", "delete", "ci"]).stderr, @"
    error: the service app is active
    hint: deactivate it first: `hookvault app deactivate`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_was_altered_is_removed_with_its_use_of_a_key() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("Orders").await.unwrap().0, 200);
    for name in ["sound", "altered"] {
        let hook = json!({
            "name": name, "type": "com.okta.import.transform", "version": "1.0.0",
            "channel": {"type": "OAUTH", "version": "1.0.0", "config": {"uri": "https://hooks.example.com/", "headers": [],
                "authType": "private_key_jwt", "clientId": "billing", "tokenUrl": "https://id.example.com/token",
                "scope": "hooks", "hookKeyId": "Orders"}},
        });
        let (status, answer) = client.hook(&hook).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    let altered = ids(folder, "hook").pop().unwrap();
    change(&installation, "UPDATE inline_hook SET uri = 'https://elsewhere.example.com/' WHERE name = 'altered'").await;
    let list = call(folder, &["hook", "list"]);
    assert!(list.code == 1 && list.stdout.contains(" sound ") && !list.stdout.contains("altered"), "{}", list.stdout);
    assert_snapshot!(list.stderr.replace(&altered, "cal…"), @"
    error: the database is damaged: the row cal… of inline_hook was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault hook delete cal…`
    ");
    assert_snapshot!(call(folder, &["hook", "delete", "sound"]).stderr, @"
    error: the inline hook is active
    hint: deactivate it first: POST /api/v1/inlineHooks/ID/lifecycle/deactivate
    ");
    let deleted = call(folder, &["hook", "delete", &altered]);
    assert_eq!(deleted.code, 0, "{}", deleted.stderr);
    let (kind, target) = told(folder);
    assert_eq!((kind.as_str(), &target["id"]), ("inline_hook.deleted", &json!(altered)));
    assert_sound(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_a_key_by_a_hook_is_written_anew_by_what_the_hint_says() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("Orders").await.unwrap().0, 200);
    let hook = json!({
        "name": "a", "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {"uri": "https://hooks.example.com/", "headers": [],
            "authType": "private_key_jwt", "clientId": "billing", "tokenUrl": "https://id.example.com/token",
            "scope": "hooks", "hookKeyId": "Orders"}},
    });
    assert_eq!(client.hook(&hook).await.unwrap().0, 200);
    let put = json!({"kind": "job", "name": "nightly"});
    assert_eq!(client.put("/vault/v1/hook-keys/Orders/references/svc1", &put).await.unwrap().0, 200);
    change(&installation, "UPDATE hook_key_reference SET since = 1").await;
    let (hook, key) = (ids(folder, "hook").remove(0), key_id(folder));
    let check = call(folder, &["check"]);
    assert_snapshot!(check.stderr.replace(&hook, "cal…").replace(&key, "HKY…"), @"
    0 private key(s) and secret(s) and 3 other row(s) are sound
    error: the database is damaged
    hint: stop the server, and restore the database from a backup; or remove what is of no use: `POST /api/v1/inlineHooks/cal…/lifecycle/deactivate`, then `POST /api/v1/inlineHooks/cal…/lifecycle/activate`, `DELETE /vault/v1/hook-keys/HKY…/references/svc1`
    ");
    assert_eq!(check.stdout.lines().count(), 2, "{}", check.stdout);
    for way in ["deactivate", "activate"] {
        let path = format!("/api/v1/inlineHooks/{hook}/lifecycle/{way}");
        let (status, answer) = client.post(&path, &json!({})).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    let path = format!("/vault/v1/hook-keys/{key}/references/svc1");
    assert_eq!(client.delete_at(&path).await.unwrap().0, 204);
    assert_sound(folder);
}

/// That of the only hook key, as it is in the trail.
fn key_id(folder: &Path) -> String {
    let created = call(folder, &["audit", "list", "--type", "system.hook.key.created", "--json"]).stdout;
    let entry: Value = serde_json::from_str(&created).unwrap();
    entry["target"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_text_is_none_is_listed_by_its_id_and_revoked_by_it() {
    if POSTGRES.is_some() {
        // It takes no text that is none.
        return;
    }
    let installation = Installation::new();
    let folder = installation.folder.path();
    let create = ["token", "create", "--name", "altered", "--scope", "okta.inlineHooks.read"];
    assert_eq!(call(folder, &create).code, 0);
    let altered = ids(folder, "token").pop().unwrap();
    change(&installation, "UPDATE api_token SET scopes = CAST(x'ff' AS TEXT) WHERE name = 'altered'").await;
    let list = call(folder, &["token", "list"]);
    assert!(list.code == 1 && list.stdout.contains(" test "), "{}", list.stdout);
    assert_snapshot!(list.stderr.replace(&altered, "00T…"), @"
    error: the database is damaged: api_token.scopes of the row 00T… makes no sense: is no UTF-8
    hint: restore the database file from a backup, or remove what is damaged: `hookvault token revoke 00T…`
    ");
    assert_eq!(call(folder, &["token", "revoke", &altered]).code, 0);
    assert_sound(folder);
}
