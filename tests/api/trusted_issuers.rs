//! Tokens of an issuer outside. `tests/clients` has one that we did not write.

use crate::support::answer::Answer;
use crate::support::app::{READ, TestApp};
use crate::support::client_key::{ClientKey, with};
use crate::support::hook_server::{HookServer, Reply};
use crate::support::oauth::{ServiceClient, anon, ath, bearer, url};
use hookvault::domain::actor::Actor;
use hookvault::domain::http_url::HttpUrl;
use hookvault::domain::scope::Scopes;
use hookvault::domain::trusted_issuer::TrustedIssuer;
use hookvault::vault::oauth::access_token::{AccessRequest, Scheme};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

const KEYS: &str = "/api/v1/hook-keys";

/// An issuer whose key set, or whole answer, a test may change.
struct Issuer {
    server: HookServer,
    key: ClientKey,
    answers: Arc<Mutex<Answers>>,
}

#[derive(Clone, Default)]
struct Answers {
    keys: Vec<Value>,
    down: bool,
    /// Its metadata wait for this.
    held: Option<Arc<Notify>>,
    /// For how many seconds its keys are fresh, as it says.
    fresh: Option<u32>,
}

impl Issuer {
    async fn start() -> Self {
        let key = ClientKey::rsa();
        let answers = Arc::new(Mutex::new(Answers {
            keys: vec![with(key.jwk(), json!({"kid": "a", "use": "sig"}))],
            ..Answers::default()
        }));
        let given = answers.clone();
        let server = HookServer::start(move |seen| {
            let Answers { keys, down, held, fresh } = given.lock().unwrap().clone();
            let origin = format!("http://{}", seen.headers["host"]);
            match seen.path.as_str() {
                _ if down => Reply::Json(503, json!({})),
                "/.well-known/openid-configuration" => {
                    let metadata = json!({"issuer": origin, "jwks_uri": format!("{origin}/keys")});
                    held.map_or_else(|| Reply::Json(200, metadata.clone()), |held| Reply::Held(held, metadata.clone()))
                }
                "/keys" => match fresh {
                    Some(seconds) => Reply::Cached(seconds, json!({"keys": keys})),
                    None => Reply::Json(200, json!({"keys": keys})),
                },
                _ => Reply::Json(404, json!({})),
            }
        })
        .await;
        Self { server, key, answers }
    }

    fn address(&self) -> String {
        self.server.url("")
    }

    fn trusted(&self) -> TrustedIssuer {
        TrustedIssuer {
            issuer: HttpUrl::parse(&self.address()).unwrap(),
            audience: "hookvault".into(),
            scopes_claim: "scope".into(),
            mapping: [("vault:read".to_owned(), Scopes::parse(READ).unwrap())].into(),
            jwks_uri: None,
            org: None,
        }
    }

    async fn vault(&self) -> TestApp {
        self.vault_with(|_| {}).await
    }

    async fn vault_with(&self, adjust: impl FnOnce(&mut TrustedIssuer)) -> TestApp {
        let mut trusted = self.trusted();
        adjust(&mut trusted);
        TestApp::start_with(|config| config.trusted_issuers = vec![trusted]).await
    }

    fn claims(&self, app: &TestApp) -> Value {
        let now = app.vault.clock().now().unix();
        json!({"iss": self.address(), "sub": "billing", "aud": "hookvault", "iat": now, "exp": now + 300, "scope": "openid vault:read"})
    }

    fn token(&self, app: &TestApp, changes: Value) -> String {
        self.key.sign(&json!({"alg": "RS256", "kid": "a", "typ": "at+jwt"}), &with(self.claims(app), changes))
    }

    fn fetches(&self) -> usize {
        self.server.seen().iter().filter(|seen| seen.path == "/keys").count()
    }
}

async fn get(app: &TestApp, token: &str) -> Answer {
    bearer(app, token).get(KEYS).await
}

