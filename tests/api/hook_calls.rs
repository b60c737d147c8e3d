//! Execution: the token, the call, the answer; and every way in which it fails.

use crate::support::answer::Answer;
use crate::support::app::{Caller, MANAGE, TestApp};
use crate::support::hook_server::{HookServer, Reply, Seen};
use hookvault::domain::outbound::OutboundPolicy;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const HOOKS: &str = "/api/v1/inlineHooks";

/// A vault that may call this machine.
async fn local() -> TestApp {
    TestApp::start_with(|config| config.outbound = OutboundPolicy::default().with_loopback()).await
}

/// A hook without authentication. Of this type, a failed call is tried again.
fn plain(uri: &str) -> Value {
    json!({
        "name": format!("plain {uri}"), "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": uri}},
    })
}

fn with_key(uri: &str, token_url: &str) -> Value {
    json!({
        "name": "keyed", "type": "com.okta.user.pre-registration", "version": "1.0.0",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {
            "uri": uri, "headers": [{"key": "X-Stage", "value": "test"}], "authType": "private_key_jwt",
            "clientId": "me", "hookKeyId": "key", "tokenUrl": token_url, "scope": "hooks",
        }},
    })
}

async fn create(caller: &Caller<'_>, hook: Value) -> String {
    let answer = caller.post(HOOKS, hook).await;
    assert_eq!(answer.status, 200, "{answer}");
    format!("{HOOKS}/{}", answer.json()["id"].as_str().unwrap())
}

async fn execute(caller: &Caller<'_>, hook: &str) -> Answer {
    caller.post(&format!("{hook}/execute"), json!({"data": 1})).await
}

/// A token endpoint and a hook in one.
fn both(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/token" => Reply::Json(200, json!({"access_token": "t0k3n", "token_type": "Bearer", "expires_in": 300})),
        _ => Reply::Json(200, json!({"commands": []})),
    }
}

