//! How often a client may call, and what the headers say about it.

use crate::support::answer::Answer;
use crate::support::app::{Caller, MANAGE, READ, TestApp};
use futures_util::future::join_all;
use hookvault::domain::rate_limit::RateLimit;
use insta::assert_snapshot;
use serde_json::json;
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
async fn the_headers_count_down_and_at_the_reset_the_whole_limit_is_there_again() {
    let app = limited("3").await;
    let reader = app.token(READ).await;
    assert_eq!(call(&reader).await, (200, "3".into(), "2".into(), 60));
    app.clock.advance(Duration::from_secs(20));
    assert_eq!(call(&reader).await, (200, "3".into(), "1".into(), 60));
    assert_eq!(call(&reader).await, (200, "3".into(), "0".into(), 60));
    let refused = reader.get(KEYS).await;
    assert_eq!(budget(&refused), (429, "3".into(), "0".into(), 60));
    assert_snapshot!(refused.brief(), @r#"429 {"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.","errorLink":"E0000047","errorId":"oaegKWjo0n4Q_zRBIvOX81wzg","errorCauses":[]}"#);
    app.clock.advance(Duration::from_secs(39));
    assert_eq!(call(&reader).await, (429, "3".into(), "0".into(), 60));
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(call(&reader).await, (200, "3".into(), "2".into(), 120));
}

#[tokio::test]
async fn a_window_begins_with_its_clients_first_request() {
    let app = limited("1").await;
    let (early, late) = (app.token(READ).await, app.token(READ).await);
    assert_eq!(call(&early).await, (200, "1".into(), "0".into(), 60));
    app.clock.advance(Duration::from_secs(45));
    assert_eq!(call(&late).await, (200, "1".into(), "0".into(), 105));
    app.clock.advance(Duration::from_secs(15));
    assert_eq!((call(&early).await.0, call(&late).await.0), (200, 429));
}

/// One of the workers that an apply has, at one of its keys.
struct Worker {
    key: usize,
    retries: u32,
    /// When it sends, by its clock.
    sends: i64,
}

/// What Terraform does: each worker that is refused sleeps until a second after the reset, five times at most for a key.
#[tokio::test]
async fn an_apply_of_forty_keys_by_ten_workers_succeeds_on_an_exhausted_window_of_sixty() {
    let app = limited("60").await;
    let manager = app.token(MANAGE).await;
    for _ in 0..60 {
        assert_eq!(call(&manager).await.0, 200);
    }
    let mut keys = 0..40;
    let mut workers: Vec<_> = keys.by_ref().take(10).map(|key| Worker { key, retries: 0, sends: START }).collect();
    let (mut now, mut failed) = (START, Vec::new());
    while let Some(next) = workers.iter().map(|worker| worker.sends).min() {
        app.clock.advance(Duration::from_secs((next - now).try_into().unwrap()));
        now = next;
        let (due, asleep): (Vec<_>, Vec<_>) = workers.into_iter().partition(|worker| worker.sends == now);
        let create = |worker: &Worker| manager.post(KEYS, json!({"name": format!("key {}", worker.key)}));
        let answers = join_all(due.iter().map(create)).await;
        workers = asleep;
        for (worker, answer) in due.into_iter().zip(answers) {
            let (status, _, _, reset) = budget(&answer);
            match (status, worker.retries) {
                (429, 0..5) => workers.push(Worker { retries: worker.retries + 1, sends: START + reset + 1, ..worker }),
                (429, _) => failed.push(worker.key),
                status => assert_eq!(status.0, 200, "{answer}"),
            }
            // A worker that is done, well or not, takes the next key.
            if status == 200 || worker.retries == 5 {
                workers.extend(keys.next().map(|key| Worker { key, retries: 0, sends: now }));
            }
        }
    }
    assert_eq!(failed, [0; 0], "of 40 keys");
    assert_eq!(app.token(READ).await.get(KEYS).await.json().as_array().unwrap().len(), 40);
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
        let answers = [("/healthz", r#"200 {"status":"ok"}"#), ("/readyz", r#"200 {"status":"ok","warnings":[]}"#)];
        for (path, expected) in answers {
            let answer = app.anon().get(path).await;
            assert_eq!(answer.brief(), expected);
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