#[tokio::test]
async fn a_token_of_a_trusted_issuer_opens_what_its_scopes_mean_here() {
    let issuer = Issuer::start().await;
    let app = issuer.vault().await;
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
    let more = json!({"name": "x"});
    assert_eq!(bearer(&app, &issuer.token(&app, json!({}))).post(KEYS, more.clone()).await.failure(), "403 E0000006");
    for scope in [json!("okta.inlineHooks.manage"), json!(["openid", "okta.inlineHooks.manage"])] {
        let caller = bearer(&app, &issuer.token(&app, json!({ "scope": scope })));
        assert_ne!(caller.post(KEYS, more.clone()).await.status, 403, "{scope}");
    }
    for none in [json!(null), json!("openid"), json!(7)] {
        assert_eq!(get(&app, &issuer.token(&app, json!({ "scope": none }))).await.failure(), "403 E0000006", "{none}");
    }
    assert_eq!(issuer.fetches(), 1, "the keys are fetched once");
}

#[tokio::test]
async fn a_token_for_others_or_of_another_time_is_refused() {
    let issuer = Issuer::start().await;
    let app = issuer.vault().await;
    let now = app.vault.clock().now().unix();
    for (changes, cause) in [
        (json!({"aud": "other"}), "The access token is for another audience."),
        (json!({"aud": ["other"]}), "The access token is for another audience."),
        (json!({"aud": null}), "The access token is for another audience."),
        (json!({"exp": now - 60}), "The access token is expired or not valid yet."),
        (json!({"exp": (now + 60).to_string()}), "The access token is expired or not valid yet."),
        (json!({"exp": null}), "The access token is expired or not valid yet."),
        (json!({"nbf": now + 61}), "The access token is expired or not valid yet."),
        (json!({"cnf": {"x5t#S256": "x"}}), "The access token is bound in a way that cannot be checked here."),
        (
            json!({"cnf": {"jkt": "x", "x5t#S256": "x"}}),
            "The access token is bound in a way that cannot be checked here.",
        ),
        (json!({"nbf": "soon"}), "The access token is expired or not valid yet."),
        (
            json!({"iss": "http://127.0.0.1:1"}),
            "The access token was issued neither under this address nor by a trusted issuer.",
        ),
    ] {
        let answer = get(&app, &issuer.token(&app, changes.clone())).await;
        assert_eq!((answer.failure().as_str(), answer.cause().as_str()), ("401 E0000011", cause), "{changes}");
    }
    for right in [json!({"aud": ["other", "hookvault"]}), json!({"exp": now - 59}), json!({"exp": now as f64 + 1.5})] {
        assert_eq!(get(&app, &issuer.token(&app, right.clone())).await.status, 200, "{right}");
    }
}

