//! How often a client may call, and what the headers say about it.

use crate::support::answer::Answer;
use crate::support::app::{Caller, READ, TestApp};
use hookvault::domain::rate_limit::RateLimit;
use insta::assert_snapshot;
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";
/// The fixed clock's first second.
const START: i64 = 1_761_311_167;

async fn limited(limit: &str) -> TestApp {
    let limit = RateLimit::parse(limit).unwrap();
    TestApp::start_with(|config| config.server.rate_limit = limit).await
}

/// Status, limit, remaining, and how many seconds until the reset.
fn budget(answer: &Answer) -> (u16, String, String, i64) {
    let header = |name: &str| answer.header(name).to_owned();
    let reset: i64 = header("x-rate-limit-reset").parse().unwrap();
    (answer.status, header("x-rate-limit-limit"), header("x-rate-limit-remaining"), reset - START)
}

async fn call(caller: &Caller<'_>) -> (u16, String, String, i64) {
    budget(&caller.get(KEYS).await)
}

#[tokio::test]
async fn the_headers_count_down_and_the_bucket_refills() {
    let app = limited("3").await;
    let reader = app.token(READ).await;
    assert_eq!(call(&reader).await, (200, "3".into(), "2".into(), 20));
    assert_eq!(call(&reader).await, (200, "3".into(), "1".into(), 40));
    assert_eq!(call(&reader).await, (200, "3".into(), "0".into(), 60));
    let refused = reader.get(KEYS).await;
    assert_eq!(budget(&refused), (429, "3".into(), "0".into(), 20), "the next one is accepted in 20 s");
    assert_snapshot!(refused.brief(), @r#"429 {"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.","errorLink":"E0000047","errorId":"oaegKWjo0n4Q_zRBIvOX81wzg","errorCauses":[]}"#);
    app.clock.advance(Duration::from_secs(19));
    assert_eq!(call(&reader).await.0, 429);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(call(&reader).await, (200, "3".into(), "0".into(), 80));
}

#[tokio::test]
async fn each_credential_counts_by_itself_and_all_invalid_ones_by_address() {
    let app = limited("2").await;
    let (first, second) = (app.token(READ).await, app.token(READ).await);
    for reader in [&first, &second] {
        assert_eq!((call(reader).await.0, call(reader).await.0, call(reader).await.0), (200, 200, 429));
    }
    // Guesses share what the address has, and do not cost a valid credential anything.
    let third = app.token(READ).await;
    assert_eq!(call(&app.anon()).await.0, 403);
    assert_eq!(call(&app.anon().with("authorization", "SSWS a")).await.0, 401);
    assert_eq!(call(&app.anon().with("authorization", "SSWS b")).await.0, 429);
    assert_eq!(app.anon().get("/.well-known/okta-organization").await.status, 429);
    assert_eq!(call(&third).await.0, 200);
}

#[tokio::test]
async fn probes_are_never_refused() {
    let app = limited("1").await;
    for _ in 0..5 {
        for path in ["/healthz", "/readyz"] {
            let answer = app.anon().get(path).await;
            assert_eq!(answer.brief(), r#"200 {"status":"ok"}"#);
            assert_eq!(budget(&answer), (200, "1".into(), "1".into(), 0), "{path} is not counted");
        }
    }
}

#[tokio::test]
async fn without_a_limit_clients_still_find_headers_that_they_can_parse() {
    let app = limited("off").await;
    let reader = app.token(READ).await;
    let most = i32::MAX.to_string();
    assert_eq!(call(&reader).await, (200, most.clone(), most, 0));
}
