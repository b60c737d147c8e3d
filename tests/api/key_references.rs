//! `/vault/v1/hook-keys/{key}/references`: other programs say that they use a key.

use crate::support::app::{MANAGE, TestApp, USE};
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

const REFERENCES: &str = "/vault/v1/hook-keys/key/references";

#[tokio::test]
async fn a_use_is_registered_renamed_listed_and_ended() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("key").await;
    let one = format!("{REFERENCES}/billing%2F1");
    assert_snapshot!(manager.put(&one, json!({"kind": "service", "name": "Billing"})).await.brief(), @r#"200 {"id":"billing/1","kind":"service","name":"Billing","since":"2025-10-24T13:06:07.000Z","lastUsed":null}"#);
    app.clock.advance(Duration::from_secs(5));
    assert_snapshot!(manager.put(&one, json!({"kind": "batch job", "name": "Billing, nightly"})).await.brief(), @r#"200 {"id":"billing/1","kind":"batch job","name":"Billing, nightly","since":"2025-10-24T13:06:07.000Z","lastUsed":null}"#);
    manager.put(&format!("{REFERENCES}/mail"), json!({"kind": "service", "name": "Mail"})).await;
    assert_snapshot!(manager.get(REFERENCES).await.brief(), @r#"200 [{"id":"billing/1","kind":"batch job","name":"Billing, nightly","since":"2025-10-24T13:06:07.000Z","lastUsed":null},{"id":"mail","kind":"service","name":"Mail","since":"2025-10-24T13:06:12.000Z","lastUsed":null}]"#);
    assert_eq!(manager.get(&one).await.json()["name"], "Billing, nightly");

    let delete_key = || async { manager.delete(&format!("/api/v1/hook-keys/{}", key["id"].as_str().unwrap())).await };
    assert_snapshot!(delete_key().await.brief(), @r#"403 {"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action","errorLink":"E0000006","errorId":"oaeou_DvDYalKMueYawBp-B_A","errorCauses":[{"errorSummary":"The key is used by batch job 'Billing, nightly' (billing/1). Only keys that aren't used can be deleted."},{"errorSummary":"The key is used by service 'Mail' (mail). Only keys that aren't used can be deleted."}]}"#);
    for path in [one.clone(), format!("{REFERENCES}/mail")] {
        assert_eq!(manager.delete(&path).await.status, 204);
        assert_eq!(manager.delete(&path).await.failure(), "404 E0000007");
        assert_eq!(manager.get(&path).await.failure(), "404 E0000007");
    }
    assert_eq!(delete_key().await.status, 204);
    assert_eq!(manager.get(REFERENCES).await.failure(), "404 E0000007");
}

#[tokio::test]
async fn uses_by_inline_hooks_are_not_others_to_write() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let hook = manager.post("/api/v1/inlineHooks", super::inline_hooks::private_key("hook", "key")).await.json();
    let path = format!("{REFERENCES}/{}", hook["id"].as_str().unwrap());
    assert_eq!(manager.get(&path).await.json()["kind"], "inline hook");
    let body = json!({"kind": "service", "name": "a"});
    for answer in [manager.put(&path, body).await, manager.delete(&path).await] {
        assert_eq!(answer.cause(), "consumer: The field belongs to the vault itself");
    }
    let body = json!({"kind": "Inline Hook", "name": "a"});
    assert_eq!(
        manager.put(&format!("{REFERENCES}/a"), body).await.cause(),
        "kind: The field belongs to the vault itself"
    );
    for body in [json!({"kind": "service"}), json!({"name": "a"})] {
        assert_eq!(manager.put(&format!("{REFERENCES}/a"), body).await.failure(), "400 E0000001");
    }
    assert_eq!(manager.get(REFERENCES).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_consumer_is_named_as_keys_are() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let user = app.token(USE).await;
    manager.create("key").await;
    let body = json!({"kind": "service", "name": "a"});
    let put = async |consumer: &str| manager.put(&format!("{REFERENCES}/{consumer}"), body.clone()).await;
    assert_snapshot!(put("a%00b").await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: consumer","errorLink":"E0000001","errorId":"oaemOYLDz1P37wpV38j53G2Bw","errorCauses":[{"errorSummary":"consumer: The field cannot contain control characters"}]}"#);
    assert_snapshot!(put("a%0D%0Aset-cookie:%20b").await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: consumer","errorLink":"E0000001","errorId":"oaegKWjo0n4Q_zRBIvOX81wzg","errorCauses":[{"errorSummary":"consumer: The field cannot contain control characters"}]}"#);
    assert_snapshot!(put(&"x".repeat(256)).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: consumer","errorLink":"E0000001","errorId":"oaeNn5GEtER7gZpsT2AmrVF7Q","errorCauses":[{"errorSummary":"consumer: The field is too long"}]}"#);
    assert_snapshot!(put("%20").await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: consumer","errorLink":"E0000001","errorId":"oae5fxTVpa2pfVa4UuqaJzoHQ","errorCauses":[{"errorSummary":"consumer: The field cannot be left blank"}]}"#);
    for control in ["a\0b", "a\nb", "\u{1b}[31m", "a\u{9f}"] {
        let escaped = percent_encoding::utf8_percent_encode(control, percent_encoding::NON_ALPHANUMERIC).to_string();
        let cause = "The field cannot contain control characters";
        assert_eq!(put(&escaped).await.cause(), format!("consumer: {cause}"), "{control:?}");
        // There can be none.
        assert_eq!(manager.get(&format!("{REFERENCES}/{escaped}")).await.failure(), "404 E0000007", "{control:?}");
        for (body, member) in
            [(json!({"kind": control, "name": "a"}), "kind"), (json!({"kind": "a", "name": control}), "name")]
        {
            let answer = manager.put(&format!("{REFERENCES}/a"), body).await;
            assert_eq!(answer.cause(), format!("{member}: {cause}"), "{control:?}");
        }
        let answer = user.post("/vault/v1/hook-keys/key/jwts", json!({"claims": {}, "consumer": control})).await;
        assert_eq!(answer.cause(), format!("consumer: {cause}"), "{control:?}");
    }
    let body = json!({"kind": "x".repeat(256), "name": "a"});
    assert_snapshot!(manager.put(&format!("{REFERENCES}/a"), body).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: kind","errorLink":"E0000001","errorId":"oaemwQTA-NBaAmUESHCrxoA4A","errorCauses":[{"errorSummary":"kind: The field is too long"}]}"#);
    assert_eq!(manager.get(REFERENCES).await.body, "[]", "nothing was registered");
    // White space around it does not count, and what else is unusual is kept.
    assert_eq!(put("%0A%20a%2Fb%20%F0%9F%94%91%09").await.json()["id"], "a/b 🔑");
    assert_eq!(put(&"x".repeat(255)).await.status, 200);
}

#[tokio::test]
async fn a_key_has_at_most_100_registered_uses() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let put = async |number: u8| {
        let body = json!({"kind": "service", "name": format!("Service {number}")});
        manager.put(&format!("{REFERENCES}/{number}"), body).await
    };
    for number in 0..100 {
        assert_eq!(put(number).await.status, 200);
    }
    assert_snapshot!(put(100).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: HookKeyReference","errorLink":"E0000001","errorId":"oae_IHBf8x_vIhWfnVNHK7X8A","errorCauses":[{"errorSummary":"You have reached the maximum number of registered uses of a key (100). To register another one, you must first end an existing one."}]}"#);
    // Those that are there can change, and hooks are not counted.
    assert_eq!(put(99).await.status, 200);
    let hook = manager.post("/api/v1/inlineHooks", super::inline_hooks::private_key("hook", "key")).await;
    assert_eq!(hook.status, 200);
}

#[tokio::test]
async fn the_last_signature_for_a_consumer_is_told_to_the_minute() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let user = app.token(USE).await;
    manager.create("key").await;
    let path = format!("{REFERENCES}/mail");
    manager.put(&path, json!({"kind": "service", "name": "Mail"})).await;
    let sign = || async {
        let body = json!({"claims": {}, "consumer": "mail"});
        assert_eq!(user.post("/vault/v1/hook-keys/key/jwts", body).await.status, 200);
        manager.get(&path).await.json()["lastUsed"].take()
    };
    assert_eq!(manager.get(&path).await.json()["lastUsed"], json!(null));
    assert_eq!(sign().await, "2025-10-24T13:06:07.000Z");
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(sign().await, "2025-10-24T13:06:07.000Z");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(sign().await, "2025-10-24T13:07:07.000Z");
}

#[tokio::test]
async fn a_use_that_another_hand_has_altered_can_be_ended_so_that_its_key_is_free() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("Orders").await;
    let path = "/vault/v1/hook-keys/Orders/references/billing";
    assert_eq!(manager.put(path, json!({"kind": "service", "name": "Billing"})).await.status, 200);
    let altered = "UPDATE hook_key_reference SET consumer_name = 'Mailing'";
    sqlx::raw_sql(altered).execute(&mut app.other_program().await).await.unwrap();
    let id = key["id"].as_str().unwrap();
    let key = format!("/api/v1/hook-keys/{id}");
    assert_eq!(manager.delete(&key).await.status, 500, "nobody knows who uses it");
    assert_eq!(manager.delete(path).await.status, 500, "nor which key it is by its name");
    let by_id = path.replace("Orders", id);
    assert_eq!(manager.delete(&by_id).await.status, 204);
    assert_eq!(manager.delete(&key).await.status, 204);
}
