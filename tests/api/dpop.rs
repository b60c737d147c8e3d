//! DPoP: tokens that are bound to a key, and the proofs for it (RFC 9449).

use crate::support::answer::Answer;
use crate::support::app::{MANAGE, READ, TestApp};
use crate::support::client_key::{ClientKey, with};
use crate::support::oauth::{HOST, ServiceClient, TOKEN, anon, ath, bearer, encode, named, part, post_form, url};
use crate::support::raw::{Then, exchange};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookvault::crypto::jwk;
use hookvault::domain::actor::Actor;
use hookvault::domain::public_url::PublicUrl;
use hookvault::vault::oauth::access_token::{AccessRequest, Scheme};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

/// A request with a bound token.
async fn call(app: &TestApp, token: &str, proof: &str) -> Answer {
    anon(app).with("authorization", &format!("DPoP {token}")).with("dpop", proof).get(KEYS).await
}

#[tokio::test]
async fn a_client_is_asked_for_a_proof_then_for_a_nonce_and_gets_a_bound_token() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let first = client.ask(&app, &client.assertion(&app)).await;
    assert_snapshot!(first.brief(), @r#"400 {"error":"invalid_dpop_proof","error_description":"The DPoP proof JWT header is missing."}"#);
    let second = client.ask_with_proof(&app, &client.proof(&app, "POST", TOKEN, json!({}))).await;
    assert_snapshot!(second.brief(), @r#"400 {"error":"use_dpop_nonce","error_description":"Authorization server requires nonce in DPoP proof."}"#);
    let nonce = second.header("dpop-nonce");
    let third = client.ask_with_proof(&app, &client.proof(&app, "POST", TOKEN, json!({"nonce": nonce}))).await;
    assert_eq!((third.status, &third.json()["token_type"]), (200, &json!("DPoP")));
    assert_ne!(third.header("dpop-nonce"), nonce, "it is a fresh one");
    let token = third.json()["access_token"].as_str().unwrap().to_owned();
    let thumbprint = jwk::thumbprint(&named(None, &client.key).1);
    assert_eq!(part(&token, 1)["cnf"], json!({"jkt": thumbprint}));
    // The API wants no nonce, and does not mind one.
    for more in [json!({}), json!({"nonce": nonce}), json!({"nonce": "an old one"})] {
        let proof = client.proof(&app, "GET", KEYS, with(more, json!({"ath": ath(&token)})));
        assert_eq!(call(&app, &token, &proof).await.status, 200);
    }
}

#[tokio::test]
async fn proofs_may_be_signed_by_every_kind_of_key() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let nonce = client.nonce(&app).await;
    for key in [ClientKey::rsa(), ClientKey::p256(), ClientKey::p384(), ClientKey::p521()] {
        let proof = client.proof_by(&key, &app, "POST", TOKEN, json!({"nonce": nonce}));
        let answer = client.ask_with_proof(&app, &proof).await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let proof = client.proof_by(&key, &app, "GET", KEYS, json!({"ath": ath(&token)}));
        assert_eq!(call(&app, &token, &proof).await.status, 200, "{}", key.algorithm());
    }
}

#[tokio::test]
async fn a_proof_that_nobody_asked_for_is_ignored() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    for proof in [client.proof(&app, "POST", TOKEN, json!({})), "nonsense".into()] {
        let answer = client.ask_with_proof(&app, &proof).await;
        assert_eq!(answer.json()["token_type"], "Bearer", "{answer}");
        assert_eq!(answer.headers.get("dpop-nonce"), None);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(part(&token, 1)["cnf"], Value::Null);
        let caller = bearer(&app, &token).with("dpop", &proof);
        assert_eq!(caller.get(KEYS).await.status, 200);
    }
}

