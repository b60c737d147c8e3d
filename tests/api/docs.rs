//! The document. `tests/clients` holds the document against a strict validator.

use crate::support::app::{MANAGE, TestApp};
use insta::assert_snapshot;
use serde_json::Value;

#[tokio::test]
async fn the_document_says_how_each_operation_fails_with_examples_from_the_code() {
    let app = TestApp::start().await;
    let answer = app.anon().get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    let create = &document["paths"]["/api/v1/hook-keys"]["post"];
    let statuses: Vec<_> = create["responses"].as_object().unwrap().keys().cloned().collect();
    assert_snapshot!(statuses.join(" "), @"200 400 401 403 408 413 429 500 503");
    let taken = &create["responses"]["400"]["content"]["application/json"]["examples"]["nameTaken"]["value"];
    let manager = app.token(MANAGE).await;
    manager.create("a").await;
    let real = manager.post("/api/v1/hook-keys", serde_json::json!({"name": "a"})).await.json();
    let without_id = |error: &Value| {
        let mut error = error.clone();
        error.as_object_mut().unwrap().remove("errorId").unwrap();
        error
    };
    assert_eq!(without_id(taken), without_id(&real));
}
