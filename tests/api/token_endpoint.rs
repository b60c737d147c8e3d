//! The token endpoint: who gets a token, who does not, and in which words.

use crate::support::app::{MANAGE, READ, TestApp, USE};
use crate::support::client_key::{ClientKey, with};
use crate::support::oauth::{ServiceClient, TOKEN, anon, bearer, encode, named, part, post_form, url};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookvault::domain::actor::Actor;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_client_gets_a_token_that_says_what_it_may() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, &format!("{MANAGE} {USE}")).await;
    let answer = client.ask(&app, &client.assertion(&app)).await;
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let mut shown = answer;
    shown.body = shown.body.replace(&token, "…");
    assert_snapshot!(shown, @r#"
    200
    cache-control: no-cache, no-store
    content-length: 916
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    expires: 0
    pragma: no-cache
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 07462f8d57dcc68ef55177aaec936593
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1199
    x-rate-limit-reset: 1761311227

    {"token_type":"Bearer","expires_in":3600,"access_token":"…","scope":"okta.inlineHooks.manage hookvault.keys.use"}
    "#);
    assert_snapshot!(part(&token, 0), @r#"{"alg":"RS256","kid":"e86b48ed-21b4-45d0-ba01-f7aba7a9dcd9","typ":"JWT"}"#);
    assert_snapshot!(part(&token, 1), @r#"{"aud":"http://vault.localhost","cid":"0oaVZqaufhy7yDYkZAjB","exp":1761314767,"iat":1761311167,"iss":"http://vault.localhost","jti":"AT.t-2mO1FnSAoAA5QZNbkJ7m3_l9ZEfqSAUttvX812aM4","scp":["okta.inlineHooks.manage","hookvault.keys.use"],"sub":"0oaVZqaufhy7yDYkZAjB","ver":1}"#);
}

#[tokio::test]
async fn a_client_gets_those_of_the_scopes_asked_for_that_it_may_have() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, &format!("{READ} {USE}")).await;
    for (asked, got) in [
        (READ.to_owned(), READ.to_owned()),
        (format!("  {READ}   {READ} "), READ.to_owned()),
        (format!("{MANAGE} {READ}"), READ.to_owned()),
        (format!("{USE} {READ}"), format!("{READ} {USE}")),
    ] {
        let mut form = client.form(&client.assertion(&app));
        form[1].1 = asked;
        let answer = post_form(&anon(&app), &form).await.json();
        assert_eq!(answer["scope"], got);
        assert_eq!(part(answer["access_token"].as_str().unwrap(), 1)["scp"], json!(got.split(' ').collect::<Vec<_>>()));
    }
}

#[tokio::test]
async fn who_may_manage_may_ask_for_less() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, MANAGE).await;
    let mut form = client.form(&client.assertion(&app));
    form[1].1 = READ.into();
    let answer = post_form(&anon(&app), &form).await.json();
    assert_eq!(answer["scope"], READ);
    let reader = bearer(&app, answer["access_token"].as_str().unwrap());
    assert_eq!(reader.get("/api/v1/hook-keys").await.status, 200);
    assert_eq!(reader.post("/api/v1/hook-keys", json!({"name": "x"})).await.failure(), "403 E0000006");
}

#[tokio::test]
async fn every_kind_of_key_signs_assertions() {
    let app = TestApp::start().await;
    for key in [ClientKey::rsa(), ClientKey::p256(), ClientKey::p384(), ClientKey::p521()] {
        let client = ServiceClient::with_key(&app, READ, false, key).await;
        let algorithms: &[&str] = match &client.key {
            ClientKey::Rsa(_) => &["RS256", "RS384", "RS512"],
            ClientKey::Ec(..) => &[client.key.algorithm()],
        };
        for algorithm in algorithms {
            let header = with(client.header(), json!({"alg": algorithm}));
            let assertion = client.key.sign(&header, &client.claims(&app));
            assert_eq!(client.ask(&app, &assertion).await.status, 200, "{algorithm}");
        }
    }
}