#[tokio::test]
async fn each_fault_of_a_proof_has_its_published_words() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let (nonce, token) = (client.nonce(&app).await, client.bound_token(&app).await);
    let other = ClientKey::p256();
    let now = app.vault.clock().now().unix();
    let invalid = |claim: &str| format!("'{claim}' claim in the DPoP proof JWT is invalid.");
    // The same for both, each with what it wants besides.
    let faults = |method: &'static str, path: &'static str, wanted: Value| {
        let claims = || with(client.proof_claims(&app, method, path), wanted.clone());
        let header = json!({"alg": "RS256", "typ": "dpop+jwt", "jwk": client.key.jwk()});
        let claim = |changes: Value| client.key.sign(&header, &with(claims(), changes));
        let head = |changes: Value| client.key.sign(&with(header.clone(), changes), &claims());
        let mut private = client.key.jwk();
        private["d"] = json!("AQAB");
        vec![
            ("nonsense", "a.b".to_owned(), "The parsing of the DPoP proof JWT failed.".to_owned()),
            (
                "a claim twice",
                client.key.sign_text(&header.to_string(), r#"{"htm":"GET","htm":"GET"}"#),
                "The parsing of the DPoP proof JWT failed.".into(),
            ),
            ("another typ", head(json!({"typ": "JWT"})), "'typ' must be 'dpop+jwt' in the DPoP proof JWT.".into()),
            ("no typ", head(json!({"typ": null})), "'typ' must be 'dpop+jwt' in the DPoP proof JWT.".into()),
            ("no algorithm", head(json!({"alg": "none"})), "The DPoP proof JWT signature algorithm is invalid.".into()),
            ("HMAC", head(json!({"alg": "HS256"})), "The DPoP proof JWT signature algorithm is invalid.".into()),
            (
                "an algorithm for another key",
                head(json!({"alg": "ES256"})),
                "The DPoP proof JWT signature algorithm is invalid.".into(),
            ),
            ("no key", head(json!({"jwk": null})), "'jwk' in the DPoP proof JWT is invalid.".into()),
            ("a private key", head(json!({"jwk": private})), "'jwk' in the DPoP proof JWT is invalid.".into()),
            (
                "a shared secret",
                head(json!({"jwk": {"kty": "oct", "k": "AQAB"}})),
                "'jwk' in the DPoP proof JWT is invalid.".into(),
            ),
            (
                "a key that did not sign",
                head(json!({"jwk": ClientKey::rsa().jwk()})),
                "The DPoP proof JWT signature is invalid.".into(),
            ),
            ("another method", claim(json!({"htm": "PUT"})), invalid("htm")),
            ("no method", claim(json!({"htm": null})), invalid("htm")),
            ("another path", claim(json!({"htu": url("/api/v1/other")})), invalid("htu")),
            ("another host", claim(json!({"htu": format!("http://other.example{path}")})), invalid("htu")),
            ("no address", claim(json!({"htu": null})), invalid("htu")),
            ("too old", claim(json!({"iat": now - 301})), invalid("iat")),
            ("of the future", claim(json!({"iat": now + 61})), invalid("iat")),
            ("iat as a text", claim(json!({"iat": now.to_string()})), invalid("iat")),
            ("no iat", claim(json!({"iat": null})), invalid("iat")),
            ("no jti", claim(json!({"jti": null})), invalid("jti")),
            ("a blank jti", claim(json!({"jti": ""})), invalid("jti")),
        ]
    };
    for (what, proof, text) in faults("POST", TOKEN, json!({"nonce": nonce})) {
        let answer = client.ask_with_proof(&app, &proof).await;
        assert_eq!(
            answer.brief(),
            format!(r#"400 {{"error":"invalid_dpop_proof","error_description":"{text}"}}"#),
            "{what}"
        );
    }
    let mut at_api = faults("GET", KEYS, json!({"ath": ath(&token)}));
    let not_bound = "The access_token is not bound to the provided DPoP proof.".to_owned();
    let other_token = "'ath' claim in the DPoP proof does not match the presented access_token.".to_owned();
    at_api.extend([
        ("another key", client.proof_by(&other, &app, "GET", KEYS, json!({"ath": ath(&token)})), not_bound),
        ("no ath", client.proof(&app, "GET", KEYS, json!({})), other_token.clone()),
        ("another ath", client.proof(&app, "GET", KEYS, json!({"ath": ath("other")})), other_token),
    ]);
    for (what, proof, text) in at_api {
        let answer = call(&app, &token, &proof).await;
        assert_eq!(answer.failure(), "400 E0000011", "{what}");
        assert_eq!(
            answer.header("www-authenticate"),
            format!(
                r#"DPoP algs="RS256 RS384 RS512 ES256 ES384 ES512", realm="http://vault.localhost", error="invalid_dpop_proof", error_description="{text}""#
            ),
            "{what}"
        );
        assert_eq!(answer.cause(), text, "{what}");
    }
}

#[tokio::test]
async fn there_is_one_proof_and_it_fits_its_token() {
    let app = TestApp::start().await;
    let (bound, unbound) = (ServiceClient::bound(&app, READ).await, ServiceClient::new(&app, READ).await);
    let (token, free) = (bound.bound_token(&app).await, unbound.token(&app).await);
    let with_token = |scheme: &str, token: &str| anon(&app).with("authorization", &format!("{scheme} {token}"));
    assert_snapshot!(with_token("DPoP", &token).get(KEYS).await.cause(), @"The DPoP proof JWT header is missing.");
    let bearer = with_token("Bearer", &token).get(KEYS).await;
    assert_eq!(bearer.failure(), "401 E0000011");
    assert_snapshot!(bearer.header("www-authenticate"), @r#"DPoP algs="RS256 RS384 RS512 ES256 ES384 ES512", realm="http://vault.localhost", error="invalid_token", error_description="The access token is bound to a key: it needs the scheme DPoP and a proof.""#);
    let proof = bound.proof(&app, "GET", KEYS, json!({"ath": ath(&free)}));
    assert_snapshot!(with_token("DPoP", &free).with("dpop", &proof).get(KEYS).await.cause(), @"The access_token is not bound to the provided DPoP proof.");
    // Two proofs are one too many, of which kind ever.
    let nonce = bound.nonce(&app).await;
    let proofs = [0, 1].map(|_| bound.proof(&app, "POST", TOKEN, json!({"nonce": nonce})));
    let form = encode(&bound.form(&bound.assertion(&app)));
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: vault.localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nDPoP: {}\r\nDPoP: {}\r\nConnection: close\r\n\r\n{form}",
        form.len(),
        proofs[0],
        proofs[1]
    );
    let answer = exchange(app.address, head.into_bytes(), Then::Wait).await;
    assert!(
        answer.ends_with(
            r#"{"error":"invalid_dpop_proof","error_description":"There must be one DPoP proof JWT header only."}"#
        ),
        "{answer}"
    );
}

#[tokio::test]
async fn an_address_in_a_proof_is_compared_without_its_query_and_decoded() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, MANAGE).await;
    let token = client.bound_token(&app).await;
    let key = app.token(MANAGE).await.create("a key").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    for (method, htm, htu) in [
        (Method::GET, "GET", url(&path)),
        (Method::GET, "get", format!("{}?expand=publickey", url(&path))),
        (Method::GET, "GET", format!("{}#part", url(&path))),
        (Method::GET, "GET", url(&path).replace("hook-keys", "hook%2Dkeys").replace("http://vault", "HTTP://Vault")),
        (Method::DELETE, "DELETE", url(&path)),
    ] {
        let proof = client.proof(&app, htm, &path, json!({"htu": htu, "ath": ath(&token)}));
        let caller = anon(&app).with("authorization", &format!("DPoP {token}")).with("dpop", &proof);
        let answer = caller.send(method, &format!("{path}?expand=publickey"), None).await;
        assert!([200, 204].contains(&answer.status), "{htu}: {answer}");
    }
}

