//! API tokens, and what the Terraform provider asks at start.

use crate::support::app::{READ, TestApp};
use hookvault::domain::actor::Actor;
use insta::assert_snapshot;

const KEYS: &str = "/api/v1/hook-keys";

#[tokio::test]
async fn a_token_may_stand_directly_behind_its_scheme() {
    let app = TestApp::start().await;
    let token = app.new_token(None, READ).await;
    for value in [format!("SSWS {token}"), format!("SSWS{token}"), format!("ssws  {token}")] {
        assert_eq!(app.anon().with("authorization", &value).get(KEYS).await.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_token_stops_with_the_next_request_on_every_server() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let token = app.new_token(None, READ).await;
    let callers = [&app, &beside].map(|app| app.anon().with("authorization", &format!("SSWS {token}")));
    for caller in &callers {
        assert_eq!(caller.get(KEYS).await.status, 200);
    }
    app.vault.registry().api_token_revoke(&Actor::Vault, "token 0").await.unwrap();
    for caller in &callers {
        assert_eq!(caller.get(KEYS).await.failure(), "401 E0000011");
    }
}

#[tokio::test]
async fn only_the_hash_of_a_token_is_stored() {
    let app = TestApp::start().await;
    let token = app.new_token(None, READ).await;
    let folder = app.stop().await;
    let bytes = std::fs::read(folder.path().join("vault.db")).unwrap();
    assert!(!bytes.windows(20).any(|window| window == &token.as_bytes()[10..30]));
}

#[tokio::test]
async fn each_token_acts_as_a_user_of_its_own() {
    let app = TestApp::start().await;
    let (first, second) = (app.token(READ).await, app.token(READ).await);
    let answer = first.get("/api/v1/users/me").await;
    assert_snapshot!(answer.brief(), @r#"200 {"id":"00utH0rj4IDeXwdO9nb7","status":"ACTIVE","created":"2025-10-24T13:06:07.000Z","activated":"2025-10-24T13:06:07.000Z","lastUpdated":"2025-10-24T13:06:07.000Z","profile":{"login":"00utH0rj4IDeXwdO9nb7@hookvault.invalid","email":"00utH0rj4IDeXwdO9nb7@hookvault.invalid","firstName":"API token","lastName":"token 0"}}"#);
    assert_ne!(answer.json()["id"], second.get("/api/v1/users/me").await.json()["id"]);
}
