//! The six operations, and every rule of theirs.

use crate::support::app::{MANAGE, READ, TestApp, refer};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

fn path(key: &Value) -> String {
    format!("{KEYS}/{}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn create_answers_200_with_the_public_key() {
    let app = TestApp::start().await;
    let answer = app.token(MANAGE).await.post(KEYS, json!({"name": "  My hook key\n"})).await;
    assert_snapshot!(answer, @r#"
    200
    cache-control: no-cache, no-store
    content-length: 646
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    expires: 0
    pragma: no-cache
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 07462f8d57dcc68ef55177aaec936593
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1199
    x-rate-limit-reset: 1761311227

    {"id":"HKYpXVRoko2jxQQxYvSn","keyId":"cbd6d43e-872e-4ed8-b393-567a60257d9e","name":"My hook key","created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","isUsed":"false","_embedded":{"kty":"RSA","alg":"RSA","kid":"cbd6d43e-872e-4ed8-b393-567a60257d9e","use":null,"e":"AQAB","n":"z9usJzpSZLDeK9hYBqQXkxdXR5LNLEze6_Qix7EbMpnnwp5hxuczG98JjX5vvtC66WHUuMs8zuIZs8cu9rfbCqCZ0EvOBNeROWp-MigzlRB6la7I-71WKS9sB458oPG6TW_TJv4FoMyF9_AQd00T3l9GEoiFCDsz3BlNn-mcYaDZgAM19eRb5BnmrrCtLX0qU1C6s83ROeNqMW4aUXLLDbu7JdjTaVIaFX5IID2M6WBOJx0DImG0xJM2ZWCkmnrh2NAJbeKhxVeSxqsl6TEC-P2_RWymGxQJSRqyFgPCOH-IPwHLROBwmvCT9oOPkX7B2ydtO_37V2oSueE5cPscww"}}
    "#);
}

#[tokio::test]
async fn get_shows_the_public_key_where_it_is_asked_for() {
    let app = TestApp::start().await;
    let key = app.token(MANAGE).await.create("a").await;
    let reader = app.token(READ).await;
    assert_snapshot!(reader.get(&path(&key)).await, @r#"
    200
    cache-control: no-cache, no-store
    content-length: 182
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    expires: 0
    pragma: no-cache
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 847b4f8e18e2d662b40789a2f0d1cf86
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1199
    x-rate-limit-reset: 1761311227

    {"id":"HKYpXVRoko2jxQQxYvSn","keyId":"cbd6d43e-872e-4ed8-b393-567a60257d9e","name":"a","created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","isUsed":"false"}
    "#);
    let expanded = reader.get(&format!("{}?expand=publickey", path(&key))).await;
    assert_eq!(expanded.json(), key);
    assert_eq!(reader.get(&format!("{}?expand=other", path(&key))).await.json()["_embedded"], Value::Null);
}

#[tokio::test]
async fn list_is_a_bare_array_in_order_of_creation_without_public_keys() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    assert_snapshot!(manager.get(KEYS).await.brief(), @"200 []");
    for name in ["c", "a", "b"] {
        manager.create(name).await;
    }
    assert_snapshot!(app.token(READ).await.get(KEYS).await, @r#"
    200
    cache-control: no-cache, no-store
    content-length: 550
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    expires: 0
    pragma: no-cache
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 80a5a3a349f843fcd1048bce5fcd70ce
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1199
    x-rate-limit-reset: 1761311227

    [{"id":"HKYpXVRoko2jxQQxYvSn","keyId":"cbd6d43e-872e-4ed8-b393-567a60257d9e","name":"c","created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","isUsed":"false"},{"id":"HKYKkRG7q3U1q50TtJWW","keyId":"b64488ae-3dd9-4548-9ac9-ac26724a0169","name":"a","created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","isUsed":"false"},{"id":"HKYFib2a6Gr7XojSbIqW","keyId":"ae469c93-6b39-4991-b6b0-cf1c31f2891e","name":"b","created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","isUsed":"false"}]
    "#);
}

#[tokio::test]
async fn a_public_key_is_found_by_its_key_id_alone() {
    let app = TestApp::start().await;
    let key = app.token(MANAGE).await.create("a").await;
    let reader = app.token(READ).await;
    let public = |key_id: &Value| format!("{KEYS}/public/{}", key_id.as_str().unwrap());
    assert_snapshot!(reader.get(&public(&key["keyId"])).await.brief(), @r#"200 {"kty":"RSA","alg":"RSA","kid":"cbd6d43e-872e-4ed8-b393-567a60257d9e","use":null,"e":"AQAB","n":"z9usJzpSZLDeK9hYBqQXkxdXR5LNLEze6_Qix7EbMpnnwp5hxuczG98JjX5vvtC66WHUuMs8zuIZs8cu9rfbCqCZ0EvOBNeROWp-MigzlRB6la7I-71WKS9sB458oPG6TW_TJv4FoMyF9_AQd00T3l9GEoiFCDsz3BlNn-mcYaDZgAM19eRb5BnmrrCtLX0qU1C6s83ROeNqMW4aUXLLDbu7JdjTaVIaFX5IID2M6WBOJx0DImG0xJM2ZWCkmnrh2NAJbeKhxVeSxqsl6TEC-P2_RWymGxQJSRqyFgPCOH-IPwHLROBwmvCT9oOPkX7B2ydtO_37V2oSueE5cPscww","_embedded":{"kty":"RSA","alg":"RSA","kid":"cbd6d43e-872e-4ed8-b393-567a60257d9e","use":null,"e":"AQAB","n":"z9usJzpSZLDeK9hYBqQXkxdXR5LNLEze6_Qix7EbMpnnwp5hxuczG98JjX5vvtC66WHUuMs8zuIZs8cu9rfbCqCZ0EvOBNeROWp-MigzlRB6la7I-71WKS9sB458oPG6TW_TJv4FoMyF9_AQd00T3l9GEoiFCDsz3BlNn-mcYaDZgAM19eRb5BnmrrCtLX0qU1C6s83ROeNqMW4aUXLLDbu7JdjTaVIaFX5IID2M6WBOJx0DImG0xJM2ZWCkmnrh2NAJbeKhxVeSxqsl6TEC-P2_RWymGxQJSRqyFgPCOH-IPwHLROBwmvCT9oOPkX7B2ydtO_37V2oSueE5cPscww"}}"#);
    assert_snapshot!(reader.get(&public(&key["id"])).await.brief(), @r#"404 {"errorCode":"E0000007","errorSummary":"Not found: Resource not found: HKYpXVRoko2jxQQxYvSn (HookKey)","errorLink":"E0000007","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[]}"#);
}

#[tokio::test]
async fn replace_changes_the_name_and_the_time_of_the_update_and_nothing_else() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let before = manager.create("old").await;
    app.clock.advance(Duration::from_secs(90));
    let answer = manager.put(&path(&before), json!({"name": "new", "id": "ignored", "created": null})).await;
    assert_eq!(answer.status, 200, "{answer}");
    let mut expected = before.clone();
    expected["name"] = json!("new");
    expected["lastUpdated"] = json!("2025-10-24T13:07:37.000Z");
    assert_eq!(answer.json(), expected);
    // The order of members is part of the wire.
    assert_snapshot!(answer.body.replace(expected["_embedded"]["n"].as_str().unwrap(), "…"), @r#"{"id":"HKYpXVRoko2jxQQxYvSn","keyId":"cbd6d43e-872e-4ed8-b393-567a60257d9e","name":"new","created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:07:37.000Z","isUsed":"false","_embedded":{"kty":"RSA","alg":"RSA","kid":"cbd6d43e-872e-4ed8-b393-567a60257d9e","use":null,"e":"AQAB","n":"…"}}"#);
    assert_eq!(manager.put(&path(&before), json!({"name": "new"})).await.status, 200, "the same name again");
}

#[tokio::test]
async fn a_deleted_key_is_gone_for_every_operation() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    assert_snapshot!(manager.delete(&path(&key)).await, @"
    204
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 847b4f8e18e2d662b40789a2f0d1cf86
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1198
    x-rate-limit-reset: 1761311227
    ");
    assert_snapshot!(manager.delete(&path(&key)).await.brief(), @r#"404 {"errorCode":"E0000007","errorSummary":"Not found: Resource not found: HKYpXVRoko2jxQQxYvSn (HookKey)","errorLink":"E0000007","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[]}"#);
    assert_eq!(manager.get(&path(&key)).await.failure(), "404 E0000007");
    assert_eq!(manager.put(&path(&key), json!({"name": "b"})).await.failure(), "404 E0000007");
    let public = format!("{KEYS}/public/{}", key["keyId"].as_str().unwrap());
    assert_eq!(manager.get(&public).await.failure(), "404 E0000007");
    assert_eq!(manager.get(KEYS).await.body, "[]");
    manager.create("a").await;
}

#[tokio::test]
async fn a_name_is_unique_with_its_case() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("name").await;
    let other = manager.create("Name").await;
    assert_snapshot!(manager.post(KEYS, json!({"name": " name "})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: name","errorLink":"E0000001","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[{"errorSummary":"name: An object with this field already exists in the current organization"}]}"#);
    assert_snapshot!(manager.put(&path(&other), json!({"name": "name"})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: name","errorLink":"E0000001","errorId":"oaeRNbdeTBWRR0WZi-pMgVVPg","errorCauses":[{"errorSummary":"name: An object with this field already exists in the current organization"}]}"#);
    assert_eq!(manager.get(&path(&other)).await.json()["name"], "Name", "a refused rename changes nothing");
}

#[tokio::test]
async fn the_51st_key_is_refused_and_a_deletion_makes_room() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let mut keys = Vec::new();
    for number in 1..=50 {
        keys.push(manager.create(&format!("key {number}")).await);
    }
    assert_snapshot!(manager.post(KEYS, json!({"name": "one more"})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: HookKey","errorLink":"E0000001","errorId":"oaed1ySMZwvxD7vqfEPeLjLYQ","errorCauses":[{"errorSummary":"You have reached the maximum number of keys allowed (50). To add another key, you must first delete an existing one."}]}"#);
    assert_eq!(manager.delete(&path(&keys[20])).await.status, 204);
    manager.create("one more").await;
    assert_eq!(manager.post(KEYS, json!({"name": "two more"})).await.failure(), "400 E0000001");
    let listed = manager.get(KEYS).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 50);
    assert_eq!(listed[49]["name"], "one more", "it stands last, whatever room it took");
}

#[tokio::test]
async fn a_key_in_use_says_so_and_cannot_be_deleted() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    let id = key["id"].as_str().unwrap();
    let mut consumer = app.other_program().await;
    let org = app.vault.registry().org_pick(None).await.unwrap().id.to_string();
    refer(&mut consumer, &org, id, "p1", "My program").await.unwrap();
    refer(&mut consumer, &org, id, "p2", "My other program").await.unwrap();
    assert_eq!(manager.get(&path(&key)).await.json()["isUsed"], "true");
    assert_eq!(manager.get(KEYS).await.json()[0]["isUsed"], "true");
    assert_snapshot!(manager.delete(&path(&key)).await.brief(), @r#"403 {"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action","errorLink":"E0000006","errorId":"oaegKWjo0n4Q_zRBIvOX81wzg","errorCauses":[{"errorSummary":"The key is used by program 'My program' (p1). Only keys that aren't used can be deleted."},{"errorSummary":"The key is used by program 'My other program' (p2). Only keys that aren't used can be deleted."}]}"#);
    sqlx::query("DELETE FROM hook_key_reference").execute(&mut consumer).await.unwrap();
    assert_eq!(manager.get(&path(&key)).await.json()["isUsed"], "false");
    assert_eq!(manager.delete(&path(&key)).await.status, 204);
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let key = app.anon().with("authorization", &format!("SSWS {token}")).create("a").await;
    let beside = app.start_beside().await;
    app.stop().await;
    let again = beside.start_beside().await;
    beside.stop().await;
    let found = again.anon().with("authorization", &format!("SSWS {token}"));
    assert_eq!(found.get(&format!("{}?expand=publickey", path(&key))).await.json(), key);
}
