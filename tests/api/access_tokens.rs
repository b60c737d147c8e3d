//! What an access token opens, and when it stops.

use crate::support::app::{MANAGE, READ, TestApp, USE};
use crate::support::client_key::{ClientKey, with};
use crate::support::oauth::{ServiceClient, anon, bearer, part};
use hookvault::domain::actor::Actor;
use hookvault::domain::scope::Scope;
use hookvault::http::api::route::Access;
use hookvault::http::api::routes;
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

#[tokio::test]
async fn a_token_does_what_its_scopes_say() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, &format!("{MANAGE} {USE}")).await;
    let caller = client.caller(&app).await;
    let key = caller.create("a key").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    assert_eq!(caller.get(&path).await.json()["name"], "a key");
    assert_eq!(caller.put(&path, json!({"name": "renamed"})).await.status, 200);
    let jwt = caller.post("/vault/v1/hook-keys/renamed/jwts", json!({"claims": {}})).await;
    assert_eq!(jwt.status, 200, "{jwt}");
    assert_eq!(caller.delete(&path).await.status, 204);
}

#[tokio::test]
async fn every_guarded_route_says_which_scope_a_token_lacks() {
    let app = TestApp::start().await;
    let (read, use_keys) = (ServiceClient::new(&app, READ).await, ServiceClient::new(&app, USE).await);
    let (reader, user) = (read.caller(&app).await, use_keys.caller(&app).await);
    let mut tried = 0;
    for route in routes::all() {
        let Access::Guarded(Some(needed)) = route.access else { continue };
        let caller = if needed == Scope::InlineHooksRead { &user } else { &reader };
        let path = ["{id}", "{keyId}", "{key}", "{consumer}"]
            .iter()
            .fold(route.path.to_owned(), |path, name| path.replace(name, "x"));
        let answer = caller.send(route.method.as_str().parse().unwrap(), &path, None).await;
        assert_eq!(answer.failure(), "403 E0000006", "{} {path}", route.method);
        assert_eq!(
            answer.header("www-authenticate"),
            format!(
                r#"Bearer realm="http://vault.localhost", scope="{needed}", error="insufficient_scope", error_description="The access token provided does not contain the required scopes.""#
            )
        );
        tried += 1;
    }
    assert!(tried > 20, "{tried} routes were tried");
    // API tokens are told in the body, as before.
    let answer = app.token(READ).await.post(KEYS, json!({"name": "x"})).await;
    assert_eq!((answer.failure().as_str(), answer.headers.get("www-authenticate")), ("403 E0000006", None));
    assert_eq!(answer.cause(), "The scope okta.inlineHooks.manage is needed.");
}

