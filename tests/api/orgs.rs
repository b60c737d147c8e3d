//! Several orgs in one vault: each behind its own domain.

use crate::support::app::{MANAGE, TestApp};
use serde_json::json;

const KEYS: &str = "/api/v1/hook-keys";
const OTHER: &str = "other.example.com";

#[tokio::test]
async fn orgs_share_neither_keys_nor_names_nor_the_cap() {
    let app = TestApp::start().await;
    app.new_org(OTHER).await;
    let (ours, theirs) = (app.token(MANAGE).await, app.token_of(Some(OTHER), MANAGE).await);
    let key = ours.create("same name").await;
    theirs.create("same name").await;
    for number in 0..49 {
        theirs.create(&format!("{number}")).await;
    }
    assert_eq!(theirs.post(KEYS, json!({"name": "one more"})).await.failure(), "400 E0000001");
    assert_eq!(ours.get(KEYS).await.json().as_array().unwrap().len(), 1);
    ours.create("room is left").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    let public = format!("{KEYS}/public/{}", key["keyId"].as_str().unwrap());
    assert_eq!(theirs.get(&path).await.failure(), "404 E0000007");
    assert_eq!(theirs.get(&public).await.failure(), "404 E0000007");
    assert_eq!(theirs.put(&path, json!({"name": "mine"})).await.failure(), "404 E0000007");
    assert_eq!(theirs.delete(&path).await.failure(), "404 E0000007");
    assert_eq!(ours.get(&path).await.json()["name"], "same name");
}

#[tokio::test]
async fn a_token_works_under_the_domain_of_its_org_alone() {
    let app = TestApp::start().await;
    app.new_org(OTHER).await;
    let (ours, theirs) = (app.token(MANAGE).await, app.token_of(Some(OTHER), MANAGE).await);
    for host in [OTHER, "OTHER.example.com:8443"] {
        assert_eq!(theirs.clone().with("host", host).get(KEYS).await.status, 200, "{host}");
        assert_eq!(ours.clone().with("host", host).get(KEYS).await.failure(), "401 E0000011", "{host}");
    }
    for host in ["unknown.example.com", "127.0.0.1", "[::1]:8080", "not a host"] {
        assert_eq!(ours.clone().with("host", host).get(KEYS).await.status, 200, "{host} is the default org's");
        assert_eq!(theirs.clone().with("host", host).get(KEYS).await.failure(), "401 E0000011", "{host}");
    }
}

#[tokio::test]
async fn the_metadata_names_the_org_and_the_address_that_the_client_used() {
    let app = TestApp::start().await;
    app.new_org(OTHER).await;
    let at = |host: &str| app.anon().with("host", host);
    let path = "/.well-known/okta-organization";
    let (default, other) = (at("a.example:8080").get(path).await.json(), at(OTHER).get(path).await.json());
    assert_eq!(default["_links"]["organization"]["href"], "http://a.example:8080");
    assert_eq!(other["_links"]["organization"]["href"], "http://other.example.com");
    assert_eq!(default["pipeline"], "idx");
    for nonsense in ["a b", "\"><script>", "a/b", "u@a"] {
        assert_eq!(
            at(nonsense).get(path).await.json()["_links"]["organization"]["href"],
            "http://localhost",
            "{nonsense}"
        );
    }
    assert!(default["id"].as_str().unwrap().starts_with("00o") && default["id"] != other["id"]);
}

#[tokio::test]
async fn a_public_url_is_the_default_orgs_address() {
    use hookvault::domain::public_url::PublicUrl;
    let url = PublicUrl::parse("https://keys.example.com").unwrap();
    let app = TestApp::start_with(|config| config.server.public_url = Some(url)).await;
    app.new_org(OTHER).await;
    let path = "/.well-known/okta-organization";
    let answer = app.anon().get(path).await;
    assert_eq!(answer.json()["_links"]["organization"]["href"], "https://keys.example.com");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    let other = app.anon().with("host", OTHER).get(path).await;
    assert_eq!(other.json()["_links"]["organization"]["href"], "https://other.example.com");
}
