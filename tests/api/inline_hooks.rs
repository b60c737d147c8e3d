//! `/api/v1/inlineHooks`: what is kept, what is shown, what is refused.

use crate::support::app::{Caller, MANAGE, READ, TestApp};
use insta::assert_snapshot;
use serde_json::{Value, json};

const HOOKS: &str = "/api/v1/inlineHooks";

pub fn http(name: &str) -> Value {
    json!({
        "name": name, "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com/import", "method": "POST",
            "headers": [{"key": "X-Stage", "value": "test"}],
            "authScheme": {"type": "HEADER", "key": "Authorization", "value": "hunter2"},
        }},
    })
}

pub fn client_secret(name: &str) -> Value {
    json!({
        "name": name, "type": "com.okta.oauth2.tokens.transform", "version": "1.0.1",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com/tokens", "method": "POST", "headers": [],
            "authType": "client_secret_post", "clientId": "abc123", "clientSecret": "hunter2",
            "tokenUrl": "https://login.example.com/token", "scope": "api",
        }},
    })
}

pub fn private_key(name: &str, key: &str) -> Value {
    json!({
        "name": name, "type": "com.okta.user.pre-registration", "version": "1.0.2",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com/registration", "method": "POST",
            "authType": "private_key_jwt", "clientId": "abc123", "hookKeyId": key,
            "tokenUrl": "https://login.example.com/token",
        }},
    })
}

/// Makes a hook and returns its path.
async fn create(caller: &Caller<'_>, hook: Value) -> String {
    let answer = caller.post(HOOKS, hook).await;
    assert_eq!(answer.status, 200, "{answer}");
    format!("{HOOKS}/{}", answer.json()["id"].as_str().unwrap())
}

async fn is_used(caller: &Caller<'_>, key: &Value) -> Value {
    caller.get(&format!("/api/v1/hook-keys/{}", key["id"].as_str().unwrap())).await.json()["isUsed"].take()
}