/// Every row of the table of errors, byte for byte.
#[tokio::test]
async fn each_refusal_has_its_published_words() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let other = ServiceClient::new(&app, READ).await;
    let off = ServiceClient::new(&app, READ).await;
    app.vault.registry().service_app_set_active(&Actor::Vault, &off.id, false).await.unwrap();
    let now = app.vault.clock().now().unix();
    let sign = |changes: Value| client.assertion_with(&app, changes);
    let head = |changes: Value| client.key.sign(&with(client.header(), changes), &client.claims(&app));
    let used = client.assertion(&app);
    assert_eq!(client.ask(&app, &used).await.status, 200);
    let form = |assertion: String| client.form(&assertion);
    let but = |name: &str, value: Option<&str>| {
        let mut form = client.form(&client.assertion(&app));
        form.retain(|(known, _)| *known != name);
        if let Some(value) = value {
            form.push((
                ["grant_type", "scope", "client_assertion_type", "client_id"].into_iter().find(|n| *n == name).unwrap(),
                value.to_owned(),
            ));
        }
        form
    };
    let refused = |error: &str, text: &str| format!(r#"401 {{"error":"{error}","error_description":"{text}"}}"#);
    let client_error = |text: &str| refused("invalid_client", text);
    let bad = |error: &str, text: &str| format!(r#"400 {{"error":"{error}","error_description":"{text}"}}"#);
    let failed = client_error("Client authentication failed. Either the client or the client credentials are invalid.");
    let issuer = client_error("The issuer claim for client_assertion is not a valid client_id.");
    let audience =
        client_error("The audience claim for client_assertion must be the endpoint invoked for the request.");
    let no_exp = client_error("The client_assertion must contain the 'exp' claim as seconds since epoch.");
    let expired = client_error("The client_assertion token is expired.");
    let too_late = client_error("The client_assertion token has an expiration too far into the future.");
    let already = client_error("The client_assertion token has already been used.");
    let signature = client_error("The client_assertion signature is invalid.");
    let parsing = client_error("The parsing of the client_assertion failed.");
    let kid = client_error("The client_assertion JWT kid is invalid.");
    let algorithm = client_error("The client_assertion JWT signature algorithm is invalid.");
    let no_credentials = client_error("No client credentials found.");
    let assertion_type = bad("invalid_request", "The client_assertion_type is invalid.");
    let grant_type = bad(
        "unsupported_grant_type",
        "The authorization grant type is not supported. Supported grant types: [client_credentials].",
    );
    let no_scopes = bad("invalid_scope", "No scopes were requested.");
    let unknown_scope =
        bad("invalid_scope", "One or more scopes are not configured for the authorization server resource.");
    let not_allowed = bad("consent_required", "You are not allowed any of the requested scopes.");

    let nothing = vec![("grant_type", "client_credentials".to_owned()), ("scope", READ.to_owned())];
    let secret = [nothing.clone(), vec![("client_id", client.id.clone()), ("client_secret", "x".to_owned())]].concat();
    let text = |header: Value, claims: &str| client.key.sign_text(&header.to_string(), claims);
    let twice =
        format!(r#"{{"iss":"{0}","sub":"{0}","aud":"{1}","exp":{2},"exp":{2}}}"#, client.id, url(TOKEN), now + 60);
    let none = {
        let message =
            [json!({"alg": "none"}), client.claims(&app)].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{}.", message.join("."))
    };
    let hmac = {
        use aws_lc_rs::hmac;
        let header = with(client.header(), json!({"alg": "HS256"}));
        let message = [header, client.claims(&app)].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let key = hmac::Key::new(hmac::HMAC_SHA256, client.key.public_pem().as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())))
    };
    type Form = Vec<(&'static str, String)>;
    let rows: Vec<(&str, Form, &String)> = vec![
        ("nothing", nothing, &no_credentials),
        ("a secret", secret, &failed),
        (
            "a secret, too",
            [client.form(&client.assertion(&app)), vec![("client_secret", "x".to_owned())]].concat(),
            &failed,
        ),
        ("another subject", form(sign(json!({"sub": other.id}))), &failed),
        ("another client_id", but("client_id", Some(&other.id)), &failed),
        ("a deactivated app", off.form(&off.assertion(&app)), &failed),
        ("not valid yet", form(sign(json!({"nbf": now + 61}))), &failed),
        ("an unknown issuer", form(sign(json!({"iss": "0oa00000000000000000"}))), &issuer),
        ("an issuer that is no id", form(sign(json!({"iss": "me"}))), &issuer),
        ("no issuer", form(sign(json!({"iss": null}))), &issuer),
        ("another audience", form(sign(json!({"aud": "https://other.example/oauth2/v1/token"}))), &audience),
        ("the issuer as audience", form(sign(json!({"aud": url("")}))), &audience),
        ("for others, too", form(sign(json!({"aud": [url(TOKEN), "https://other.example"]}))), &audience),
        ("no audience", form(sign(json!({"aud": null}))), &audience),
        ("an audience that is a number", form(sign(json!({"aud": 7}))), &audience),
        ("no exp", form(sign(json!({"exp": null}))), &no_exp),
        ("exp as a text", form(sign(json!({"exp": (now + 60).to_string()}))), &no_exp),
        ("exp as a list", form(sign(json!({"exp": [now + 60]}))), &no_exp),
        ("expired a minute ago", form(sign(json!({"exp": now - 60}))), &expired),
        ("expired before there was time", form(sign(json!({"exp": -1e300}))), &expired),
        ("an hour and a minute, and a second", form(sign(json!({"exp": now + 3661}))), &too_late),
        ("exp without end", form(sign(json!({"exp": 1e300}))), &too_late),
        ("used", form(used), &already),
        ("signed by another", form(other.key.sign(&client.header(), &client.claims(&app))), &signature),
        ("no JWT", form("a.b.c".into()), &parsing),
        ("two parts", form("e30.e30".into()), &parsing),
        ("four parts", form(format!("{}.", client.assertion(&app))), &parsing),
        ("claims that are a list", form(text(client.header(), "[]")), &parsing),
        ("claims that are no JSON", form(text(client.header(), "{")), &parsing),
        ("a claim twice", form(text(client.header(), &twice)), &parsing),
        (
            "a header member twice",
            form(client.key.sign_text(r#"{"alg":"RS256","alg":"RS256"}"#, &client.claims(&app).to_string())),
            &parsing,
        ),
        ("an issuer that is a number", form(sign(json!({"iss": 7}))), &parsing),
        ("an extension that must be understood", form(head(json!({"crit": ["b64"], "b64": true}))), &parsing),
        ("padding", form(format!("{}=", client.assertion(&app))), &parsing),
        ("an unknown kid", form(head(json!({"kid": "key 2"}))), &kid),
        ("the kid of another app's key", form(head(json!({"kid": other.id}))), &kid),
        ("no algorithm", form(none), &algorithm),
        ("HMAC with the public key", form(hmac), &algorithm),
        ("an algorithm that is not taken", form(head(json!({"alg": "PS256"}))), &algorithm),
        ("an algorithm for another key", form(head(json!({"alg": "ES256"}))), &algorithm),
        ("another assertion type", but("client_assertion_type", Some("jwt")), &assertion_type),
        ("no assertion type", but("client_assertion_type", None), &assertion_type),
        ("another grant", but("grant_type", Some("password")), &grant_type),
        ("no grant", but("grant_type", None), &grant_type),
        ("no scope", but("scope", None), &no_scopes),
        ("a blank scope", but("scope", Some(" ")), &no_scopes),
        ("an unknown scope", but("scope", Some(&format!("{READ} okta.users.read"))), &unknown_scope),
        ("a scope that it may not have", but("scope", Some(MANAGE)), &not_allowed),
    ];
    for (what, form, expected) in rows {
        let answer = post_form(&anon(&app), &form).await;
        assert_eq!(&answer.brief(), expected, "{what}");
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/json", "no-store"));
    }
}

#[tokio::test]
async fn what_clients_write_in_other_ways_counts_too() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let now = app.vault.clock().now().unix();
    for (what, changes) in [
        ("an hour, as Go does", json!({"exp": now + 3600})),
        ("an hour on a clock that is a minute ahead", json!({"exp": now + 3660})),
        ("expired within the leeway", json!({"exp": now - 59})),
        ("exp with a fraction", json!({"exp": now as f64 + 60.5})),
        ("no jti and no iat", json!({"jti": null, "iat": null})),
        ("an audience in a list", json!({"aud": [url(TOKEN)]})),
        ("an audience in capitals", json!({"aud": "HTTP://VAULT.localhost:80/oauth2/v1/token"})),
        ("claims of no use", json!({"more": "x".repeat(40_000)})),
    ] {
        let answer = client.ask(&app, &client.assertion_with(&app, changes)).await;
        assert_eq!(answer.status, 200, "{what}: {answer}");
    }
    // Without a kid the only key is meant.
    let header = with(client.header(), json!({"kid": null, "typ": null}));
    assert_eq!(client.ask(&app, &client.key.sign(&header, &client.claims(&app))).await.status, 200);
    // Old Java SDKs put the parameters into the query; others repeat who they are.
    let form = encode(&client.form(&client.assertion(&app)));
    assert_eq!(anon(&app).send(Method::POST, &format!("{TOKEN}?{form}"), None).await.status, 200);
    let form = [client.form(&client.assertion(&app)), vec![("client_id", client.id.clone())]].concat();
    assert_eq!(post_form(&anon(&app), &form).await.status, 200);
}

#[tokio::test]
async fn a_request_that_is_none_is_told_why() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let form = client.form(&client.assertion(&app));
    let twice = [form.clone(), vec![("scope", MANAGE.to_owned())]].concat();
    assert_snapshot!(post_form(&anon(&app), &twice).await.brief(), @r#"400 {"error":"invalid_request","error_description":"The parameter 'scope' must not be given more than once."}"#);
    let json = anon(&app).post(TOKEN, json!({"grant_type": "client_credentials"})).await;
    assert_snapshot!(json.brief(), @r#"400 {"error":"invalid_request","error_description":"The request body must be of the type application/x-www-form-urlencoded."}"#);
    assert_eq!(anon(&app).get(TOKEN).await.failure(), "405 E0000022");
    assert_eq!(anon(&app).get(TOKEN).await.header("allow"), "POST");
    let large = vec![("client_assertion", "x".repeat(70_000))];
    assert_snapshot!(post_form(&anon(&app), &large).await.brief(), @r#"413 {"error":"invalid_request","error_description":"The request body is larger than 65536 bytes."}"#);
}

#[tokio::test]
async fn with_several_keys_an_assertion_says_which() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let (next, registry) = (ClientKey::p256(), app.vault.registry());
    registry.service_app_add_keys(&Actor::Vault, &client.id, vec![named(Some("key 2"), &next)]).await.unwrap();
    let ask =
        async |key: &ClientKey, header: Value| client.ask(&app, &key.sign(&header, &client.claims(&app))).await.status;
    assert_eq!(ask(&client.key, json!({"alg": "RS256", "kid": "key 1"})).await, 200);
    assert_eq!(ask(&next, json!({"alg": "ES256", "kid": "key 2"})).await, 200);
    assert_eq!(ask(&next, json!({"alg": "ES256"})).await, 401);
    registry.service_app_remove_key(&Actor::Vault, &client.id, "key 1").await.unwrap();
    assert_eq!(ask(&client.key, json!({"alg": "RS256", "kid": "key 1"})).await, 401);
    assert_eq!(ask(&next, json!({"alg": "ES256"})).await, 200);
}

#[tokio::test]
async fn an_assertion_counts_once_whichever_server_sees_it_and_after_a_restart() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let used = client.assertion(&app);
    assert_eq!(client.ask(&app, &used).await.status, 200);
    let already = "The client_assertion token has already been used.";
    let told = |answer: &Value| answer["error_description"].as_str().unwrap().to_owned();
    assert_eq!(told(&client.ask(&app, &used).await.json()), already);
    let beside = app.start_beside().await;
    assert_eq!(told(&client.ask(&beside, &used).await.json()), already);
    app.stop().await;
    let again = beside.start_beside().await;
    assert_eq!(told(&client.ask(&again, &used).await.json()), already);
    // The same id of another client is another.
    let other = ServiceClient::new(&again, READ).await;
    let same_id = other.assertion_with(&again, json!({"jti": part(&used, 1)["jti"]}));
    assert_eq!(other.ask(&again, &same_id).await.status, 200);
}

#[tokio::test]
async fn an_assertion_is_used_up_by_a_refusal_of_something_else_too() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let assertion = client.assertion(&app);
    let mut form = client.form(&assertion);
    form[1].1 = MANAGE.into();
    assert_eq!(post_form(&anon(&app), &form).await.json()["error"], "consent_required");
    assert_eq!(
        client.ask(&app, &assertion).await.json()["error_description"],
        "The client_assertion token has already been used."
    );
}

#[tokio::test]
async fn ids_are_remembered_for_as_long_as_their_tokens_could_be_used() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let remembered = async || {
        app.vault.oauth_upkeep().await.unwrap();
        let mut other = app.other_program().await;
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM used_token_id").fetch_one(&mut other).await.unwrap()
    };
    let used = client.assertion(&app);
    assert_eq!(client.ask(&app, &used).await.status, 200);
    // The assertion lives for 300 s and is forgiven another 60.
    app.clock.advance(Duration::from_secs(359));
    assert_eq!(remembered().await, 1);
    assert_eq!(
        client.ask(&app, &used).await.json()["error_description"],
        "The client_assertion token has already been used."
    );
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(remembered().await, 0);
    assert_eq!(client.ask(&app, &used).await.json()["error_description"], "The client_assertion token is expired.");
}

