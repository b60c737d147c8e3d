//! A verifier that is not ours, through 50 rotations of the key that signs for it.
//!
//! A key set may be cached for a minute, so 50 rotations take hours: the clock of the vault and that of the verifier run fast here, both
//! equally. What is shown is that the times which the vault keeps and tells fit each other. What is not: that a clock which runs at its
//! usual speed does the same for hours, and what happens within a second of it.

use crate::support::app::{MANAGE, USE, config};
use crate::support::database;
use hookvault::app::{App, Parts};
use hookvault::domain::actor::Actor;
use hookvault::domain::clock::{Clock, Timestamp};
use hookvault::domain::name::Name;
use hookvault::domain::rate_limit::RateLimit;
use hookvault::domain::scope::Scopes;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// How many seconds of the clock go by in one.
const FACTOR: u32 = 50;

const ROTATIONS: u32 = 50;

const TOKENS_PER_SECOND: u32 = 20;

/// 2025-10-24T13:06:07Z.
const START: i64 = 1_761_311_167;

struct FastClock(Instant);

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(START + i64::try_from(self.elapsed().as_secs()).unwrap()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed() * FACTOR
    }
}

/// `VERIFIER_MODULES` is the folder in which `jose` is installed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes, and node with jose: tests/clients/run runs it"]
#[expect(clippy::print_stdout, reason = "how much was checked")]
async fn a_verifier_that_caches_the_key_set_as_long_as_it_may_misses_no_token_in_50_rotations() {
    #[expect(clippy::disallowed_methods, reason = "where jose is, is no setting of the product")]
    let modules = std::env::var("VERIFIER_MODULES").expect("tests/clients/run sets it");
    let folder = TempDir::new().unwrap();
    database::make(&database::file(&folder)).await;
    let mut config = config(&folder);
    config.server.rate_limit = RateLimit::parse("off").unwrap();
    config.server.key_pool = 4;
    let clock = Arc::new(FastClock(Instant::now()));
    #[expect(clippy::disallowed_methods, reason = "the verifier has the machine's clock to count from")]
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let app = App::start(config, &Parts { clock, ..Parts::real() }).await.unwrap();
    let (vault, stopper, address) = (app.vault().clone(), app.stopper(), app.address());
    let running = tokio::spawn(app.run());

    let org = vault.registry().org_pick(None).await.unwrap().id;
    let key = vault.hook_key_create(&Actor::Vault, &org, "Orders").await.unwrap();
    let scopes = Scopes::parse(&format!("{MANAGE} {USE}")).unwrap();
    let name = Name::parse("verifier").unwrap();
    let (_, token) = vault.registry().api_token_create(&Actor::Vault, &org, name, scopes, None).await.unwrap();
    // A server looks once in a second: of its clock, here.
    let turning = tokio::spawn(async move {
        let mut second = tokio::time::interval(Duration::from_secs(1) / FACTOR);
        second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            second.tick().await;
            vault.hook_key_upkeep().await.unwrap();
        }
    });

    let settings = json!({
        "address": format!("http://{address}"), "token": token.expose(), "key": key.key().id.to_string(),
        "rotations": ROTATIONS, "perSecond": TOKENS_PER_SECOND, "ahead": 120, "grace": 300,
        "factor": FACTOR, "start": START, "began": u64::try_from(began).unwrap(),
    });
    let verifier = tokio::task::spawn_blocking(move || {
        let mut node = Command::new("node");
        node.arg(Path::new(&modules).join("verifier.js")).env("VERIFIER", settings.to_string()).stdin(Stdio::null());
        node.output().unwrap()
    });
    let verifier = verifier.await.unwrap();
    turning.abort();
    stopper.stop();
    running.await.unwrap().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&verifier.stdout), String::from_utf8_lossy(&verifier.stderr));
    assert!(verifier.status.success(), "{stderr}");
    println!("{stdout}");
    let seen: Value = serde_json::from_str(&stdout).unwrap();
    let number = |name: &str| seen[name].as_u64().unwrap();
    assert_eq!((number("unverified"), number("keys")), (0, u64::from(ROTATIONS) + 1), "{seen}");
    // 20 in each second of the real clock, each looked at twice by each of five verifiers.
    let real_seconds = number("seconds") / u64::from(FACTOR);
    assert!(number("tokens") > real_seconds * u64::from(TOKENS_PER_SECOND) * 3 / 4, "{seen}");
    assert_eq!(number("checks"), number("tokens") * 10);
    assert!(number("unverifiedByStale") > 0, "who caches the set for longer than allowed misses keys: {seen}");
}