#[tokio::test]
async fn the_hook_is_called_with_a_token_that_the_key_has_earned() {
    let (app, server) = (local().await, HookServer::start(both).await);
    let manager = app.token(MANAGE).await;
    let key = manager.create("key").await;
    let hook = create(&manager, with_key(&server.url("/hook"), &server.url("/token"))).await;
    let payload = br#"{ "z": 1, "a": [2, 3.0], "text": "\u00e9" }"#.to_vec();
    let answer = manager
        .send(reqwest::Method::POST, &format!("{hook}/execute"), Some(("application/json", payload.clone())))
        .await;
    assert_snapshot!(answer.brief(), @r#"200 {"commands":[]}"#);
    assert_eq!(answer.header("content-type"), "application/json");

    let [token_request, call] = &server.seen()[..] else { panic!("two requests") };
    let mut form = token_request.form();
    let assertion = form.remove("client_assertion").unwrap();
    assert_eq!(
        form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(),
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_id", "me"),
            ("grant_type", "client_credentials"),
            ("scope", "hooks"),
        ]
    );
    let (header, claims) = super::signing::verify(&assertion, &key["_embedded"]);
    assert_eq!(header, json!({"alg": "RS256", "kid": key["keyId"], "typ": "JWT"}));
    let url = server.url("/token");
    assert_eq!((&claims["iss"], &claims["sub"], &claims["aud"]), (&json!("me"), &json!("me"), &json!(url)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!(claims["iat"], 1_761_311_167);

    assert_eq!((call.path.as_str(), call.body.as_bytes()), ("/hook", payload.as_slice()), "as it was sent");
    let header = |name: &str| call.headers[name].as_str();
    assert_eq!(header("authorization"), "Bearer t0k3n");
    assert_eq!(
        (header("content-type"), header("accept"), header("x-stage")),
        ("application/json", "application/json", "test")
    );
    let references = manager.get("/vault/v1/hook-keys/key/references").await.json();
    assert_eq!(references[0]["lastUsed"], "2025-10-24T13:06:07.000Z");
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_it_expires_and_while_the_hook_stays_as_it_is() {
    let (app, server) = (local().await, HookServer::start(both).await);
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let hook = create(&manager, with_key(&server.url("/hook"), &server.url("/token"))).await;
    let token_requests = || server.seen().iter().filter(|seen| seen.path == "/token").count();
    for _ in 0..3 {
        assert_eq!(execute(&manager, &hook).await.status, 200);
    }
    assert_eq!(token_requests(), 1);
    app.clock.advance(Duration::from_secs(269));
    execute(&manager, &hook).await;
    assert_eq!(token_requests(), 1);
    app.clock.advance(Duration::from_secs(1));
    execute(&manager, &hook).await;
    assert_eq!(token_requests(), 2, "30 s before its end");
    // Another process may have changed the hook: that is read with each call.
    app.start_beside_with(|config| config.outbound = OutboundPolicy::default().with_loopback())
        .await
        .token(MANAGE)
        .await
        .post(&hook, json!({"channel": {"config": {"scope": "other"}}}))
        .await;
    execute(&manager, &hook).await;
    assert_eq!(token_requests(), 3);
}

#[tokio::test]
async fn a_token_that_the_hook_refuses_is_not_used_again() {
    let refusing = |seen: &Seen| match seen.path.as_str() {
        "/token" => both(seen),
        _ => Reply::Json(401, json!({})),
    };
    let (app, server) = (local().await, HookServer::start(refusing).await);
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let hook = create(&manager, with_key(&server.url("/hook"), &server.url("/token"))).await;
    for _ in 0..2 {
        assert_eq!(execute(&manager, &hook).await.failure(), "400 E0000135");
    }
    let paths: Vec<_> = server.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/token", "/hook", "/token", "/hook"]);
}

#[tokio::test]
async fn secrets_go_where_they_belong() {
    let (app, server) = (local().await, HookServer::start(both).await);
    let manager = app.token(MANAGE).await;
    let mut header = plain(&server.url("/hook"));
    header["channel"]["config"]["authScheme"] = json!({"type": "HEADER", "key": "X-Secret", "value": "Basic hunter2"});
    let hook = create(&manager, header).await;
    assert_eq!(execute(&manager, &hook).await.status, 200);
    assert_eq!(server.seen()[0].headers["x-secret"], "Basic hunter2");

    let mut client = with_key(&server.url("/hook"), &server.url("/token"));
    client["channel"]["config"]["authType"] = json!("client_secret_post");
    client["channel"]["config"]["clientSecret"] = json!("hunter3");
    client["channel"]["config"].as_object_mut().unwrap().remove("hookKeyId");
    let hook = create(&manager, client).await;
    assert_eq!(execute(&manager, &hook).await.status, 200);
    let form = server.seen()[1].form();
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("me", "hunter3"));
    assert_eq!(server.seen()[2].headers["authorization"], "Bearer t0k3n");
}

#[tokio::test]
async fn a_header_whose_name_cannot_be_sent_is_kept_as_it_is_and_fails_the_call() {
    let (app, server) = (local().await, HookServer::start(both).await);
    let manager = app.token(MANAGE).await;
    for (member, value, shown) in [
        ("headers", json!([{"key": "Field 1", "value": "a"}]), json!([{"key": "Field 1", "value": "a"}])),
        (
            "authScheme",
            json!({"type": "HEADER", "key": "Clé", "value": "hunter2"}),
            json!({"type": "HEADER", "key": "Clé"}),
        ),
    ] {
        let mut body = plain(&server.url(&format!("/{member}")));
        body["channel"]["config"][member] = value;
        let hook = create(&manager, body).await;
        assert_eq!(manager.get(&hook).await.json()["channel"]["config"][member], shown);
        let answer = execute(&manager, &hook).await;
        assert_eq!(answer.failure(), "502 E0000134");
        assert!(answer.cause().contains("cannot be sent: in HTTP, a name has letters"), "{answer}");
        assert!(!answer.body.contains("hunter2"), "{answer}");
    }
    assert_eq!(server.seen().len(), 0, "nothing was sent");
}

#[tokio::test]
async fn every_failure_of_a_hook_is_the_documented_error_within_its_time() {
    const REDIRECT: &str = "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const NOT_JSON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    const ARRAY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]";
    const CUT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"commands\":";
    let server = HookServer::start(|seen| match seen.path.as_str() {
        "/slow" => Reply::Silent,
        "/drip" => Reply::Dripping,
        "/endless" => Reply::Endless,
        "/text" => Reply::Raw(NOT_JSON),
        "/array" => Reply::Raw(ARRAY),
        "/500" => Reply::Json(500, json!({"secret": "inside"})),
        "/404" => Reply::Json(404, json!({})),
        "/302" => Reply::Raw(REDIRECT),
        "/cut" => Reply::Raw(CUT),
        "/early" => Reply::Raw(""),
        _ => Reply::Json(200, json!({})),
    })
    .await;
    let app = local().await;
    let manager = app.token(MANAGE).await;
    // Path, error, part of the cause, how often the hook was asked.
    let cases = [
        ("/slow", "504 E0000137", "no answer within the 3 s", 1),
        ("/drip", "504 E0000137", "no answer within the 3 s", 1),
        ("/endless", "502 E0000134", "more than 262144 bytes", 1),
        ("/text", "502 E0000134", "not a JSON object", 1),
        ("/array", "502 E0000134", "not a JSON object", 1),
        ("/500", "400 E0000135", "status 500", 2),
        ("/404", "400 E0000135", "status 404", 1),
        ("/302", "502 E0000134", "it redirects (status 302)", 1),
        ("/cut", "502 E0000134", "the connection ended before the answer did", 2),
        ("/early", "502 E0000134", "the connection ended before the answer did", 2),
    ];
    for (path, error, cause, asked) in cases {
        let hook = create(&manager, plain(&server.url(path))).await;
        let before = server.seen().len();
        let started = Instant::now();
        let answer = execute(&manager, &hook).await;
        let took = started.elapsed();
        assert_eq!(answer.failure(), error, "{path}: {answer}");
        assert!(answer.cause().contains(cause), "{path}: {answer}");
        assert!(!answer.body.contains("inside"), "{answer}");
        assert_eq!(server.seen().len() - before, asked, "{path}");
        // The budget of the call itself, and room for a busy machine.
        assert!(took < Duration::from_millis(4500), "{path} took {took:?}");
    }
    let gone = HookServer::start(both).await;
    let hook = create(&manager, plain(&gone.url("/"))).await;
    drop(gone);
    let answer = execute(&manager, &hook).await;
    assert_eq!(answer.failure(), "502 E0000134", "{answer}");
    assert!(answer.cause().contains("there is no connection"), "{answer}");
    let unknown = create(&manager, plain("https://no.such.name/")).await;
    assert!(execute(&manager, &unknown).await.cause().contains("the host name cannot be resolved"));
}

#[tokio::test]
async fn a_hook_for_tokens_or_codes_is_asked_once() {
    let (app, server) = (local().await, HookServer::start(|_| Reply::Json(500, json!({}))).await);
    let manager = app.token(MANAGE).await;
    for (number, kind) in ["com.okta.oauth2.tokens.transform", "com.okta.telephony.provider"].into_iter().enumerate() {
        let mut hook = plain(&server.url("/"));
        (hook["type"], hook["name"]) = (json!(kind), json!(kind));
        execute(&manager, &create(&manager, hook).await).await;
        assert_eq!(server.seen().len(), number + 1, "{kind}");
    }
}

#[tokio::test]
async fn a_second_try_that_succeeds_is_a_success() {
    let failed = std::sync::atomic::AtomicBool::new(false);
    let once = move |_: &Seen| {
        let first = !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
        Reply::Json(if first { 503 } else { 200 }, json!({"commands": [1]}))
    };
    let (app, server) = (local().await, HookServer::start(once).await);
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, plain(&server.url("/"))).await;
    assert_eq!(execute(&manager, &hook).await.brief(), r#"200 {"commands":[1]}"#);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_second_try_at_a_token_endpoint_brings_a_new_assertion() {
    let (app, server) = (local().await, HookServer::start(|_| Reply::Json(503, json!({}))).await);
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let hook = create(&manager, with_key(&server.url("/hook"), &server.url("/token"))).await;
    assert_eq!(execute(&manager, &hook).await.failure(), "502 E0000134");
    let [first, second] = &server.seen()[..] else { panic!("two requests") };
    assert_ne!(first.form()["client_assertion"], second.form()["client_assertion"]);
}

#[tokio::test]
async fn a_second_try_that_has_no_time_leaves_the_first_answer_and_one_that_had_is_told() {
    for (tenths, failure) in [(22, "400 E0000135"), (0, "504 E0000137")] {
        let failed = std::sync::atomic::AtomicBool::new(false);
        let once = move |_: &Seen| {
            let first = !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
            if first { Reply::Late(tenths, 503) } else { Reply::Silent }
        };
        let (app, server) = (local().await, HookServer::start(once).await);
        let manager = app.token(MANAGE).await;
        let hook = create(&manager, plain(&server.url("/"))).await;
        assert_eq!(execute(&manager, &hook).await.failure(), failure);
        assert_eq!(server.seen().len(), 2);
    }
}

/// The use of the key is recorded later, or not at all.
#[tokio::test]
async fn another_program_that_writes_for_long_does_not_hold_up_a_call() {
    let (app, server) = (local().await, HookServer::start(both).await);
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let hook = create(&manager, with_key(&server.url("/hook"), &server.url("/token"))).await;
    let mut other = app.other_program().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(execute(&manager, &hook).await.brief(), r#"200 {"commands":[]}"#);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
}

#[tokio::test]
async fn a_key_in_the_query_of_a_url_is_not_told() {
    let (app, server) = (local().await, HookServer::start(|_| Reply::Json(500, json!({}))).await);
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, plain(&server.url("/hook?code=hunter2"))).await;
    let answer = execute(&manager, &hook).await;
    assert_eq!(server.seen()[0].path, "/hook?code=hunter2");
    let url = server.url("/hook");
    assert_eq!(answer.cause(), format!("The call failed at the hook {url}?…: it answered with status 500."));
}

#[tokio::test]
async fn an_answer_without_content_is_an_empty_object() {
    const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let (app, server) = (local().await, HookServer::start(|_| Reply::Raw(NO_CONTENT)).await);
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, plain(&server.url("/"))).await;
    assert_eq!(execute(&manager, &hook).await.brief(), "200 {}");
}

#[tokio::test]
async fn every_failure_of_a_token_endpoint_is_told_as_its_own() {
    let server = HookServer::start(|seen| match seen.path.as_str() {
        "/refused" => Reply::Json(401, json!({"error": "invalid_client", "error_description": "unknown client"})),
        "/string" => Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n\"s3cr3t-t0k3n\""),
        "/number" => Reply::Json(200, json!({"access_token": 734_517})),
        "/echo" => Reply::Json(401, json!({"error": "invalid_client", "error_description": seen.body})),
        "/mild" => Reply::Json(200, json!({"error": "invalid_scope"})),
        "/html" => Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"),
        "/none" => Reply::Json(200, json!({"token_type": "Bearer"})),
        "/bad" => Reply::Json(200, json!({"access_token": "a\nb"})),
        "/dpop" => Reply::Json(200, json!({"access_token": "t", "token_type": "DPoP"})),
        "/slow" => Reply::Silent,
        _ => Reply::Json(200, json!({})),
    })
    .await;
    let app = local().await;
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let hook = create(&manager, with_key(&server.url("/hook"), &server.url("/refused"))).await;
    for (path, error, cause) in [
        ("/refused", "502 E0000134", "it answered with status 401: invalid_client (unknown client)"),
        ("/mild", "502 E0000134", "it answered with status 200: invalid_scope"),
        ("/html", "502 E0000134", "its answer is not a JSON object: it is no JSON from line 1, column 1 on"),
        ("/string", "502 E0000134", "its answer is not a JSON object: it is other JSON"),
        ("/number", "502 E0000134", "its answer has no access_token"),
        ("/none", "502 E0000134", "its answer has no access_token"),
        ("/bad", "502 E0000134", "its answer has no access_token"),
        ("/dpop", "502 E0000134", "it gives tokens of the type DPoP, not Bearer"),
        ("/slow", "504 E0000137", "no answer within the 3 s that the whole call may take"),
    ] {
        let url = server.url(path);
        manager.post(&hook, json!({"channel": {"config": {"tokenUrl": url}}})).await;
        let answer = execute(&manager, &hook).await;
        assert_eq!(answer.failure(), error, "{path}: {answer}");
        assert!(
            answer.cause().starts_with(&format!("The call failed at the token endpoint {url}: {cause}")),
            "{answer}"
        );
    }
    // What an endpoint repeats of the request, or of a token, is not repeated here.
    let echoing = server.url("/echo");
    manager.post(&hook, json!({"channel": {"config": {"tokenUrl": echoing}}})).await;
    let answer = execute(&manager, &hook).await;
    assert!(answer.cause().contains("client_assertion=… ("), "{answer}");
    assert!(!answer.body.contains("eyJ"), "{answer}");
    let with_secret = json!({"authType": "client_secret_post", "clientSecret": "hunter2/hunter2"});
    manager.post(&hook, json!({"channel": {"config": with_secret}})).await;
    let answer = execute(&manager, &hook).await;
    assert!(answer.cause().contains("client_secret=… (15 characters)"), "{answer}");
    for path in ["/string", "/number"] {
        manager.post(&hook, json!({"channel": {"config": {"tokenUrl": server.url(path)}}})).await;
        let answer = execute(&manager, &hook).await;
        assert!(!answer.body.contains("s3cr3t") && !answer.body.contains("734517"), "{answer}");
    }
    assert!(server.seen().iter().all(|seen| seen.path != "/hook"), "the hook was never called");
}

#[tokio::test]
async fn a_payload_is_a_json_object() {
    let (app, server) = (local().await, HookServer::start(both).await);
    let manager = app.token(MANAGE).await;
    let hook = create(&manager, plain(&server.url("/"))).await;
    for body in ["[]", "", "{"] {
        let body = Some(("application/json", body.as_bytes().to_vec()));
        let answer = manager.send(reqwest::Method::POST, &format!("{hook}/execute"), body).await;
        assert_eq!(answer.failure(), "400 E0000003");
    }
    assert_eq!(server.connections(), 0);
}