#[tokio::test]
async fn a_nonce_counts_for_a_day_on_every_server_and_after_a_restart() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let nonce = client.nonce(&app).await;
    let beside = app.start_beside().await;
    app.stop().await;
    let again = beside.start_beside().await;
    let ask = async |app: &TestApp, nonce: &str| {
        client.ask_with_proof(app, &client.proof(app, "POST", TOKEN, json!({"nonce": nonce}))).await
    };
    beside.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    for app in [&beside, &again] {
        assert_eq!(ask(app, &nonce).await.status, 200);
    }
    beside.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&again, &nonce).await.json()["error"], "use_dpop_nonce");
    // Nobody else makes nonces, and none is another's.
    let mut bytes = URL_SAFE_NO_PAD.decode(client.nonce(&again).await).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    for wrong in [URL_SAFE_NO_PAD.encode(bytes), "AAAA".into(), String::new()] {
        assert_eq!(ask(&again, &wrong).await.json()["error"], "use_dpop_nonce", "{wrong}");
    }
}

#[tokio::test]
async fn a_nonce_of_another_org_does_not_count() {
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let ours = ServiceClient::bound(&app, READ).await;
    let theirs = ServiceClient::in_org(&app, Some("other.example.com"), READ, true, ClientKey::rsa()).await;
    let token_url = "http://other.example.com/oauth2/v1/token";
    let assertion = theirs.assertion_with(&app, json!({"aud": token_url}));
    let proof = theirs.proof(&app, "POST", TOKEN, json!({"htu": token_url, "nonce": ours.nonce(&app).await}));
    let caller = app.anon().with("host", "other.example.com").with("dpop", &proof);
    assert_eq!(post_form(&caller, &theirs.form(&assertion)).await.json()["error"], "use_dpop_nonce");
}