#[tokio::test]
async fn a_token_lives_for_an_hour() {
    let app = TestApp::start().await;
    let caller = ServiceClient::new(&app, READ).await.caller(&app).await;
    app.clock.advance(Duration::from_secs(3599));
    assert_eq!(caller.get(KEYS).await.status, 200);
    app.clock.advance(Duration::from_secs(1));
    let answer = caller.get(KEYS).await;
    assert_snapshot!(answer.header("www-authenticate"), @r#"Bearer realm="http://vault.localhost", error="invalid_token", error_description="The access token is expired or not valid yet.""#);
    assert_snapshot!(answer.brief(), @r#"401 {"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[{"errorSummary":"The access token is expired or not valid yet."}]}"#);
}

#[tokio::test]
async fn a_token_stops_with_its_app_on_every_server() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let client = ServiceClient::new(&app, READ).await;
    let token = client.token(&app).await;
    let (registry, callers) = (app.vault.registry(), [bearer(&app, &token), bearer(&beside, &token)]);
    registry.service_app_set_active(&Actor::Vault, &client.id, false).await.unwrap();
    for caller in &callers {
        let answer = caller.get(KEYS).await;
        assert_eq!(
            (answer.failure().as_str(), answer.cause().as_str()),
            ("401 E0000011", "The client of the access token is deleted, deactivated, or was so meanwhile.")
        );
    }
    for _ in 0..2 {
        registry.service_app_set_active(&Actor::Vault, &client.id, true).await.unwrap();
    }
    for caller in &callers {
        assert_eq!(caller.get(KEYS).await.failure(), "401 E0000011", "what was lost may be in other hands");
        assert_eq!(client.caller(&app).await.get(KEYS).await.status, 200);
    }
    let caller = client.caller(&app).await;
    registry.service_app_set_active(&Actor::Vault, &client.id, true).await.unwrap();
    assert_eq!(caller.get(KEYS).await.status, 200, "what is active already is not activated again");
    registry.service_app_set_active(&Actor::Vault, &client.id, false).await.unwrap();
    registry.service_app_delete(&Actor::Vault, &client.id).await.unwrap();
    for caller in &callers {
        assert_eq!(caller.get(KEYS).await.failure(), "401 E0000011");
    }
}

#[tokio::test]
async fn a_token_counts_where_it_was_issued_and_nowhere_else() {
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let client = ServiceClient::new(&app, READ).await;
    let token = client.token(&app).await;
    let at = async |host: &str| {
        app.anon().with("host", host).with("authorization", &format!("Bearer {token}")).get(KEYS).await
    };
    let elsewhere = "The access token was issued neither under this address nor by a trusted issuer.";
    assert_eq!(at("vault.localhost").await.status, 200);
    assert_eq!(at("other.example.com").await.cause(), elsewhere);
    assert_eq!(at("vault.localhost:8080").await.cause(), elsewhere);
    // A vault that calls itself what the other one is called has other keys all the same.
    let stranger = TestApp::start().await;
    let answer = bearer(&stranger, &token).get(KEYS).await;
    assert_eq!(answer.cause(), "The access token was not signed by a known key of its issuer.");
}

#[tokio::test]
async fn what_others_have_signed_is_no_token() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let token = client.token(&app).await;
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let forger = ClientKey::rsa();
    let cause = async |token: &str| {
        let answer = bearer(&app, token).get(KEYS).await;
        assert_eq!(answer.failure(), "401 E0000011");
        assert!(answer.header("www-authenticate").contains(r#"error="invalid_token""#));
        answer.cause()
    };
    let signature = "The access token signature is invalid.";
    let key = "The access token was not signed by a known key of its issuer.";
    assert_eq!(cause(&forger.sign(&header, &claims)).await, signature);
    assert_eq!(cause(&forger.sign(&with(header.clone(), json!({"kid": "key 1"})), &claims)).await, key);
    assert_eq!(cause(&client.key.sign(&with(header.clone(), json!({"kid": null})), &claims)).await, key);
    let embedded = with(header.clone(), json!({"jwk": forger.jwk()}));
    assert_eq!(cause(&forger.sign(&embedded, &claims)).await, signature);
    // A hook key of the same org signs what it is told, but no access tokens.
    let signer = app.token(&format!("{MANAGE} {USE}")).await;
    signer.create("signer").await;
    let mut own = claims.clone();
    for name in ["iat", "exp", "jti"] {
        own.as_object_mut().unwrap().remove(name);
    }
    let jwt = signer.post("/vault/v1/hook-keys/signer/jwts", json!({"claims": own})).await.json();
    assert_eq!(cause(jwt["jwt"].as_str().unwrap()).await, key);
    // An assertion is no access token, and neither is anything else.
    let other = "The access token was issued neither under this address nor by a trusted issuer.";
    assert_eq!(cause(&client.assertion(&app)).await, other);
    for nonsense in ["", "undefined", "a.b.c", "00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert_eq!(cause(nonsense).await, "The access token cannot be parsed.", "{nonsense}");
    }
}

#[tokio::test]
async fn a_program_is_no_user() {
    let app = TestApp::start().await;
    let caller = ServiceClient::new(&app, READ).await.caller(&app).await;
    assert_snapshot!(caller.get("/api/v1/users/me").await.brief(), @r#"404 {"errorCode":"E0000007","errorSummary":"Not found: Resource not found: me (User)","errorLink":"E0000007","errorId":"oaemOYLDz1P37wpV38j53G2Bw","errorCauses":[]}"#);
}

#[tokio::test]
async fn the_tokens_of_an_app_are_counted_together() {
    use hookvault::domain::rate_limit::RateLimit;
    let app = TestApp::start_with(|config| config.server.rate_limit = RateLimit::parse("3").unwrap()).await;
    let client = ServiceClient::new(&app, READ).await;
    let callers = [client.caller(&app).await, client.caller(&app).await];
    let mut left = Vec::new();
    for caller in callers.iter().cycle().take(4) {
        left.push(caller.get(KEYS).await.status);
    }
    assert_eq!(left, [200, 200, 200, 429]);
    // Token requests are counted by address.
    assert_eq!(client.ask(&app, &client.assertion(&app)).await.status, 200);
    let refused = client.assertion(&app);
    assert_eq!(client.ask(&app, &refused).await.failure(), "429 E0000047");
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(client.ask(&app, &refused).await.status, 200, "what was not looked at can be sent again");
    assert_eq!(anon(&app).get(KEYS).await.failure(), "403 E0000005");
}
