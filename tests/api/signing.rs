//! `/vault/v1/hook-keys/{key}/client-assertions` and `/jwts`.

use crate::support::app::{Caller, MANAGE, TestApp, USE};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Header and claims of a JWT that this public key verifies.
pub fn verify(jwt: &str, jwk: &Value) -> (Value, Value) {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let number = |name: &str| decode(jwk[name].as_str().unwrap());
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    RsaPublicKeyComponents { n: number("n"), e: number("e") }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decode(signature))
        .expect("the signature is good");
    let (header, claims) = message.split_once('.').unwrap();
    (serde_json::from_slice(&decode(header)).unwrap(), serde_json::from_slice(&decode(claims)).unwrap())
}

async fn app_with_key() -> (TestApp, Value) {
    let app = TestApp::start().await;
    let key = app.token(MANAGE).await.create("My key/1").await;
    (app, key)
}

/// The key's name with what a URL needs.
const BY_NAME: &str = "/vault/v1/hook-keys/My%20key%2F1";

#[tokio::test]
async fn a_client_assertion_is_ready_to_be_sent() {
    let (app, key) = app_with_key().await;
    let user = app.token(USE).await;
    let by_id = format!("/vault/v1/hook-keys/{}", key["id"].as_str().unwrap());
    for (path, body, ttl) in [
        (BY_NAME, json!({"clientId": "billing", "audience": "https://login.example.com/token"}), 60),
        (&by_id, json!({"clientId": "billing", "audience": "https://login.example.com/token", "ttl": 300}), 300),
        // A whole number, however it is written.
        (&by_id, json!({"clientId": "billing", "audience": "https://login.example.com/token", "ttl": 300.0}), 300),
        (BY_NAME, json!({"clientId": "billing", "audience": "https://login.example.com/token", "ttl": null}), 60),
    ] {
        let answer = user.post(&format!("{path}/client-assertions"), body).await.json();
        assert_eq!(answer["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let (header, mut claims) = verify(answer["client_assertion"].as_str().unwrap(), &key["_embedded"]);
        assert_eq!(header, json!({"alg": "RS256", "kid": key["keyId"], "typ": "JWT"}));
        let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().len(), 22);
        assert_eq!(
            claims,
            json!({
                "iss": "billing", "sub": "billing", "aud": "https://login.example.com/token",
                "iat": 1_761_311_167, "exp": 1_761_311_167 + ttl,
            })
        );
    }
}

#[tokio::test]
async fn a_jwt_has_the_callers_claims_and_the_vaults_times() {
    let (app, key) = app_with_key().await;
    let user = app.token(USE).await;
    let body = json!({"claims": {"sub": "invoice 7", "nested": {"a": [1, 2.5, null]}, "ü": "é"}, "ttl": 3600});
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let jwt = user.post(&format!("{BY_NAME}/jwts"), body.clone()).await.json();
        let (_, mut claims) = verify(jwt["jwt"].as_str().unwrap(), &key["_embedded"]);
        assert!(ids.insert(claims.as_object_mut().unwrap().remove("jti").unwrap().to_string()));
        assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(1_761_311_167), Some(1_761_314_767)));
        assert_eq!(
            (&claims["sub"], &claims["nested"], &claims["ü"]),
            (&json!("invoice 7"), &json!({"a": [1, 2.5, null]}), &json!("é"))
        );
    }
}

