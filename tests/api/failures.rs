//! Our own failures: told as such, without a word of the inside.

use crate::support::app::{MANAGE, READ, TestApp};
use hookvault::app::{App, Parts};
use hookvault::crypto::random::{Entropy, Purpose, Random};
use insta::assert_snapshot;
use rand::TryRng as _;
use rand::rngs::SysRng;
use serde_json::json;
use std::sync::Arc;

const KEYS: &str = "/api/v1/hook-keys";

/// Works until a nonce is drawn for a name that is not the probe's: the second one.
struct NoFirstNonce(std::sync::atomic::AtomicUsize);

impl Entropy for NoFirstNonce {
    fn fill(&self, purpose: Purpose, bytes: &mut [u8]) {
        if purpose == Purpose::Nonce && self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
            panic!("a detail that nobody may see");
        }
        SysRng.try_fill_bytes(bytes).unwrap();
    }
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing_and_the_next_request_works() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let folder = app.stop().await;
    let random = Random::from_source(Arc::new(NoFirstNonce(0.into())));
    let app = App::start(crate::support::app::config(&folder), &Parts { random, ..Parts::real() }).await.unwrap();
    let (url, stopper) = (format!("http://{}{KEYS}", app.address()), app.stopper());
    let running = tokio::spawn(app.run());
    let http = crate::support::process::http_client();
    let create = || async {
        let request = http.post(&url).header("authorization", format!("SSWS {token}")).json(&json!({"name": "a"}));
        crate::support::answer::Answer::of(request.send().await.unwrap()).await
    };
    let failed = create().await;
    assert_eq!(failed.failure(), "500 E0000009");
    assert_eq!(failed.json()["errorSummary"], "Internal Server Error");
    assert_eq!(failed.json()["errorCauses"], json!([]));
    assert!(!failed.to_string().contains("detail"), "{failed}");
    assert_eq!(failed.header("x-rate-limit-limit"), "1200");
    assert_eq!(failed.header("x-okta-request-id").len(), 32);
    assert_eq!(create().await.status, 200);
    stopper.stop();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_a_500_and_never_a_404() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("a").await;
    let path = format!("{KEYS}/{}", key["id"].as_str().unwrap());
    let mut other = app.other_program().await;
    sqlx::query("UPDATE hook_key SET key_id = 'nonsense'").execute(&mut other).await.unwrap();
    assert_snapshot!(manager.get(&path).await.brief(), @r#"500 {"errorCode":"E0000009","errorSummary":"Internal Server Error","errorLink":"E0000009","errorId":"oaemOYLDz1P37wpV38j53G2Bw","errorCauses":[]}"#);
    assert_eq!(manager.get(KEYS).await.failure(), "500 E0000009");
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_a_503_and_not_ready() {
    let app = TestApp::start().await;
    let reader = app.token(READ).await;
    assert_eq!(app.anon().get("/readyz").await.status, 200);
    app.vault.close().await;
    assert_eq!(app.anon().get("/readyz").await.failure(), "503 E0000010");
    assert_eq!(app.anon().get("/healthz").await.status, 200, "the process is alive");
    assert_snapshot!(reader.get(KEYS).await, @r#"
    503
    content-length: 148
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 80a5a3a349f843fcd1048bce5fcd70ce
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1200
    x-rate-limit-reset: 1761311167

    {"errorCode":"E0000010","errorSummary":"Service is in read only mode","errorLink":"E0000010","errorId":"oaeRNbdeTBWRR0WZi-pMgVVPg","errorCauses":[]}
    "#);
}

#[tokio::test]
async fn a_vault_whose_master_key_record_is_damaged_is_not_ready() {
    let app = TestApp::start().await;
    let mut other = app.other_program().await;
    sqlx::query("UPDATE master_key SET probe = id").execute(&mut other).await.unwrap();
    assert_eq!(app.anon().get("/readyz").await.failure(), "503 E0000010");
}