#[tokio::test]
async fn a_hook_is_answered_in_the_recorded_form_and_without_its_secret() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await.with("host", "keys.example.com");
    let key = manager.create("signs").await;
    assert_snapshot!(manager.post(HOOKS, http("http")).await.brief(), @r#"200 {"id":"calKkRG7q3U1q50TtJWW","status":"ACTIVE","name":"http","type":"com.okta.import.transform","version":"1.0.0","channel":{"type":"HTTP","version":"1.0.0","config":{"uri":"https://hooks.example.com/import","headers":[{"key":"X-Stage","value":"test"}],"method":"POST","authScheme":{"type":"HEADER","key":"Authorization"}}},"created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","_links":{"self":{"href":"http://keys.example.com/api/v1/inlineHooks/calKkRG7q3U1q50TtJWW"},"execute":{"href":"http://keys.example.com/api/v1/inlineHooks/calKkRG7q3U1q50TtJWW/execute","hints":{"allow":["POST"]}},"deactivate":{"href":"http://keys.example.com/api/v1/inlineHooks/calKkRG7q3U1q50TtJWW/lifecycle/deactivate","hints":{"allow":["POST"]}}}}"#);
    assert_snapshot!(manager.post(HOOKS, client_secret("secret")).await.brief(), @r#"200 {"id":"calszQoFib2a6Gr7XojS","status":"ACTIVE","name":"secret","type":"com.okta.oauth2.tokens.transform","version":"1.0.1","channel":{"type":"OAUTH","version":"1.0.0","config":{"uri":"https://hooks.example.com/tokens","headers":[],"method":"POST","authScheme":null,"clientId":"abc123","tokenUrl":"https://login.example.com/token","authType":"client_secret_post","scope":"api"}},"created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","_links":{"self":{"href":"http://keys.example.com/api/v1/inlineHooks/calszQoFib2a6Gr7XojS"},"execute":{"href":"http://keys.example.com/api/v1/inlineHooks/calszQoFib2a6Gr7XojS/execute","hints":{"allow":["POST"]}},"deactivate":{"href":"http://keys.example.com/api/v1/inlineHooks/calszQoFib2a6Gr7XojS/lifecycle/deactivate","hints":{"allow":["POST"]}}}}"#);
    assert_snapshot!(manager.post(HOOKS, private_key("key", key["id"].as_str().unwrap())).await.brief(), @r#"200 {"id":"calbIqWkhsnXE1FpvKcP","status":"ACTIVE","name":"key","type":"com.okta.user.pre-registration","version":"1.0.2","channel":{"type":"OAUTH","version":"1.0.0","config":{"uri":"https://hooks.example.com/registration","headers":[],"method":"POST","authScheme":null,"clientId":"abc123","tokenUrl":"https://login.example.com/token","authType":"private_key_jwt","scope":null,"hookKeyId":"HKYpXVRoko2jxQQxYvSn"}},"created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","_links":{"self":{"href":"http://keys.example.com/api/v1/inlineHooks/calbIqWkhsnXE1FpvKcP"},"execute":{"href":"http://keys.example.com/api/v1/inlineHooks/calbIqWkhsnXE1FpvKcP/execute","hints":{"allow":["POST"]}},"deactivate":{"href":"http://keys.example.com/api/v1/inlineHooks/calbIqWkhsnXE1FpvKcP/lifecycle/deactivate","hints":{"allow":["POST"]}}}}"#);
    let mut plain = http("plain");
    plain["channel"]["config"] = json!({"uri": "https://hooks.example.com"});
    let answer = manager.post(HOOKS, plain).await.json();
    assert_eq!(
        answer["channel"]["config"],
        json!({"uri": "https://hooks.example.com", "headers": [], "method": "POST", "authScheme": null})
    );
    let list = manager.get(HOOKS).await;
    let names: Vec<_> = list.json().as_array().unwrap().iter().map(|hook| hook["name"].clone()).collect();
    assert_eq!(names, ["http", "secret", "key", "plain"]);
    assert!(!list.body.contains("hunter2"));
    let filtered = manager.get(&format!("{HOOKS}?type=com.okta.oauth2.tokens.transform")).await.json();
    assert_eq!((filtered.as_array().unwrap().len(), &filtered[0]["name"]), (1, &json!("secret")));
    assert_snapshot!(manager.get(&format!("{HOOKS}?type=none")).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: type","errorLink":"E0000001","errorId":"oae5fxTVpa2pfVa4UuqaJzoHQ","errorCauses":[{"errorSummary":"type: The field is not one of: com.okta.import.transform, com.okta.oauth2.tokens.transform, com.okta.saml.tokens.transform, com.okta.telephony.provider, com.okta.user.credential.password.import, com.okta.user.pre-registration"}]}"#);
    for all in ["type=", "type", "type=&type="] {
        assert_eq!(manager.get(&format!("{HOOKS}?{all}")).await.json(), manager.get(HOOKS).await.json(), "{all}");
    }
    // A hook is found in its own org alone.
    app.new_org("other.example.com").await;
    let other = app.token_of(Some("other.example.com"), MANAGE).await;
    let id = filtered[0]["id"].as_str().unwrap();
    assert_snapshot!(other.get(&format!("{HOOKS}/{id}")).await.brief(), @r#"404 {"errorCode":"E0000007","errorSummary":"Not found: Resource not found: calszQoFib2a6Gr7XojS (InlineHook)","errorLink":"E0000007","errorId":"oaemosd1r6faaDiQ0HbUH_gjQ","errorCauses":[]}"#);
}

#[tokio::test]
async fn a_key_may_be_named_by_its_id_or_its_name_and_is_shown_by_its_id() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("My key").await;
    for (name, given) in [("by id", key["id"].as_str().unwrap()), ("by name", "My key")] {
        let hook = manager.post(HOOKS, private_key(name, given)).await.json();
        assert_eq!(hook["channel"]["config"]["hookKeyId"], key["id"], "{name}");
    }
    assert_snapshot!(manager.post(HOOKS, private_key("none", "No key")).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: channel.config.hookKeyId","errorLink":"E0000001","errorId":"oaegKWjo0n4Q_zRBIvOX81wzg","errorCauses":[{"errorSummary":"channel.config.hookKeyId: There is no hook key 'No key' in the current organization"}]}"#);
}

#[tokio::test]
async fn a_key_is_used_exactly_as_long_as_a_hook_has_it() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let (first, second) = (manager.create("first").await, manager.create("second").await);
    let hook = create(&manager, private_key("My hook", "first")).await;
    assert_eq!((is_used(&manager, &first).await, is_used(&manager, &second).await), (json!("true"), json!("false")));
    let refusal = manager.delete(&format!("/api/v1/hook-keys/{}", first["id"].as_str().unwrap())).await;
    assert_eq!(refusal.failure(), "403 E0000006");
    assert!(refusal.cause().starts_with("The key is used by inline hook 'My hook' (cal"), "{refusal}");

    // Another key, then none, then one again.
    manager.post(&hook, json!({"channel": {"config": {"hookKeyId": "second"}}})).await;
    assert_eq!((is_used(&manager, &first).await, is_used(&manager, &second).await), (json!("false"), json!("true")));
    manager
        .put(&hook, {
            let mut body = http("My hook");
            body["type"] = json!("com.okta.user.pre-registration");
            body
        })
        .await;
    assert_eq!(is_used(&manager, &second).await, json!("false"));
    manager.put(&hook, private_key("Renamed", "first")).await;
    assert_eq!(is_used(&manager, &first).await, json!("true"));
    let references = format!("/vault/v1/hook-keys/{}/references", first["id"].as_str().unwrap());
    assert_eq!(manager.get(&references).await.json()[0]["name"], "Renamed");
    manager.post(&hook, json!({"name": "Renamed again"})).await;
    assert_eq!(manager.get(&references).await.json()[0]["name"], "Renamed again");

    // An inactive hook still has its key.
    manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await;
    assert_eq!(is_used(&manager, &first).await, json!("true"));
    assert_eq!(manager.delete(&hook).await.status, 204);
    assert_eq!(is_used(&manager, &first).await, json!("false"));
    assert_eq!(manager.delete(&format!("/api/v1/hook-keys/{}", first["id"].as_str().unwrap())).await.status, 204);
}

#[tokio::test]
async fn a_partial_update_keeps_what_it_leaves_out_and_a_replacement_does_not() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, http("http")).await;
    app.clock.advance(std::time::Duration::from_secs(5));
    let renamed = manager.post(&hook, json!({"name": "renamed", "status": "INACTIVE", "id": "x"})).await.json();
    assert_eq!((&renamed["name"], &renamed["status"]), (&json!("renamed"), &json!("ACTIVE")));
    assert_eq!(
        (&renamed["created"], &renamed["lastUpdated"]),
        (&json!("2025-10-24T13:06:07.000Z"), &json!("2025-10-24T13:06:12.000Z"))
    );
    // What a client read, sent back: the secret is not in it, and stays.
    let echoed = manager.post(&hook, renamed.clone()).await;
    assert_eq!(echoed.json()["channel"], renamed["channel"]);
    let moved =
        manager.post(&hook, json!({"channel": {"config": {"uri": "https://hooks.example.com/moved"}}})).await.json();
    assert_eq!(moved["channel"]["config"]["authScheme"], json!({"type": "HEADER", "key": "Authorization"}));
    let cleared = manager.post(&hook, json!({"channel": {"config": {"authScheme": null, "headers": []}}})).await.json();
    assert_eq!(
        cleared["channel"]["config"],
        json!({"uri": "https://hooks.example.com/moved", "headers": [], "method": "POST", "authScheme": null})
    );

    let hook = create(&manager, http("whole")).await;
    let mut secretless = http("whole");
    secretless["channel"]["config"]["authScheme"].as_object_mut().unwrap().remove("value");
    assert_snapshot!(manager.put(&hook, secretless).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: channel.config.authScheme.value","errorLink":"E0000001","errorId":"oaeou_DvDYalKMueYawBp-B_A","errorCauses":[{"errorSummary":"channel.config.authScheme.value: The field cannot be left blank"}]}"#);
    // Type and version are not in the SDKs' models of a replacement.
    let mut body = http("replaced");
    body.as_object_mut().unwrap().retain(|name, _| name != "type" && name != "version");
    body["channel"]["config"].as_object_mut().unwrap().remove("headers");
    let replaced = manager.put(&hook, body).await.json();
    assert_eq!(replaced["channel"]["config"]["headers"], json!([]), "what is left out is gone");
    assert_eq!((&replaced["type"], &replaced["version"]), (&json!("com.okta.import.transform"), &json!("1.0.0")));
    // The other kind of channel takes nothing of the first along, and nothing that it may not have.
    let authorization = json!({"headers": [{"key": "Authorization", "value": "a"}], "authScheme": null});
    assert_eq!(manager.post(&hook, json!({"channel": {"config": authorization}})).await.status, 200);
    let mut keeping = client_secret("replaced");
    keeping["channel"]["config"].as_object_mut().unwrap().remove("headers");
    let refused = manager.post(&hook, json!({"channel": keeping["channel"]})).await;
    assert_eq!(refused.cause(), "channel.config.headers.key: The field is a header that the vault sets itself");
    let mut other = client_secret("replaced");
    other["channel"]["config"].as_object_mut().unwrap().remove("clientSecret");
    let refused = manager.post(&hook, json!({"channel": other["channel"]})).await;
    assert_eq!(refused.cause(), "channel.config.clientSecret: The field cannot be left blank");
}

#[tokio::test]
async fn only_an_inactive_hook_is_deleted_and_only_an_active_one_executed() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await.with("host", "keys.example.com");
    let hook = create(&manager, http("http")).await;
    assert_snapshot!(manager.delete(&hook).await.brief(), @r#"403 {"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action","errorLink":"E0000006","errorId":"oaemOYLDz1P37wpV38j53G2Bw","errorCauses":[{"errorSummary":"The inline hook is active. Only inactive inline hooks can be deleted: deactivate it first."}]}"#);
    app.clock.advance(std::time::Duration::from_secs(5));
    let inactive = manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await;
    assert_snapshot!(inactive.brief(), @r#"200 {"id":"calpXVRoko2jxQQxYvSn","status":"INACTIVE","name":"http","type":"com.okta.import.transform","version":"1.0.0","channel":{"type":"HTTP","version":"1.0.0","config":{"uri":"https://hooks.example.com/import","headers":[{"key":"X-Stage","value":"test"}],"method":"POST","authScheme":{"type":"HEADER","key":"Authorization"}}},"created":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:12.000Z","_links":{"activate":{"href":"http://keys.example.com/api/v1/inlineHooks/calpXVRoko2jxQQxYvSn/lifecycle/activate","hints":{"allow":["POST"]}},"self":{"href":"http://keys.example.com/api/v1/inlineHooks/calpXVRoko2jxQQxYvSn"},"delete":{"href":"http://keys.example.com/api/v1/inlineHooks/calpXVRoko2jxQQxYvSn","hints":{"allow":["DELETE"]}}}}"#);
    app.clock.advance(std::time::Duration::from_secs(5));
    let again = manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await;
    assert_eq!(again.body, inactive.body, "nothing happens where it is so already");
    assert_snapshot!(manager.post(&format!("{hook}/execute"), json!({})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: status","errorLink":"E0000001","errorId":"oaeNn5GEtER7gZpsT2AmrVF7Q","errorCauses":[{"errorSummary":"status: The inline hook is inactive, which blocks its execution: activate it first."}]}"#);
    assert_eq!(manager.post(&format!("{hook}/lifecycle/activate"), json!({})).await.json()["status"], "ACTIVE");
    manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await;
    let deleted = manager.delete(&hook).await;
    assert_eq!((deleted.status, deleted.body.as_str(), deleted.headers.get("content-type")), (204, "", None));
    for path in [hook.clone(), format!("{hook}/lifecycle/activate"), format!("{hook}/execute")] {
        let answer = if path == hook { manager.get(&path).await } else { manager.post(&path, json!({})).await };
        assert_eq!(answer.failure(), "404 E0000007", "{path}");
    }
    assert_eq!(manager.delete(&hook).await.failure(), "404 E0000007");
}

/// Changes one member of a body, by the path of its names.
fn with(mut body: Value, path: &str, value: Value) -> Value {
    *body.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
    body
}

#[tokio::test]
async fn what_is_wrong_with_a_hook_is_told_member_by_member() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let config = "/channel/config";
    let at = |member: &str| format!("{config}/{member}");
    let oauth = || client_secret("a");
    let blank = "The field cannot be left blank";
    let cases = [
        (with(http("a"), "/name", json!(" ")), "name", blank),
        (with(http("a"), "/name", json!("x".repeat(256))), "name", "The field is too long"),
        (
            with(http("a"), "/type", json!("com.okta.none")),
            "type",
            "The field is not one of: com.okta.import.transform,",
        ),
        (with(http("a"), "/version", json!("2.0.0")), "version", "The field is not one of: 1.0.0, 1.0.1, 1.0.2"),
        (with(http("a"), "/channel", json!(null)), "channel.type", blank),
        (with(http("a"), "/channel/type", json!("SMS")), "channel.type", "The field is not one of: HTTP, OAUTH"),
        (with(http("a"), "/channel/version", json!("2")), "channel.version", "The field is not one of: 1.0.0"),
        (with(http("a"), &at("uri"), json!(null)), "channel.config.uri", blank),
        (with(http("a"), &at("uri"), json!("x")), "channel.config.uri", "The field is not an https URL"),
        (with(oauth(), &at("scope"), json!("\t")), "channel.config.scope", "The field is not printable ASCII"),
        (
            with(http("a"), &at("uri"), json!("http://example.com")),
            "channel.config.uri",
            "The field does not begin with https",
        ),
        (
            with(http("a"), &at("uri"), json!("https://10.0.0.1")),
            "channel.config.uri",
            "The field has the address 10.0.0.1,",
        ),
        (with(http("a"), &at("method"), json!("GET")), "channel.config.method", "The field is not one of: POST"),
        (with(http("a"), &at("headers"), json!([{"value": "v"}])), "channel.config.headers.key", blank),
        (
            with(http("a"), &at("headers"), json!([{"key": "Accept", "value": "v"}])),
            "channel.config.headers.key",
            "The field is a header that the vault sets itself",
        ),
        (
            with(http("a"), &at("headers"), json!([{"key": "a\u{1b}[31m", "value": "v"}])),
            "channel.config.headers.key",
            "The field cannot contain control characters",
        ),
        (
            with(http("a"), &at("headers"), json!([{"key": "a", "value": "v\r\nb: c"}])),
            "channel.config.headers.value",
            "The field is not printable ASCII",
        ),
        (
            with(http("a"), &at("headers"), json!(vec![json!({"key": "a"}); 33])),
            "channel.config.headers",
            "The field has more than 32 entries",
        ),
        (
            with(http("a"), &at("authScheme/type"), json!("BODY")),
            "channel.config.authScheme.type",
            "The field is not one of: HEADER",
        ),
        (with(http("a"), &at("authScheme/key"), json!(null)), "channel.config.authScheme.key", blank),
        (with(http("a"), &at("authScheme/value"), json!(null)), "channel.config.authScheme.value", blank),
        (
            with(oauth(), &at("authType"), json!("basic")),
            "channel.config.authType",
            "The field is not one of: client_secret_post, private_key_jwt",
        ),
        (with(oauth(), &at("clientId"), json!(null)), "channel.config.clientId", blank),
        (with(oauth(), &at("clientSecret"), json!("")), "channel.config.clientSecret", blank),
        (
            with(oauth(), &at("tokenUrl"), json!("http://a")),
            "channel.config.tokenUrl",
            "The field does not begin with https",
        ),
        (with(oauth(), &at("scope"), json!("é")), "channel.config.scope", "The field is not printable ASCII"),
        (
            with(oauth(), &at("headers"), json!([{"key": "authorization", "value": "v"}])),
            "channel.config.headers.key",
            "The field is a header that the vault sets itself",
        ),
        (with(private_key("a", "key"), &at("hookKeyId"), json!(null)), "channel.config.hookKeyId", blank),
    ];
    for (body, field, reason) in cases {
        let answer = manager.post(HOOKS, body).await;
        assert_eq!(answer.failure(), "400 E0000001", "{field}: {answer}");
        assert_eq!(answer.json()["errorSummary"], format!("Api validation failed: {field}"));
        assert!(answer.cause().starts_with(&format!("{field}: {reason}")), "{answer}");
    }
    for (body, field) in [
        (with(private_key("a", "key"), &at("clientId"), json!("a")), "clientSecret"),
        (with(oauth(), &at("scope"), json!("a")), "hookKeyId"),
        (with(oauth(), &at("scope"), json!("a")), "authScheme"),
    ] {
        let mut body = body;
        body["channel"]["config"][field] = if field == "authScheme" { json!({"key": "a"}) } else { json!("key") };
        let answer = manager.post(HOOKS, body).await;
        assert_eq!(answer.cause(), format!("channel.config.{field}: The field does not apply here, and must be null"));
    }
    // A value of the wrong type is not repeated: it may be a secret.
    for (path, value) in [("authScheme", json!("hunter2")), ("authScheme/value", json!(734_517))] {
        let answer = manager.post(HOOKS, with(http("a"), &at(path), value)).await;
        assert_eq!(answer.failure(), "400 E0000003");
        assert!(!answer.body.contains("hunter2") && !answer.body.contains("734517"), "{answer}");
    }
    let config_with = |member: &str, value: Value| {
        let mut body = http("a");
        body["channel"]["config"][member] = value;
        body
    };
    for keys in [["X-A", "x-a"], ["X-A", "authorization"]] {
        let headers = json!(keys.map(|key| json!({"key": key, "value": "v"})));
        let answer = manager.post(HOOKS, config_with("headers", headers)).await;
        assert_eq!(answer.cause(), "channel.config.headers.key: The field is there twice", "{keys:?}");
    }
    // What belongs to the other kind of channel is not taken in silence.
    for (member, value) in [("clientSecret", "a"), ("clientId", "a"), ("tokenUrl", "https://a"), ("hookKeyId", "key")] {
        let answer = manager.post(HOOKS, config_with(member, json!(value))).await;
        assert_eq!(answer.cause(), format!("channel.config.{member}: The field does not apply here, and must be null"));
    }
    // Several at once are told at once.
    assert_snapshot!(manager.post(HOOKS, json!({"channel": {"type": "OAUTH"}})).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: name","errorLink":"E0000001","errorId":"oaeVWf7GVazHSnDFbDxT94oQw","errorCauses":[{"errorSummary":"name: The field cannot be left blank"},{"errorSummary":"type: The field cannot be left blank"},{"errorSummary":"version: The field cannot be left blank"},{"errorSummary":"channel.config.uri: The field cannot be left blank"},{"errorSummary":"channel.config.clientId: The field cannot be left blank"},{"errorSummary":"channel.config.tokenUrl: The field cannot be left blank"},{"errorSummary":"channel.config.authType: The field cannot be left blank"}]}"#);
    let hook = create(&manager, http("one")).await;
    create(&manager, http("two")).await;
    for answer in [manager.post(HOOKS, http("one")).await, manager.post(&hook, json!({"name": "two"})).await] {
        assert_eq!(answer.cause(), "name: An object with this field already exists in the current organization");
    }
    let changed = manager.post(&hook, json!({"type": "com.okta.telephony.provider"})).await;
    assert_eq!(changed.cause(), "type: The field cannot be changed");
}

#[tokio::test]
async fn an_org_has_at_most_100_hooks() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for number in 0..100 {
        create(&manager, http(&format!("hook {number}"))).await;
    }
    assert_snapshot!(manager.post(HOOKS, http("one more")).await.brief(), @r#"400 {"errorCode":"E0000001","errorSummary":"Api validation failed: InlineHook","errorLink":"E0000001","errorId":"oaeM7WDKhwC02IVe-LF4ctJWQ","errorCauses":[{"errorSummary":"You have reached the maximum number of inline hooks allowed (100). To add another inline hook, you must first delete an existing one."}]}"#);
    app.new_org("other.example.com").await;
    create(&app.token_of(Some("other.example.com"), MANAGE).await, http("one more")).await;
}

#[tokio::test]
async fn neither_a_replaced_nor_a_deleted_secret_stays_on_the_disk() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, http("http")).await;
    let sealed = || async {
        let mut other = app.other_program().await;
        sqlx::query_scalar::<_, Vec<u8>>("SELECT sealed_secret FROM inline_hook").fetch_one(&mut other).await.unwrap()
    };
    let on_disk = |bytes: &[u8]| {
        ["", "-wal", "-shm"].iter().any(|suffix| {
            let content = std::fs::read(format!("{}{suffix}", app.database().display())).unwrap_or_default();
            // The header and the nonce are no secret; what follows is the secret, encrypted.
            content.windows(16).any(|window| window == &bytes[33..49])
        })
    };
    let first = sealed().await;
    assert!(on_disk(&first));
    assert!(!first.windows(7).any(|window| window == b"hunter2"));
    assert_eq!(manager.put(&hook, http("http")).await.status, 200);
    let second = sealed().await;
    assert_ne!(first, second);
    assert!(!on_disk(&first) && on_disk(&second));
    manager.post(&format!("{hook}/lifecycle/deactivate"), json!({})).await;
    assert_eq!(manager.delete(&hook).await.status, 204);
    assert!(!on_disk(&second));
}

#[tokio::test]
async fn a_secret_that_is_taken_away_while_somebody_reads_is_told_as_pending() {
    use sqlx::Connection as _;
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, http("http")).await;
    let mut other = app.other_program().await;
    let mut reader = other.begin().await.unwrap();
    sqlx::query("SELECT * FROM inline_hook").execute(&mut *reader).await.unwrap();
    assert_eq!(manager.post(&hook, json!({"channel": {"config": {"authScheme": null}}})).await.status, 200);
    assert_eq!(app.vault.erasure_pending().await.unwrap().unwrap().count, 1);
    // Another change deletes nothing.
    assert_eq!(manager.post(&hook, json!({"name": "renamed"})).await.status, 200);
    assert_eq!(app.vault.erasure_pending().await.unwrap().unwrap().count, 1);
    reader.rollback().await.unwrap();
    while app.vault.erasure_pending().await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn reading_hooks_needs_no_more_than_the_scope_to_read() {
    let app = TestApp::start().await;
    let hook = create(&app.token(MANAGE).await, http("http")).await;
    let reader = app.token(READ).await;
    assert_eq!(reader.get(HOOKS).await.status, 200);
    assert_eq!(reader.get(&hook).await.status, 200);
    assert_eq!(reader.post(&format!("{hook}/execute"), json!({})).await.failure(), "403 E0000006");
}
