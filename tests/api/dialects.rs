//! The two forms of answers, and which client gets which.

use crate::support::app::{MANAGE, TestApp};
use hookvault::domain::dialect::{Dialect, DialectChoice};
use insta::assert_snapshot;
use serde_json::{Value, json};

const KEYS: &str = "/api/v1/hook-keys";

/// Members and their kinds, and whether the public key stands alone.
async fn forms(app: &TestApp, user_agent: &str) -> String {
    let caller = app.token(MANAGE).await.with("user-agent", user_agent);
    let key = caller.create(user_agent).await;
    let public = caller.get(&format!("{KEYS}/public/{}", key["keyId"].as_str().unwrap())).await.json();
    let members: Vec<_> = public.as_object().unwrap().keys().cloned().collect();
    assert!(members.contains(&"n".to_owned()), "every form can be read as a bare key");
    if let Value::Object(embedded) = &public["_embedded"] {
        assert_eq!((&embedded["n"], &embedded["kid"]), (&public["n"], &public["kid"]));
    }
    format!("isUsed {}, public key with {}", key["isUsed"], members.join(" "))
}

#[tokio::test]
async fn each_client_gets_the_form_that_it_can_read() {
    let app = TestApp::start().await;
    assert_snapshot!(forms(&app, "OpenAPI-Generator/1.0.0/python").await, @r#"isUsed "false", public key with _embedded alg e kid kty n use"#);
    assert_snapshot!(forms(&app, "curl/8.5.0").await, @r#"isUsed "false", public key with _embedded alg e kid kty n use"#);
    assert_snapshot!(forms(&app, "@okta/okta-sdk-nodejs/8.1.0 node/20.20.2 linux/6.1").await, @"isUsed false, public key with alg e kid kty n use");
    assert_snapshot!(forms(&app, "okta-sdk-golang/5.0.6 golang/go1.26 linux/amd64").await, @"isUsed false, public key with alg e kid kty n use");
}

#[tokio::test]
async fn every_answer_with_a_key_speaks_the_clients_form() {
    let app = TestApp::start().await;
    let node = app.token(MANAGE).await.with("user-agent", "okta-sdk-nodejs/8.1.0");
    let key = node.create("a").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    for answer in [
        node.get(&path).await.json(),
        node.get(KEYS).await.json()[0].clone(),
        node.put(&path, json!({"name": "b"})).await.json(),
    ] {
        assert_eq!(answer["isUsed"], false);
    }
}

#[tokio::test]
async fn a_setting_forces_one_form_for_all() {
    let live = TestApp::start_with(|config| config.server.dialect = DialectChoice::Always(Dialect::Live)).await;
    assert_snapshot!(forms(&live, "OpenAPI-Generator/1.0.0/python").await, @"isUsed false, public key with alg e kid kty n use");
    let documented =
        TestApp::start_with(|config| config.server.dialect = DialectChoice::Always(Dialect::Documented)).await;
    assert_snapshot!(forms(&documented, "okta-sdk-nodejs/8.1.0").await, @r#"isUsed "false", public key with _embedded alg e kid kty n use"#);
}
