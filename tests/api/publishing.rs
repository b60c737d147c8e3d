//! Public keys for verifiers: JWK sets and PEM, cached, for browsers too.

use crate::support::app::{MANAGE, TestApp};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

const ALL: &str = "/.well-known/jwks.json";

#[tokio::test]
async fn a_set_of_all_keys_and_a_set_of_one_are_public() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    assert_eq!(app.anon().get(ALL).await.body, r#"{"keys":[]}"#);
    let (first, second) = (manager.create("first").await, manager.create("second key").await);
    let jwk = |key: &Value| {
        let own = &key["_embedded"];
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key["keyId"], "e": own["e"], "n": own["n"]})
    };
    assert_eq!(app.anon().get(ALL).await.json(), json!({"keys": [jwk(&first), jwk(&second)]}));
    assert_snapshot!(app.anon().get("/vault/v1/hook-keys/second%20key/jwks.json").await, @r#"
    200
    access-control-allow-origin: *
    access-control-expose-headers: etag
    cache-control: public, max-age=60
    content-length: 455
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    etag: "Dt1uRWoRKoLecPRAXTWxVqX7KOKqkUz2bMNRSEB0Eic"
    referrer-policy: strict-origin-when-cross-origin
    vary: accept
    x-content-type-options: nosniff
    x-okta-request-id: 80a5a3a349f843fcd1048bce5fcd70ce
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1197
    x-rate-limit-reset: 1761311227

    {"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"b64488ae-3dd9-4548-9ac9-ac26724a0169","e":"AQAB","n":"z3SVCugWNwK8Pe1-T38IJ33HHVkNF2JW4rOEFQ_1DZ9cC4R55J-AQeDtdodNkLvfFTFWd_SiR8ztuM1ErztSMaqeFK4k4p9ord9Or-N6C3fA3DP4EQ9wRNmGBEnsQu55THHmNF8r3RcPj_Gg-BEenAtx2TJ8NPn_L-n3lpITej-fMVqWI0qyxVC-WDlgPua5PidTCjMWzpxzqUV0YbkXcAYRRQvHqaGgRautp_j-lUgjB85mOr9CkTv0B7UmB7xJ_kPQjO4c-g8pyvO4zFvsELH4J4A3glLeaoU0mQ9ZidWdLY_21tP9BC4kFULlAPpDZpiPqrrGK49WIdWaMKBhHw"}]}
    "#);
    let by_id = format!("/vault/v1/hook-keys/{}/jwks.json", first["id"].as_str().unwrap());
    assert_eq!(app.anon().get(&by_id).await.json(), json!({"keys": [jwk(&first)]}));
    assert_eq!(app.anon().get("/vault/v1/hook-keys/none/jwks.json").await.failure(), "404 E0000007");
    // Each org has its own.
    app.new_org("other.example.com").await;
    let other = app.anon().with("host", "other.example.com");
    assert_eq!(other.get(ALL).await.body, r#"{"keys":[]}"#);
    assert_eq!(other.get(&by_id).await.failure(), "404 E0000007");
}

#[tokio::test]
async fn a_set_that_has_not_changed_is_not_sent_again() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("first").await;
    let tag = app.anon().get(ALL).await.header("etag").to_owned();
    assert!(tag.starts_with('"'), "strong: {tag}");
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".into()] {
        let answer = app.anon().with("if-none-match", &known).get(ALL).await;
        assert_eq!((answer.status, answer.body.as_str(), answer.header("etag")), (304, "", tag.as_str()), "{known}");
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
    }
    assert_eq!(app.anon().with("if-none-match", "\"other\"").get(ALL).await.status, 200);
    manager.create("second").await;
    let changed = app.anon().with("if-none-match", &tag).get(ALL).await;
    assert_eq!((changed.status, changed.header("etag") != tag), (200, true));
}

#[tokio::test]
async fn pem_is_had_by_name_or_by_accept() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for name in ["first", "second"] {
        manager.create(name).await;
    }
    let one = app.anon().get("/vault/v1/hook-keys/first/jwks.pem").await;
    assert_snapshot!(one.body, @"
    kid: cbd6d43e-872e-4ed8-b393-567a60257d9e
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAz9usJzpSZLDeK9hYBqQX
    kxdXR5LNLEze6/Qix7EbMpnnwp5hxuczG98JjX5vvtC66WHUuMs8zuIZs8cu9rfb
    CqCZ0EvOBNeROWp+MigzlRB6la7I+71WKS9sB458oPG6TW/TJv4FoMyF9/AQd00T
    3l9GEoiFCDsz3BlNn+mcYaDZgAM19eRb5BnmrrCtLX0qU1C6s83ROeNqMW4aUXLL
    Dbu7JdjTaVIaFX5IID2M6WBOJx0DImG0xJM2ZWCkmnrh2NAJbeKhxVeSxqsl6TEC
    +P2/RWymGxQJSRqyFgPCOH+IPwHLROBwmvCT9oOPkX7B2ydtO/37V2oSueE5cPsc
    wwIDAQAB
    -----END PUBLIC KEY-----
    ");
    assert_eq!(one.header("content-type"), "application/x-pem-file");
    let asking = app.anon().with("accept", "text/html, Application/X-PEM-file;q=0.9");
    assert_eq!(asking.get("/vault/v1/hook-keys/first/jwks.json").await.body, one.body);
    for json in ["application/json, application/x-pem-file;q=0.1", "application/x-pem-file;q=0", "*/*"] {
        let answer = app.anon().with("accept", json).get(ALL).await;
        assert_eq!(answer.header("content-type"), "application/json", "{json}");
    }
    let all = app.anon().get("/.well-known/jwks.pem").await;
    assert_eq!(asking.get(ALL).await.body, all.body);
    assert!(all.body.starts_with(&one.body));
    assert_eq!(all.body.matches("-----BEGIN PUBLIC KEY-----").count(), 2);
    assert_ne!(all.header("etag"), app.anon().get(ALL).await.header("etag"));
}

#[tokio::test]
async fn a_page_of_any_origin_may_read_them() {
    let app = TestApp::start().await;
    app.token(MANAGE).await.create("key").await;
    for path in [ALL, "/vault/v1/hook-keys/key/jwks.pem"] {
        let answer = app.anon().with("origin", "https://page.example").get(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let preflight = app
            .anon()
            .with("origin", "https://page.example")
            .with("access-control-request-method", "GET")
            .with("access-control-request-headers", "if-none-match")
            .send(Method::OPTIONS, path, None)
            .await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD");
        assert!(preflight.header("access-control-allow-headers").contains("if-none-match"));
        let head = app.anon().send(Method::HEAD, path, None).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
    }
    let missing = app.anon().get("/vault/v1/hook-keys/none/jwks.json").await;
    assert_eq!((missing.status, missing.header("access-control-allow-origin")), (404, "*"), "errors can be read, too");
    let refused = app.anon().send(Method::POST, ALL, None).await;
    assert_eq!((refused.failure().as_str(), refused.header("allow")), ("405 E0000022", "GET, HEAD, OPTIONS"));
    // Nothing else is open to pages.
    let reference = app.anon().get("/vault/v1/hook-keys/key/references/jwks.json").await;
    assert_eq!((reference.status, reference.headers.get("access-control-allow-origin")), (403, None));
    let keys = app.anon().with("origin", "https://page.example").get("/api/v1/hook-keys").await;
    assert_eq!(keys.headers.get("access-control-allow-origin"), None);
}
