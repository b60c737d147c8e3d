//! A primary dies while clients write through two servers; its standby, which has every commit, takes over. `tests/postgres.rs` runs it,
//! and `FAILOVER_ROUNDS=20 cargo test postgres:: -- --nocapture` for longer.

use crate::support::cluster::Cluster;
use crate::support::database::connect;
use crate::support::process::{Client, Served, add_setting, hookvault, key_folder, run};
use crate::support::rounds;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

const WRITERS: usize = 6;
/// How many answers each writer has before the primary dies, and again afterwards.
const ANSWERS: usize = 20;

/// One who renames a key of their own, and remembers what was answered.
#[derive(Default)]
struct Writer {
    answers: AtomicUsize,
    has_answer: Notify,
    is_over: AtomicBool,
}

/// What a writer knows in the end.
struct Written {
    id: String,
    /// The name that was answered last.
    answered: String,
    /// Names that may be there: their requests had no answer, or a refusal.
    unsure: BTreeSet<String>,
    /// When a request failed, and with which status.
    failures: Vec<(Instant, u16)>,
}

impl Writer {
    async fn write(&self, client: Client, number: usize) -> Written {
        let mut answered = format!("writer {number}");
        let (status, key) = client.create(&answered).await.unwrap();
        assert_eq!(status, 200, "{key}");
        let key: Value = serde_json::from_str(&key).unwrap();
        let id = key["id"].as_str().unwrap().to_owned();
        let (mut unsure, mut failures) = (BTreeSet::new(), Vec::new());
        for round in 0.. {
            if self.is_over.load(Ordering::SeqCst) {
                break;
            }
            let name = format!("writer {number}, {round}");
            match client.rename(&id, &name).await {
                Some((status, _)) if status == 200 => {
                    answered = name;
                    unsure.clear();
                    self.answers.fetch_add(1, Ordering::SeqCst);
                    self.has_answer.notify_one();
                }
                reply => {
                    failures.push((Instant::now(), reply.map_or(0, |(status, _)| status.as_u16())));
                    unsure.insert(name);
                }
            }
        }
        Written { id, answered, unsure, failures }
    }

    async fn wait_for_answers(&self, count: usize) {
        let wanted = self.answers.load(Ordering::SeqCst) + count;
        while self.answers.load(Ordering::SeqCst) < wanted {
            tokio::time::timeout(Duration::from_secs(60), self.has_answer.notified()).await.expect("writes go on");
        }
    }
}

/// What a round has seen.
struct Round {
    writes: usize,
    failures: usize,
    /// From the end of the primary until there was another one.
    without_primary: Duration,
    /// And until each writer had an answer again.
    without_answers: Duration,
    /// How long after there was another one the last 503 came.
    last_failure: Option<Duration>,
}

async fn round() -> Round {
    let primary = Cluster::start(&[]).unwrap();
    let mut sql = connect(&primary.address().replace('%', "postgres")).await;
    sqlx::raw_sql("CREATE DATABASE vault").execute(&mut sql).await.unwrap();
    let standby = primary.standby("standby");
    for statement in ["ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(&mut sql).await.unwrap();
    }
    let folder = key_folder();
    let url = format!("postgres://hookvault@{},{}/vault", primary.host(), standby.host());
    add_setting(folder.path(), "HOOKVAULT_DATABASE_URL", &url);
    let serve = || {
        let mut command = hookvault(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "master.key", "--rate-limit", "off"]);
        Served::start(command.args(["--key-pool", "0"]))
    };
    let servers = [serve(), serve()];
    let mut create = hookvault(folder.path());
    let token = run(create.args(["token", "create", "--name", "test", "--scope", "okta.inlineHooks.manage"])).stdout;
    let writers: Vec<_> = (0..WRITERS).map(|_| Arc::new(Writer::default())).collect();
    let tasks: Vec<_> = writers
        .iter()
        .zip(0..)
        .map(|(writer, number)| {
            let (writer, client) = (writer.clone(), servers[number % 2].client(token.trim()));
            tokio::spawn(async move { writer.write(client, number).await })
        })
        .collect();
    for writer in &writers {
        writer.wait_for_answers(ANSWERS).await;
    }
    let died = Instant::now();
    primary.kill();
    standby.control(&["-w", "promote"]);
    let promoted = Instant::now();
    for writer in &writers {
        writer.wait_for_answers(1).await;
    }
    let without_answers = died.elapsed();
    for writer in &writers {
        writer.wait_for_answers(ANSWERS).await;
        writer.is_over.store(true, Ordering::SeqCst);
    }
    let mut written = Vec::new();
    for task in tasks {
        written.push(task.await.unwrap());
    }
    let (status, keys) = servers[1].client(token.trim()).list().await.unwrap();
    assert_eq!(status, 200);
    let keys: Value = serde_json::from_str(&keys).unwrap();
    let text = |key: &Value, member: &str| key[member].as_str().unwrap().to_owned();
    let names: HashMap<_, _> =
        keys.as_array().unwrap().iter().map(|key| (text(key, "id"), text(key, "name"))).collect();
    let (mut failures, mut last_failure) = (0, None);
    for written in written {
        failures += written.failures.len();
        for (at, status) in &written.failures {
            assert_eq!(*status, 503, "{:?} after the end of the primary", at.checked_duration_since(died));
            assert!(*at > died, "nobody notices anything before");
            last_failure = last_failure.max(at.checked_duration_since(promoted));
        }
        let name = names.get(&written.id).expect("a key that was answered is there");
        assert!(*name == written.answered || written.unsure.contains(name), "{} is lost: {name}", written.answered);
    }
    let writes = writers.iter().map(|writer| writer.answers.load(Ordering::SeqCst)).sum();
    Round { writes, failures, without_primary: promoted - died, without_answers, last_failure }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "of PostgreSQL"]
#[expect(clippy::print_stdout, reason = "what was seen")]
async fn no_answered_write_is_lost_with_a_primary_whose_standby_takes_over() {
    for number in 1..=rounds("FAILOVER_ROUNDS", 1) {
        let seen = round().await;
        println!(
            "failover {number}: {} answered writes, none lost; {} times 503, the last one {:.0?} after the new primary was there; that \
             took {:.0?}, and all writers were answered again after {:.0?}",
            seen.writes,
            seen.failures,
            seen.last_failure.unwrap_or_default(),
            seen.without_primary,
            seen.without_answers
        );
    }
}
