//! A service app with its key, as its owner has it.

use super::answer::Answer;
use super::app::{Caller, TestApp};
use super::client_key::{ClientKey, with};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookvault::crypto::jwk;
use hookvault::domain::actor::Actor;
use hookvault::domain::name::Name;
use hookvault::domain::scope::Scopes;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};

pub const TOKEN: &str = "/oauth2/v1/token";
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The address of the vault in tests that show tokens: without a port that differs from run to run.
pub const HOST: &str = "vault.localhost";

pub fn url(path: &str) -> String {
    format!("http://{HOST}{path}")
}

pub struct ServiceClient {
    pub id: String,
    pub key: ClientKey,
    pub scope: String,
    ids: AtomicU32,
}

/// Keys as the vault takes them.
pub fn named(kid: Option<&str>, key: &ClientKey) -> jwk::Named {
    let mut keys = jwk::parse(&key.jwk().to_string()).unwrap();
    (kid.map(str::to_owned), keys.remove(0).1)
}

impl ServiceClient {
    pub async fn new(app: &TestApp, scope: &str) -> Self {
        Self::with_key(app, scope, false, ClientKey::rsa()).await
    }

    /// One whose tokens are bound to a key.
    pub async fn bound(app: &TestApp, scope: &str) -> Self {
        Self::with_key(app, scope, true, ClientKey::rsa()).await
    }

    pub async fn with_key(app: &TestApp, scope: &str, dpop: bool, key: ClientKey) -> Self {
        Self::in_org(app, None, scope, dpop, key).await
    }

    pub async fn in_org(app: &TestApp, org: Option<&str>, scope: &str, dpop: bool, key: ClientKey) -> Self {
        let registry = app.vault.registry();
        let org = registry.org_pick(org).await.unwrap();
        let name = Name::parse(&format!("app {}", registry.service_app_list().await.unwrap().len())).unwrap();
        let keys = vec![named(Some("key 1"), &key)];
        let scopes = Scopes::parse(scope).unwrap();
        let (made, _) = registry.service_app_create(&Actor::Vault, &org.id, name, scopes, dpop, keys).await.unwrap();
        Self { id: made.id.to_string(), key, scope: scope.to_owned(), ids: AtomicU32::default() }
    }

    pub fn header(&self) -> Value {
        json!({"alg": self.key.algorithm(), "kid": "key 1", "typ": "JWT"})
    }

    /// Each with an id of its own.
    pub fn claims(&self, app: &TestApp) -> Value {
        let now = app.vault.clock().now().unix();
        let id = self.ids.fetch_add(1, Ordering::SeqCst);
        json!({"iss": self.id, "sub": self.id, "aud": url(TOKEN), "iat": now, "exp": now + 300, "jti": format!("id {id}")})
    }

    pub fn assertion(&self, app: &TestApp) -> String {
        self.assertion_with(app, json!({}))
    }

    /// An assertion with other claims; `null` takes one away.
    pub fn assertion_with(&self, app: &TestApp, changes: Value) -> String {
        self.key.sign(&self.header(), &with(self.claims(app), changes))
    }

    /// A DPoP proof with the client's own key, as the Node SDK makes them.
    pub fn proof(&self, app: &TestApp, method: &str, path: &str, changes: Value) -> String {
        self.proof_by(&self.key, app, method, path, changes)
    }

    pub fn proof_by(&self, key: &ClientKey, app: &TestApp, method: &str, path: &str, changes: Value) -> String {
        let header = json!({"alg": key.algorithm(), "typ": "dpop+jwt", "jwk": key.jwk()});
        key.sign(&header, &with(self.proof_claims(app, method, path), changes))
    }

    pub fn proof_claims(&self, app: &TestApp, method: &str, path: &str) -> Value {
        let id = self.ids.fetch_add(1, Ordering::SeqCst);
        let now = app.vault.clock().now().unix();
        json!({"htm": method, "htu": url(path), "iat": now, "jti": format!("proof {id}")})
    }

    /// A usual token request.
    pub fn form(&self, assertion: &str) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "client_credentials".into()),
            ("scope", self.scope.clone()),
            ("client_assertion_type", ASSERTION_TYPE.into()),
            ("client_assertion", assertion.to_owned()),
        ]
    }

    pub async fn ask(&self, app: &TestApp, assertion: &str) -> Answer {
        post_form(&anon(app), &self.form(assertion)).await
    }

    /// As [`Self::ask`], with a proof.
    pub async fn ask_with_proof(&self, app: &TestApp, proof: &str) -> Answer {
        post_form(&anon(app).with("dpop", proof), &self.form(&self.assertion(app))).await
    }

    pub async fn token(&self, app: &TestApp) -> String {
        let answer = self.ask(app, &self.assertion(app)).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A caller with a new token.
    pub async fn caller<'a>(&self, app: &'a TestApp) -> Caller<'a> {
        bearer(app, &self.token(app).await)
    }

    /// A nonce, as the token endpoint gives it to whoever comes without.
    pub async fn nonce(&self, app: &TestApp) -> String {
        let answer = self.ask_with_proof(app, &self.proof(app, "POST", TOKEN, json!({}))).await;
        assert_eq!(answer.json()["error"], "use_dpop_nonce", "{answer}");
        answer.header("dpop-nonce").to_owned()
    }

    /// A token that is bound to the client's own key.
    pub async fn bound_token(&self, app: &TestApp) -> String {
        let nonce = self.nonce(app).await;
        let answer = self.ask_with_proof(app, &self.proof(app, "POST", TOKEN, json!({"nonce": nonce}))).await;
        assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{answer}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}

pub fn anon(app: &TestApp) -> Caller<'_> {
    app.anon().with("host", HOST)
}

pub fn bearer<'a>(app: &'a TestApp, token: &str) -> Caller<'a> {
    anon(app).with("authorization", &format!("Bearer {token}"))
}

pub async fn post_form(caller: &Caller<'_>, form: &[(&str, String)]) -> Answer {
    caller.send(Method::POST, TOKEN, Some(("application/x-www-form-urlencoded", encode(form).into_bytes()))).await
}

pub fn encode(form: &[(&str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// What a proof says of the token that it comes with.
pub fn ath(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// A part of a JWT: 0 is the header, 1 the claims.
pub fn part(jwt: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(index).unwrap()).unwrap()).unwrap()
}