#[tokio::test]
async fn the_client_of_another_org_is_none() {
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let theirs = ServiceClient::in_org(&app, Some("other.example.com"), READ, false, ClientKey::rsa()).await;
    let answer = theirs.ask(&app, &theirs.assertion(&app)).await;
    assert_eq!(answer.json()["error_description"], "The issuer claim for client_assertion is not a valid client_id.");
    let there = app.anon().with("host", "other.example.com");
    let for_there = theirs.assertion_with(&app, json!({"aud": "http://other.example.com/oauth2/v1/token"}));
    assert_eq!(post_form(&there, &theirs.form(&for_there)).await.status, 200);
}

#[tokio::test]
async fn the_metadata_say_where_everything_is_to_everybody_and_without_limit() {
    use hookvault::domain::rate_limit::RateLimit;
    let app = TestApp::start_with(|config| config.server.rate_limit = RateLimit::parse("1").unwrap()).await;
    let caller = anon(&app).with("origin", "https://page.example");
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/oauth2/v1/keys"] {
        for _ in 0..3 {
            let answer = caller.get(path).await;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("cache-control"), "public, max-age=60");
        }
    }
    assert_snapshot!(caller.get("/.well-known/oauth-authorization-server").await.body, @r#"{"issuer":"http://vault.localhost","token_endpoint":"http://vault.localhost/oauth2/v1/token","jwks_uri":"http://vault.localhost/oauth2/v1/keys","scopes_supported":["okta.inlineHooks.read","okta.inlineHooks.manage","hookvault.keys.use","okta.logs.read"],"response_types_supported":[],"grant_types_supported":["client_credentials"],"token_endpoint_auth_methods_supported":["private_key_jwt"],"token_endpoint_auth_signing_alg_values_supported":["RS256","RS384","RS512","ES256","ES384","ES512"],"dpop_signing_alg_values_supported":["RS256","RS384","RS512","ES256","ES384","ES512"]}"#);
    assert_snapshot!(caller.get("/.well-known/openid-configuration").await.body, @r#"{"issuer":"http://vault.localhost","token_endpoint":"http://vault.localhost/oauth2/v1/token","jwks_uri":"http://vault.localhost/oauth2/v1/keys","scopes_supported":["okta.inlineHooks.read","okta.inlineHooks.manage","hookvault.keys.use","okta.logs.read"],"response_types_supported":[],"grant_types_supported":["client_credentials"],"token_endpoint_auth_methods_supported":["private_key_jwt"],"token_endpoint_auth_signing_alg_values_supported":["RS256","RS384","RS512","ES256","ES384","ES512"],"dpop_signing_alg_values_supported":["RS256","RS384","RS512","ES256","ES384","ES512"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}"#);
    let keys = caller.get("/oauth2/v1/keys").await;
    assert_snapshot!(keys.body, @r#"{"keys":[{"alg":"RS256","e":"AQAB","n":"z9usJzpSZLDeK9hYBqQXkxdXR5LNLEze6_Qix7EbMpnnwp5hxuczG98JjX5vvtC66WHUuMs8zuIZs8cu9rfbCqCZ0EvOBNeROWp-MigzlRB6la7I-71WKS9sB458oPG6TW_TJv4FoMyF9_AQd00T3l9GEoiFCDsz3BlNn-mcYaDZgAM19eRb5BnmrrCtLX0qU1C6s83ROeNqMW4aUXLLDbu7JdjTaVIaFX5IID2M6WBOJx0DImG0xJM2ZWCkmnrh2NAJbeKhxVeSxqsl6TEC-P2_RWymGxQJSRqyFgPCOH-IPwHLROBwmvCT9oOPkX7B2ydtO_37V2oSueE5cPscww","kid":"dffa5cc5-a3c7-4dac-b4a7-c74364b12384","kty":"RSA","use":"sig"}]}"#);
    let unchanged = caller.with("if-none-match", keys.header("etag")).get("/oauth2/v1/keys").await;
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
}

#[tokio::test]
async fn what_was_signed_for_another_address_is_of_no_use_here_whatever_the_host_header_says() {
    let app = TestApp::start().await;
    let client = ServiceClient::new(&app, READ).await;
    let elsewhere = client.assertion_with(&app, json!({"aud": "http://evil.example/oauth2/v1/token"}));
    let caller = app.anon().with("host", "evil.example");
    assert_snapshot!(post_form(&caller, &client.form(&elsewhere)).await.brief(), @r#"400 {"error":"invalid_request","error_description":"The server does not know its own address: HOOKVAULT_PUBLIC_URL is not set."}"#);
    let token = client.token(&app).await;
    let caller = caller.with("authorization", &format!("Bearer {token}"));
    assert_snapshot!(caller.get("/api/v1/hook-keys").await.brief(), @r#"401 {"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011","errorId":"oaegKWjo0n4Q_zRBIvOX81wzg","errorCauses":[{"errorSummary":"The server does not know its own address: HOOKVAULT_PUBLIC_URL is not set."}]}"#);
    assert_eq!(caller.get("/.well-known/openid-configuration").await.status, 400);
}

#[tokio::test]
async fn with_a_public_url_that_is_the_address_whatever_the_host_header_says() {
    use hookvault::domain::public_url::PublicUrl;
    let public_url = PublicUrl::parse("https://keys.example.com").unwrap();
    let app = TestApp::start_with(|config| config.server.public_url = Some(public_url)).await;
    app.new_org("other.example.com").await;
    let client = ServiceClient::new(&app, READ).await;
    let outer = json!({"aud": "https://keys.example.com/oauth2/v1/token"});
    for host in ["keys.example.com", "keys.example.com:443", "evil.example", "127.0.0.1"] {
        let caller = app.anon().with("host", host);
        let answer = post_form(&caller, &client.form(&client.assertion_with(&app, outer.clone()))).await.json();
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(part(token, 1)["iss"], "https://keys.example.com", "{host}");
        assert_eq!(caller.with("authorization", &format!("Bearer {token}")).get("/api/v1/hook-keys").await.status, 200);
    }
    let theirs = ServiceClient::in_org(&app, Some("other.example.com"), READ, false, ClientKey::p256()).await;
    let there = app.anon().with("host", "other.example.com:9999");
    for (aud, status) in [("https://other.example.com", 200), ("https://other.example.com:9999", 401)] {
        let assertion = theirs.assertion_with(&app, json!({"aud": format!("{aud}/oauth2/v1/token")}));
        assert_eq!(post_form(&there, &theirs.form(&assertion)).await.status, status, "{aud}");
    }
}
