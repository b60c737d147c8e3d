//! Single flipped bits in a stopped database: no answer of a server is wrong, or `check` and the log both say damage.
//!
//! The aimed ones are tried with every run, of the random ones as many as `DAMAGE_FLIPS` says.

use super::flip::{flip_bit, pages, position};
use crate::support::app::{MASTER_KEY, sqlite_program};
use crate::support::process::{Client, Installation, Served, at, hookvault, run, write_master_key};
use crate::support::rounds;
use rand::rngs::ChaCha20Rng;
use rand::{RngExt as _, SeedableRng as _};
use std::fs;
use std::path::{Path, PathBuf};

const RANDOM_FLIPS: usize = 12;
const SEED: u64 = 4;

const OTHER: &str = "other.example.com";

/// A vault of two orgs, stopped, with what its server has answered.
struct Base {
    installation: Installation,
    /// A token of the second org.
    other_token: String,
    questions: Vec<Question>,
    answers: Vec<String>,
    /// `id` and `keyId` of the first key.
    key: (String, String),
}

struct Question {
    path: String,
    of_other: bool,
}

impl Base {
    async fn new() -> Self {
        let installation = Installation::new();
        let folder = installation.folder.path();
        assert_eq!(run(hookvault(folder).args(["org", "create", "other", "--domain", OTHER])).code, 0);
        let scope = "okta.inlineHooks.manage";
        let token = ["token", "create", "--name", "other", "--org", "other", "--scope", scope];
        let other_token = run(hookvault(folder).args(token)).stdout.trim().to_owned();
        let mut server = Served::start(&mut installation.serve());
        let (own, other) = (server.client(&installation.token), server.client(&other_token).with_host(OTHER));
        let mut questions = Vec::new();
        let mut first = None;
        for (client, of_other) in [(&own, false), (&other, true)] {
            let mut ask = |path: &str| questions.push(Question { path: path.to_owned(), of_other });
            ask("/api/v1/hook-keys");
            ask("/.well-known/jwks.json");
            for name in ["first", "second", "third"] {
                let key: serde_json::Value = serde_json::from_str(&client.create(name).await.unwrap().1).unwrap();
                let [id, key_id] = ["id", "keyId"].map(|member| key[member].as_str().unwrap().to_owned());
                ask(&format!("/api/v1/hook-keys/{id}?expand=publickey"));
                ask(&format!("/api/v1/hook-keys/public/{key_id}"));
                first.get_or_insert((id, key_id));
            }
        }
        let mut base = Self { installation, other_token, questions, answers: Vec::new(), key: first.unwrap() };
        base.answers = base.ask(&server).await;
        assert!(base.answers.iter().all(|answer| answer.starts_with("200")));
        server.terminate();
        // A stop under load may leave the last pages in the WAL; the flips are for the file alone.
        let mut other = sqlite_program(&base.database()).await;
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut other).await.unwrap();
        base
    }

    async fn ask(&self, server: &Served) -> Vec<String> {
        let (own, other) = (server.client(&self.installation.token), server.client(&self.other_token).with_host(OTHER));
        let mut answers = Vec::new();
        for Question { path, of_other } in &self.questions {
            let client: &Client = if *of_other { &other } else { &own };
            let (status, body) = client.get(path).await.expect("the server answers");
            answers.push(format!("{} {body}", status.as_u16()));
        }
        answers
    }

    /// What is wrong with a server on a copy of the database that has this flip, if anything is.
    async fn try_flip(&self, bit: usize) -> Result<Outcome, String> {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("hookvault.db");
        write_master_key(&folder.path().join("master.key"), MASTER_KEY);
        fs::copy(self.installation.database(), &database).unwrap();
        flip_bit(&database, bit);
        let command = || at(Path::new(env!("CARGO_BIN_EXE_hookvault")), folder.path());
        let check = run(command().args(["check", "--master-key-file", "master.key"]));
        let mut serve = command();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "master.key"]);
        let server = match Served::try_start(serve.args(["--rate-limit", "off", "--key-pool", "0"])) {
            Ok(server) => server,
            Err(log) => {
                let told = check.code != 0 && !log.contains("panicked") && log.contains("error:");
                return if told { Ok(Outcome::NotStarted) } else { Err(format!("not started: {log}")) };
            }
        };
        let answers = self.ask(&server).await;
        let log = server.log_until("looked at the whole database");
        if log.contains("panicked") {
            return Err(log);
        }
        let Some(wrong) = answers.iter().zip(&self.answers).position(|(answer, right)| answer != right) else {
            return Ok(Outcome::Right);
        };
        let told = log.contains("damaged;") || log.contains("the database is damaged") || log.contains("is damaged:");
        let checked = check.code != 0 && format!("{}{}", check.stdout, check.stderr).contains("damaged");
        if told && checked {
            return Ok(Outcome::Told);
        }
        let Question { path, .. } = &self.questions[wrong];
        Err(format!("{path} -> {}\nlog: {log}\ncheck: {}{}", answers[wrong], check.stdout, check.stderr))
    }

    fn database(&self) -> PathBuf {
        self.installation.database()
    }
}

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Outcome {
    #[default]
    Right,
    Told,
    NotStarted,
}