#[tokio::test]
async fn only_the_issuers_keys_and_types_count() {
    let issuer = Issuer::start().await;
    let app = issuer.vault().await;
    let claims = issuer.claims(&app);
    let header = json!({"alg": "RS256", "kid": "a", "typ": "at+jwt"});
    let status = async |header: Value| get(&app, &issuer.key.sign(&header, &claims)).await.status;
    assert_eq!(status(header.clone()).await, 200);
    for typ in [json!("JWT"), json!("application/at+jwt"), json!(null)] {
        assert_eq!(status(with(header.clone(), json!({ "typ": typ }))).await, 200, "{typ}");
    }
    for changes in
        [json!({"typ": "dpop+jwt"}), json!({"alg": "none"}), json!({"alg": "HS256"}), json!({"alg": "ES256"})]
    {
        assert_eq!(status(with(header.clone(), changes.clone())).await, 401, "{changes}");
    }
    let forger = ClientKey::rsa();
    assert_eq!(get(&app, &forger.sign(&header, &claims)).await.failure(), "401 E0000011");
    let text = claims.to_string().replacen('{', r#"{"scope":"okta.inlineHooks.manage","#, 1);
    let twice = issuer.key.sign_text(&header.to_string(), &text);
    assert_eq!(get(&app, &twice).await.cause(), "The access token cannot be parsed.");
}

#[tokio::test]
async fn an_unknown_kid_has_the_keys_fetched_again_once_a_minute() {
    let issuer = Issuer::start().await;
    let app = issuer.vault().await;
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
    let next = ClientKey::p384();
    let token = |app: &TestApp| next.sign(&json!({"alg": "ES384", "kid": "b"}), &issuer.claims(app));
    assert_eq!(get(&app, &token(&app)).await.failure(), "401 E0000011");
    assert_eq!(issuer.fetches(), 1, "the last try was within a minute");
    issuer.answers.lock().unwrap().keys.push(with(next.jwk(), json!({"kid": "b"})));
    app.clock.advance(Duration::from_mins(1));
    for _ in 0..3 {
        assert_eq!(get(&app, &token(&app)).await.status, 200);
    }
    assert_eq!(issuer.fetches(), 2);
    let unknown = next.sign(&json!({"alg": "ES384", "kid": "c"}), &issuer.claims(&app));
    for _ in 0..3 {
        assert_eq!(get(&app, &unknown).await.failure(), "401 E0000011");
    }
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn an_outage_of_the_issuer_is_not_noticed_for_a_day() {
    let issuer = Issuer::start().await;
    let app = issuer.vault().await;
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
    issuer.answers.lock().unwrap().down = true;
    app.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
    app.clock.advance(Duration::from_mins(2));
    let answer = get(&app, &issuer.token(&app, json!({}))).await;
    assert_eq!(answer.failure(), "503 E0000010");
    assert_eq!(
        answer.cause(),
        "The keys of the access token's issuer cannot be fetched, so the token cannot be checked now."
    );
    issuer.answers.lock().unwrap().down = false;
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
}

#[tokio::test]
async fn keys_that_the_issuer_withdraws_count_no_more() {
    for (fresh, renewed) in
        [(None, Duration::from_mins(10)), (Some(120), Duration::from_mins(2)), (Some(5), Duration::from_mins(1))]
    {
        let issuer = Issuer::start().await;
        issuer.answers.lock().unwrap().fresh = fresh;
        let app = issuer.vault().await;
        let status = async || get(&app, &issuer.token(&app, json!({}))).await.status;
        assert_eq!(status().await, 200);
        issuer.answers.lock().unwrap().keys = vec![with(ClientKey::p256().jwk(), json!({"kid": "b"}))];
        app.clock.advance(renewed - Duration::from_secs(1));
        assert_eq!((status().await, issuer.fetches()), (200, 1));
        app.clock.advance(Duration::from_secs(1));
        // The first token of then has them renewed and does not wait; one of the next sees it.
        let mut statuses = Vec::new();
        while statuses.last() != Some(&401) {
            statuses.push(status().await);
            assert!(statuses.len() < 1000, "the keys are renewed");
        }
        assert_eq!(issuer.fetches(), 2);
    }
}

#[tokio::test]
async fn before_there_are_any_keys_they_are_asked_for_again_soon() {
    for is_down in [true, false] {
        let issuer = Issuer::start().await;
        let keys = {
            let mut answers = issuer.answers.lock().unwrap();
            answers.down = is_down;
            std::mem::take(&mut answers.keys)
        };
        let app = issuer.vault().await;
        let token = issuer.token(&app, json!({}));
        assert_eq!(get(&app, &token).await.failure(), "503 E0000010");
        {
            let mut answers = issuer.answers.lock().unwrap();
            (answers.down, answers.keys) = (false, keys);
        }
        assert_eq!(get(&app, &token).await.failure(), "503 E0000010", "it was asked just now");
        app.clock.advance(Duration::from_secs(5));
        assert_eq!(get(&app, &token).await.status, 200);
    }
}

#[tokio::test]
async fn what_the_metadata_say_must_be_of_the_issuer() {
    let issuer = Issuer::start().await;
    let by_name = HttpUrl::parse(&issuer.address().replace("127.0.0.1", "localhost")).unwrap();
    let app = issuer.vault_with(|trusted| trusted.jwks_uri = HttpUrl::parse(&format!("{by_name}/keys")).ok()).await;
    app.names.set("localhost", &[&["127.0.0.1"]]);
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200, "with its address nothing else is asked");
    assert!(issuer.server.seen().iter().all(|seen| seen.path == "/keys"));
    // The server names itself as it was called: a path more is another issuer.
    let app =
        issuer.vault_with(|trusted| trusted.issuer = HttpUrl::parse(&format!("{}/", issuer.address())).unwrap()).await;
    let token = issuer.token(&app, json!({"iss": format!("{}/", issuer.address())}));
    assert_eq!(get(&app, &token).await.failure(), "503 E0000010");
}

#[tokio::test]
async fn a_trusted_issuer_is_trusted_in_its_org_alone() {
    let issuer = Issuer::start().await;
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let trusted = TrustedIssuer { org: Some("OTHER.example.com".into()), ..issuer.trusted() };
    let app = app.start_beside_with(|config| config.trusted_issuers = vec![trusted]).await;
    let token = issuer.token(&app, json!({}));
    assert_eq!(get(&app, &token).await.failure(), "401 E0000011");
    let there = app.anon().with("host", "other.example.com").with("authorization", &format!("Bearer {token}"));
    assert_eq!(there.get(KEYS).await.status, 200);
}

#[tokio::test]
async fn after_a_quiet_time_a_withdrawn_key_opens_nothing() {
    for left in [vec![with(ClientKey::p256().jwk(), json!({"kid": "b"}))], vec![json!({"kty": "OKP"})], vec![]] {
        let issuer = Issuer::start().await;
        let app = issuer.vault().await;
        assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
        issuer.answers.lock().unwrap().keys = left;
        app.clock.advance(Duration::from_mins(30));
        assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.failure(), "401 E0000011");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_the_fetch_of_keys() {
    let (issuer, released) = (Issuer::start().await, Arc::new(Notify::new()));
    issuer.answers.lock().unwrap().held = Some(released.clone());
    let app = issuer.vault().await;
    let token = issuer.token(&app, json!({}));
    let access = AccessRequest {
        org: &Arc::new(app.vault.registry().org_pick(None).await.unwrap()),
        issuer: &url(""),
        any_port: false,
        scheme: Scheme::Bearer,
        token: &token,
        proofs: &[],
        method: "GET",
        url: &url(KEYS),
    };
    let mut request = Box::pin(app.vault.access_token_authenticate(access));
    while issuer.server.seen().is_empty() {
        assert!(tokio::time::timeout(Duration::ZERO, &mut request).await.is_err(), "it waits for the issuer");
    }
    drop(request);
    released.notify_one();
    assert_eq!(get(&app, &token).await.status, 200);
    assert_eq!(issuer.server.seen().len(), 2, "metadata and keys were asked for once");
}

#[tokio::test]
async fn of_several_keys_with_one_name_the_one_that_fits_counts() {
    let issuer = Issuer::start().await;
    issuer.answers.lock().unwrap().keys.insert(0, with(ClientKey::p256().jwk(), json!({"kid": "a"})));
    let app = issuer.vault().await;
    assert_eq!(get(&app, &issuer.token(&app, json!({}))).await.status, 200);
}

#[tokio::test]
async fn the_vaults_own_tokens_are_its_own_whoever_is_trusted() {
    let itself = TrustedIssuer {
        issuer: HttpUrl::parse(&url("")).unwrap(),
        audience: url(""),
        scopes_claim: "scp".into(),
        mapping: Default::default(),
        jwks_uri: None,
        org: None,
    };
    let app = TestApp::start_with(|config| config.trusted_issuers = vec![itself]).await;
    let client = ServiceClient::new(&app, READ).await;
    let caller = client.caller(&app).await;
    assert_eq!(caller.get(KEYS).await.status, 200);
    app.vault.registry().service_app_set_active(&Actor::Vault, &client.id, false).await.unwrap();
    assert_eq!(caller.get(KEYS).await.failure(), "401 E0000011");
}

#[tokio::test]
async fn tokens_that_the_issuer_has_bound_need_a_proof_here_too() {
    let issuer = Issuer::start().await;
    let app = issuer.vault().await;
    let holder = ClientKey::p256();
    let jkt = hookvault::crypto::jwk::thumbprint(&crate::support::oauth::named(None, &holder).1);
    let token = issuer.token(&app, json!({"cnf": {"jkt": jkt}}));
    assert_eq!(get(&app, &token).await.failure(), "401 E0000011");
    let proof = |key: &ClientKey| {
        let claims = json!({
            "htm": "GET", "htu": url(KEYS), "iat": app.vault.clock().now().unix(), "jti": "1", "ath": ath(&token),
        });
        key.sign(&json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": key.jwk()}), &claims)
    };
    let call = async |proof: &str| {
        anon(&app).with("authorization", &format!("DPoP {token}")).with("dpop", proof).get(KEYS).await
    };
    assert_eq!(call(&proof(&holder)).await.status, 200);
    assert_eq!(call(&proof(&ClientKey::p256())).await.failure(), "400 E0000011");
}