#[tokio::test]
async fn what_cannot_be_signed_is_refused() {
    let (app, _) = app_with_key().await;
    let user = app.token(USE).await;
    let assertion =
        |client: &str, audience: &str, ttl: Value| json!({"clientId": client, "audience": audience, "ttl": ttl});
    let cases = [
        ("client-assertions", assertion(" ", "a", json!(1)), "clientId: The field cannot be left blank"),
        ("client-assertions", json!({"clientId": "a"}), "audience: The field cannot be left blank"),
        ("client-assertions", assertion("a", "a", json!(0)), "ttl: The field is not a number of seconds from 1 to 300"),
        (
            "client-assertions",
            assertion("a", "a", json!(301)),
            "ttl: The field is not a number of seconds from 1 to 300",
        ),
        ("jwts", json!({"ttl": 1}), "claims: The field cannot be left blank"),
        ("jwts", json!({"claims": {}, "ttl": 3601}), "ttl: The field is not a number of seconds from 1 to 3600"),
        ("jwts", json!({"claims": {"exp": 9_999_999_999_u64}}), "claims.exp: The field belongs to the vault itself"),
        ("jwts", json!({"claims": {"iat": 1}}), "claims.iat: The field belongs to the vault itself"),
        ("jwts", json!({"claims": {"jti": "1"}}), "claims.jti: The field belongs to the vault itself"),
        (
            "jwts",
            json!({"claims": {}, "consumer": "nobody"}),
            "consumer: The field is not a registered consumer of the key",
        ),
    ];
    for (path, body, cause) in cases {
        let answer = user.post(&format!("{BY_NAME}/{path}"), body).await;
        assert_eq!((answer.failure().as_str(), answer.cause().as_str()), ("400 E0000001", cause));
    }
    for body in [json!({"claims": "a text to sign"}), json!({"claims": ["a"]}), json!({"claims": {}, "ttl": -1})] {
        assert_eq!(user.post(&format!("{BY_NAME}/jwts"), body).await.failure(), "400 E0000003");
    }
    for ttl in [json!(1.5), json!("1"), json!(1e30), json!(-1)] {
        let answer = user.post(&format!("{BY_NAME}/jwts"), json!({"claims": {}, "ttl": ttl})).await;
        assert!(answer.cause().starts_with("ttl: "), "{ttl} {answer}");
        assert_eq!(answer.failure(), "400 E0000003", "{ttl}");
    }
    assert_snapshot!(user.post(&format!("{BY_NAME}/jwts"), json!({"claims": {}, "ttl": 1.5})).await.brief(), @r#"400 {"errorCode":"E0000003","errorSummary":"The request body was not well-formed.","errorLink":"E0000003","errorId":"oae2gDFaH4Y7mu6ZDuwN8GomQ","errorCauses":[{"errorSummary":"ttl: expected a whole number, from 0 on"}]}"#);
    assert_snapshot!(user.post("/vault/v1/hook-keys/none/jwts", json!({"claims": {}})).await.brief(), @r#"404 {"errorCode":"E0000007","errorSummary":"Not found: Resource not found: none (HookKey)","errorLink":"E0000007","errorId":"oaeEcFSt-xbx3uPmV86syaoxQ","errorCauses":[]}"#);
}

async fn sign(caller: &Caller<'_>, id: &str) -> String {
    let answer = caller.post(&format!("/vault/v1/hook-keys/{id}/jwts"), json!({"claims": {}})).await;
    if answer.status == 200 { "200".to_owned() } else { answer.failure() }
}

#[tokio::test]
async fn a_deleted_key_signs_no_more_also_where_another_process_deleted_it() {
    let (app, key) = app_with_key().await;
    let beside = app.start_beside().await;
    let id = key["id"].as_str().unwrap();
    let (here, there) = (app.token(USE).await, beside.token(USE).await);
    // Both have it parsed.
    assert_eq!((sign(&here, id).await, sign(&there, id).await), ("200".into(), "200".into()));
    assert_eq!(beside.token(MANAGE).await.delete(&format!("/api/v1/hook-keys/{id}")).await.status, 204);
    assert_eq!((sign(&here, id).await, sign(&there, id).await), ("404 E0000007".into(), "404 E0000007".into()));
}

#[tokio::test]
async fn the_id_of_a_deleted_key_is_no_other_keys_name() {
    let (app, key) = app_with_key().await;
    let (manager, user) = (app.token(MANAGE).await, app.token(USE).await);
    let id = key["id"].as_str().unwrap();
    manager.create(id).await;
    manager.delete(&format!("/api/v1/hook-keys/{id}")).await;
    assert_eq!(sign(&user, id).await, "404 E0000007");
    assert_eq!(app.anon().get(&format!("/vault/v1/hook-keys/{id}/jwks.json")).await.failure(), "404 E0000007");
    let hook = manager.post("/api/v1/inlineHooks", super::inline_hooks::private_key("hook", id)).await;
    assert_eq!(hook.failure(), "400 E0000001");
}

#[tokio::test]
async fn keys_of_another_org_sign_nothing() {
    let (app, key) = app_with_key().await;
    app.new_org("other.example.com").await;
    let stranger = app.token_of(Some("other.example.com"), USE).await;
    assert_eq!(sign(&stranger, key["id"].as_str().unwrap()).await, "404 E0000007");
}

#[tokio::test]
async fn a_damaged_private_key_signs_nothing_and_says_nothing_of_itself() {
    let (app, key) = app_with_key().await;
    let mut other = app.other_program().await;
    sqlx::query("UPDATE hook_key SET sealed_pkcs8 = modulus").execute(&mut other).await.unwrap();
    let answer = app
        .token(USE)
        .await
        .post(&format!("/vault/v1/hook-keys/{}/jwts", key["id"].as_str().unwrap()), json!({"claims": {}}))
        .await;
    assert_eq!((answer.failure().as_str(), answer.cause().as_str()), ("500 E0000009", ""));
}
