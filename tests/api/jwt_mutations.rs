//! No way to spoil a valid assertion, proof or token is accepted: thousands of ways are tried, the same ones in every run.

use crate::support::app::{READ, TestApp};
use crate::support::oauth::{ASSERTION_TYPE, HOST, ServiceClient, TOKEN, ath, url};
use hookvault::domain::actor::Actor;
use hookvault::domain::org::Org;
use hookvault::vault::error::VaultError;
use hookvault::vault::oauth::access_token::{AccessRequest, Scheme};
use hookvault::vault::oauth::grant::TokenRequest;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::json;
use std::cell::Cell;
use std::sync::Arc;
use tokio::runtime::Handle;

/// For each of the three.
const MUTATIONS: u32 = 10_000;

const KEYS: &str = "/api/v1/hook-keys";

/// One way to spoil a text.
#[derive(Debug, Clone)]
enum Mutation {
    /// Another character of those that a JWT is made of.
    Replace(Index, Index),
    FlipBit(Index, u8),
    Insert(Index, Index),
    Remove(Index),
    Truncate(Index),
    Swap(Index, Index),
    /// Its parts in another order, or one of them twice.
    Parts([Index; 3]),
    /// A part of another token that is as good.
    Transplant(Index),
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), at()).prop_map(|(at, with)| Mutation::Replace(at, with)),
        4 => (at(), 0..7_u8).prop_map(|(at, bit)| Mutation::FlipBit(at, bit)),
        2 => (at(), at()).prop_map(|(at, with)| Mutation::Insert(at, with)),
        2 => at().prop_map(Mutation::Remove),
        1 => at().prop_map(Mutation::Truncate),
        2 => (at(), at()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        1 => [at(), at(), at()].prop_map(Mutation::Parts),
        1 => at().prop_map(Mutation::Transplant),
    ]
}

impl Mutation {
    /// `None` where the text would stay as it is, or be no text.
    fn apply(&self, text: &str, other: &str) -> Option<String> {
        let mut bytes = text.as_bytes().to_vec();
        let length = bytes.len();
        let part = |text: &str, index: usize| text.split('.').nth(index).unwrap().to_owned();
        match self {
            Self::Replace(at, with) => bytes[at.index(length)] = *with.get(ALPHABET),
            Self::FlipBit(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Insert(at, with) => bytes.insert(at.index(length + 1), *with.get(ALPHABET)),
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Truncate(at) => bytes.truncate(at.index(length)),
            Self::Swap(one, other) => bytes.swap(one.index(length), other.index(length)),
            Self::Parts(order) => bytes = order.map(|index| part(text, index.index(3))).join(".").into_bytes(),
            Self::Transplant(index) => {
                let mut parts = [0, 1, 2].map(|index| part(text, index));
                parts[index.index(3)] = part(other, index.index(3));
                bytes = parts.join(".").into_bytes();
            }
        }
        // A header value is trimmed on its way.
        String::from_utf8(bytes).ok().filter(|spoilt| spoilt.trim() != text)
    }
}

/// Tries all mutations of a text, each of which `accepts` must not accept. `other` is another text of the same kind.
fn try_all(text: &str, other: &str, accepts: impl AsyncFn(String) -> bool) {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: MUTATIONS, failure_persistence: None, ..Config::default() };
    let tried = Cell::new(0);
    let result = TestRunner::new_with_rng(config, rng).run(&mutation(), |mutation| {
        let Some(spoilt) = mutation.apply(text, other) else {
            return Err(TestCaseError::reject("it changes nothing"));
        };
        tried.set(tried.get() + 1);
        if Handle::current().block_on(accepts(spoilt.clone())) {
            return Err(TestCaseError::fail(format!("{text}\n  was accepted as\n{spoilt}")));
        }
        Ok(())
    });
    match result {
        Ok(()) => assert!(tried.get() >= MUTATIONS, "{} mutations were tried", tried.get()),
        Err(TestError::Fail(reason, mutation)) => panic!("{mutation:?}: {reason}"),
        Err(error) => panic!("{error}"),
    }
}

/// Runs `body` where it may wait for the vault.
async fn blocking(body: impl FnOnce() + Send + 'static) {
    tokio::task::spawn_blocking(body).await.unwrap();
}

async fn org(app: &TestApp) -> Org {
    app.vault.registry().org_pick(None).await.unwrap()
}

async fn grant(app: &TestApp, org: &Org, assertion: &str, proofs: &[&str]) -> Result<String, VaultError> {
    let request = TokenRequest {
        org,
        issuer: &url(""),
        token_url: &url(TOKEN),
        grant_type: Some("client_credentials"),
        scope: Some(READ),
        client_id: None,
        has_secret: false,
        assertion_type: Some(ASSERTION_TYPE),
        assertion: Some(assertion),
        proofs,
        facts: &std::sync::Arc::default(),
    };
    app.vault.token_grant(request).await.map(|granted| granted.access_token)
}

async fn access(app: &TestApp, org: &Org, scheme: Scheme, token: &str, proofs: &[&str]) -> Result<(), VaultError> {
    let request = AccessRequest {
        org: &Arc::new(org.clone()),
        issuer: &url(""),
        any_port: false,
        scheme,
        token,
        proofs,
        method: "GET",
        url: &format!("http://{HOST}{KEYS}"),
    };
    match app.vault.access_token_authenticate(request).await? {
        (_, Some(proof)) => app.vault.proof_use(&Actor::Vault, &proof).await,
        (_, None) => Ok(()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mutation_of_an_assertion_is_accepted() {
    let app = TestApp::start().await;
    let (org, client) = (org(&app).await, ServiceClient::new(&app, READ).await);
    let (valid, other) = (client.assertion(&app), client.assertion(&app));
    blocking(move || {
        try_all(&valid, &other, async |spoilt| grant(&app, &org, &spoilt, &[]).await.is_ok());
        // It was good all the time.
        Handle::current().block_on(grant(&app, &org, &valid, &[])).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mutation_of_an_access_token_is_accepted() {
    let app = TestApp::start().await;
    let (org, client) = (org(&app).await, ServiceClient::new(&app, READ).await);
    let (valid, other) = (client.token(&app).await, client.token(&app).await);
    blocking(move || {
        try_all(&valid, &other, async |spoilt| access(&app, &org, Scheme::Bearer, &spoilt, &[]).await.is_ok());
        Handle::current().block_on(access(&app, &org, Scheme::Bearer, &valid, &[])).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mutation_of_a_proof_is_accepted() {
    let app = TestApp::start().await;
    let (org, client) = (org(&app).await, ServiceClient::bound(&app, READ).await);
    let token = client.bound_token(&app).await;
    let [valid, other] = [0, 1].map(|_| client.proof(&app, "GET", KEYS, json!({"ath": ath(&token)})));
    blocking(move || {
        try_all(&valid, &other, async |spoilt| access(&app, &org, Scheme::DPoP, &token, &[&spoilt]).await.is_ok());
        Handle::current().block_on(access(&app, &org, Scheme::DPoP, &token, &[&valid])).unwrap();
    })
    .await;
}