/// Tries flips, and counts how they ended.
#[expect(clippy::print_stdout, reason = "how many were harmless is worth knowing, and no rule")]
async fn try_all(base: &Base, bits: impl IntoIterator<Item = (String, usize)>) {
    let (mut outcomes, mut wrong) = ([0; 3], Vec::new());
    for (name, bit) in bits {
        match base.try_flip(bit).await {
            Ok(outcome) => outcomes[outcome as usize] += 1,
            Err(error) => wrong.push(format!("{name}, bit {bit}: {error}")),
        }
    }
    println!("all answers right: {}, told as damage: {}, not started: {}", outcomes[0], outcomes[1], outcomes[2]);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_random_flip_is_harmless_or_told() {
    let base = Base::new().await;
    let count = rounds("DAMAGE_FLIPS", RANDOM_FLIPS);
    let bits = fs::read(base.database()).unwrap().len() * 8;
    let mut random = ChaCha20Rng::seed_from_u64(SEED);
    try_all(&base, (0..count).map(|number| (format!("random {number}"), random.random_range(0..bits)))).await;
}

#[tokio::test]
async fn a_flip_where_it_hurts_is_told() {
    let base = Base::new().await;
    let database = base.database();
    let (id, key_id) = (base.key.0.as_bytes(), base.key.1.as_bytes());
    let mut aimed = Vec::new();
    for (name, text, offset) in [
        ("sqlite_autoindex_hook_key_1", id, 7),
        ("sqlite_autoindex_hook_key_2", key_id, 20),
        ("sqlite_autoindex_hook_key_3", b"first", 1),
        ("sqlite_autoindex_hook_key_3", b"00o", 9),
        ("sqlite_autoindex_hook_key_4", b"00o", 9),
        ("sqlite_autoindex_hook_key_5", id, 11),
        ("hook_key", id, 8),
        ("hook_key", key_id, 3),
        ("hook_key", b"second", 0),
        ("org", b"00o", 5),
        ("org", b"default", 2),
        ("org", OTHER.as_bytes(), 4),
        ("sqlite_autoindex_org_3", OTHER.as_bytes(), 6),
        ("sqlite_schema", b"modulus", 3),
        ("sqlite_schema", b"hook_key_reference", 2),
    ] {
        aimed.push((format!("{name} {offset}"), (position(&database, name, text).await + offset) * 8));
    }
    // How many cells a page has, in the low byte of its number.
    for name in ["sqlite_autoindex_api_token_3", "org_default", "hook_key"] {
        aimed.push((format!("the cells of {name}"), (pages(&database, name).await[0] + 4) * 8));
    }
    // Of the header: how many pages are free, and how many there are.
    aimed.extend([("free pages", 39), ("pages", 31)].map(|(name, byte)| (name.to_owned(), byte * 8)));
    assert_eq!(aimed.len(), 20);
    try_all(&base, aimed).await;
}