#[tokio::test]
async fn a_proof_counts_once_whichever_server_sees_it_and_after_a_restart() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let (nonce, token) = (client.nonce(&app).await, client.bound_token(&app).await);
    let for_token = client.proof(&app, "POST", TOKEN, json!({"nonce": nonce}));
    let for_api = client.proof(&app, "GET", KEYS, json!({"ath": ath(&token)}));
    assert_eq!(client.ask_with_proof(&app, &for_token).await.status, 200);
    assert_eq!(call(&app, &token, &for_api).await.status, 200);
    let beside = app.start_beside().await;
    let used = "The DPoP proof JWT has already been used.";
    for app in [&app, &beside] {
        assert_eq!(client.ask_with_proof(app, &for_token).await.json()["error_description"], used);
        assert_eq!(call(app, &token, &for_api).await.cause(), used);
    }
    app.stop().await;
    let again = beside.start_beside().await;
    assert_eq!(client.ask_with_proof(&again, &for_token).await.json()["error_description"], used);
    assert_eq!(call(&again, &token, &for_api).await.cause(), used);
    // It is remembered for as long as it could count.
    again.clock.advance(Duration::from_secs(300));
    again.vault.oauth_upkeep().await.unwrap();
    assert_eq!(call(&again, &token, &for_api).await.cause(), used);
    again.clock.advance(Duration::from_secs(1));
    again.vault.oauth_upkeep().await.unwrap();
    assert_eq!(call(&again, &token, &for_api).await.cause(), "'iat' claim in the DPoP proof JWT is invalid.");
}

#[tokio::test]
async fn an_assertion_is_used_up_by_the_answer_that_asks_for_a_nonce() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let form = client.form(&client.assertion(&app));
    let first = anon(&app).with("dpop", &client.proof(&app, "POST", TOKEN, json!({})));
    let asked = post_form(&first, &form).await;
    let nonce = asked.header("dpop-nonce");
    let second = anon(&app).with("dpop", &client.proof(&app, "POST", TOKEN, json!({"nonce": nonce})));
    assert_eq!(
        post_form(&second, &form).await.json()["error_description"],
        "The client_assertion token has already been used."
    );
}

#[tokio::test]
async fn a_request_that_was_not_looked_at_can_be_sent_again_with_its_proof() {
    use hookvault::domain::rate_limit::RateLimit;
    let app = TestApp::start_with(|config| config.server.rate_limit = RateLimit::parse("3").unwrap()).await;
    let client = ServiceClient::bound(&app, READ).await;
    let token = client.bound_token(&app).await;
    let proof = || client.proof(&app, "GET", KEYS, json!({"ath": ath(&token)}));
    for _ in 0..3 {
        assert_eq!(call(&app, &token, &proof()).await.status, 200);
    }
    let refused = proof();
    assert_eq!(call(&app, &token, &refused).await.failure(), "429 E0000047");
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(call(&app, &token, &refused).await.status, 200);
    assert_eq!(call(&app, &token, &refused).await.cause(), "The DPoP proof JWT has already been used.");
}

#[tokio::test]
async fn the_proof_of_a_request_that_could_not_be_served_is_given_back() {
    let app = TestApp::start().await;
    let client = ServiceClient::bound(&app, READ).await;
    let token = client.bound_token(&app).await;
    let proof = client.proof(&app, "GET", KEYS, json!({"ath": ath(&token)}));
    let org = Arc::new(app.vault.registry().org_pick(None).await.unwrap());
    let request = AccessRequest {
        org: &org,
        issuer: &url(""),
        any_port: false,
        scheme: Scheme::DPoP,
        token: &token,
        proofs: &[&proof],
        method: "GET",
        url: &url(KEYS),
    };
    let (caller, once) = app.vault.access_token_authenticate(request).await.unwrap();
    let (actor, once) = (Actor::client(&caller.credential, &Default::default()), once.unwrap());
    app.vault.proof_use(&actor, &once).await.unwrap();
    assert!(app.vault.proof_use(&actor, &once).await.is_err());
    // As the middleware does where the answer is a 503.
    app.vault.proof_release(&actor, &once).await;
    assert_eq!(call(&app, &token, &proof).await.status, 200);
    assert_eq!(call(&app, &token, &proof).await.cause(), "The DPoP proof JWT has already been used.");
}

/// The Go SDK, and Terraform through it, when the vault is configured as its proxy.
#[tokio::test]
async fn a_client_that_takes_the_vault_for_its_proxy_may_drop_the_port() {
    let public = PublicUrl::parse("http://127.0.0.1:8080").unwrap();
    for public_url in [None, Some(public)] {
        let app = TestApp::start_with(|config| config.server.public_url = public_url.clone()).await;
        let client = ServiceClient::bound(&app, READ).await;
        // The port that clients see need not be the one that the vault listens on.
        let token_url = format!("http://127.0.0.1:8080{TOKEN}");
        let ask = async |more: Value| {
            let proof = client.proof(&app, "POST", TOKEN, with(more, json!({"htu": token_url})));
            let form = client.form(&client.assertion_with(&app, json!({"aud": token_url})));
            post_form(&app.anon().with("host", "127.0.0.1:8080").with("dpop", &proof), &form).await
        };
        let nonce = ask(json!({})).await.header("dpop-nonce").to_owned();
        let token = ask(json!({"nonce": nonce})).await.json()["access_token"].as_str().unwrap().to_owned();

        let call = async |target: &str, host: &str| {
            let proof = json!({"htu": format!("http://{host}{KEYS}"), "ath": ath(&token)});
            let proof = client.proof(&app, "GET", KEYS, proof);
            let head = format!(
                "GET {target}{KEYS} HTTP/1.1\r\nhost: {host}\r\nauthorization: DPoP {token}\r\ndpop: {proof}\r\nconnection: close\r\n\r\n"
            );
            let answer = exchange(app.address, head.into_bytes(), Then::Wait).await;
            answer.split(' ').nth(1).unwrap().to_owned()
        };
        assert_eq!(call("", "127.0.0.1:8080").await, "200");
        assert_eq!(call("http://127.0.0.1", "127.0.0.1").await, "200");
        // Another port is another address, as is another name, and no port in a request that names no proxy.
        for (target, host) in
            [("http://127.0.0.1:1", "127.0.0.1:1"), ("http://localhost", "localhost"), ("", "127.0.0.1")]
        {
            assert_ne!(call(target, host).await, "200", "{target} {host}");
        }
    }
}

#[tokio::test]
async fn who_takes_the_vault_for_its_proxy_may_never_name_a_port() {
    let app = TestApp::start().await;
    let token = ServiceClient::new(&app, READ).await.token(&app).await;
    let head = format!(
        "GET {} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n",
        url(KEYS)
    );
    let answer = exchange(app.address, head.into_bytes(), Then::Wait).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
