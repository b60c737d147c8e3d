//! `hookvault master-key rotate`: all is sealed with another master key, while servers run.

mod given_up;
mod put_back;
mod sources;

use super::{call, stderr};
use crate::api::inline_hooks::{client_secret, private_key};
use crate::support::age::FIRST;
use crate::support::app::MASTER_KEY;
use crate::support::database::{POSTGRES, other_program};
use crate::support::process::{Client, Installation, Screen, Served, hookvault, run};
use crate::support::rounds;
use crate::support::seal::seals;
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::{Purpose, Random};
use hookvault::crypto::rsa_key::KeyPair;
use hookvault::domain::actor::Actor;
use hookvault::domain::clock::Timestamp;
use hookvault::domain::hook_key::{HookKey, place};
use hookvault::domain::id::OrgId;
use hookvault::domain::name::Name;
use hookvault::domain::org::Org;
use hookvault::repository::Mode;
use hookvault::repository::store::Serial;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Makes a master key, and returns its id.
fn generate(folder: &Path, file: &str) -> String {
    let made = call(folder, &["master-key", "generate", "--out", file]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    made.stderr.trim().strip_prefix("master key id: ").unwrap().to_owned()
}

fn rotate(folder: &Path, from: &str, to: &str, more: &[&str]) -> Screen {
    let keys = ["master-key", "rotate", "--master-key-file", from, "--to-master-key-file", to];
    run(hookvault(folder).args(keys).args(more))
}

fn give_up(folder: &Path, key: &str, more: &[&str]) -> Screen {
    let arguments = ["master-key", "rotate", "--give-up", "--master-key-file", key];
    run(hookvault(folder).args(arguments).args(more))
}

fn serve(installation: &Installation, key: &str) -> Command {
    let mut command = hookvault(installation.folder.path());
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--master-key-file",
        key,
        "--rate-limit",
        "off",
        "--key-pool",
        "2",
    ]);
    command
}

fn check(folder: &Path, key: &str) -> Screen {
    call(folder, &["check", "--master-key-file", key])
}

/// The columns that are sealed or seal, as the schema has them, and how many of their rows are under a master key.
async fn under(other: &mut AnyConnection, id: &str) -> Vec<(String, i64)> {
    let columns = if POSTGRES.is_some() {
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"
    } else {
        "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'"
    };
    let mut found = Vec::new();
    for row in sqlx::query(columns).fetch_all(&mut *other).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        if column != "seal" && !column.starts_with("sealed_") {
            continue;
        }
        let hex = if POSTGRES.is_some() {
            format!("encode(substring({column} FROM 2 FOR 8), 'hex')")
        } else {
            format!("lower(hex(substr({column}, 2, 8)))")
        };
        let count = format!("SELECT count(*) FROM {table} WHERE {hex} = '{id}'");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *other).await.unwrap();
        if count > 0 {
            found.push((format!("{table}.{column}"), count));
        }
    }
    found.sort();
    found
}

/// Keys, one of which has a next one, a hook with a secret and one with a key, an app with a key and an audit key.
async fn fill(installation: &Installation, server: &Served) {
    let client = server.client(&installation.token);
    for name in ["a", "b", "c"] {
        assert_eq!(client.create(name).await.unwrap().0, 200);
    }
    for hook in [client_secret("hook"), private_key("other hook", "a")] {
        let (status, answer) = client.hook(&hook).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    let folder = installation.folder.path();
    let app = ["app", "create", "--name", "app", "--scope", "okta.inlineHooks.read", "--generate"];
    for command in [&app[..], &["audit", "checkpoint"], &["key", "rotate", "c"], &["signing-key", "rotate", "--revoke"]]
    {
        let done = call(folder, command);
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
}

/// Reads, signs, renames, makes and deletes, until it is told to stop. Returns how many answers there were.
async fn use_it(client: Client, name: String, stop: Arc<AtomicBool>, answers: Arc<AtomicUsize>) {
    // Somebody who waits for nothing would make the trail long, and the rotation with it.
    let mut pace = tokio::time::interval(Duration::from_millis(250));
    let mut round = 0;
    while !stop.load(Ordering::SeqCst) {
        pace.tick().await;
        round += 1;
        let made = client.create(&format!("{name} {round}")).await;
        let (status, made) = made.expect("an answer");
        assert_eq!(status, 200, "{made}");
        let id = serde_json::from_str::<Value>(&made).unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(client.sign("a").await.matches('.').count(), 2);
        assert_eq!(client.sign(&id).await.matches('.').count(), 2);
        for reply in [
            client.rename(&id, &format!("{name} {round} renamed")).await,
            client.list().await,
            client.get("/.well-known/jwks.json").await,
            client.get("/readyz").await,
        ] {
            let (status, body) = reply.expect("an answer");
            assert_eq!(status, 200, "{body}");
        }
        assert_eq!(client.delete(&id).await.expect("an answer").0, 204);
        answers.fetch_add(8, Ordering::SeqCst);
    }
}

/// Two servers that are used all the while.
struct Busy {
    servers: [Served; 2],
    users: JoinSet<()>,
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
}

impl Busy {
    fn start(installation: &Installation) -> Self {
        let servers: [Served; 2] = std::array::from_fn(|_| Served::start(&mut serve(installation, "master.key")));
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut users = JoinSet::new();
        for (number, server) in servers.iter().enumerate() {
            let client = server.client(&installation.token);
            users.spawn(use_it(client, format!("user {number}"), stop.clone(), answers.clone()));
        }
        Self { servers, users, stop, answers }
    }

    /// How many answers there were, all of them good.
    async fn end(mut self) -> ([Served; 2], usize) {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(user) = self.users.join_next().await {
            user.unwrap();
        }
        (self.servers, self.answers.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_go_along_and_the_old_key_opens_nothing_afterwards() {
    let installation = installation();
    let folder = installation.folder.path();
    let mut other = other_program(&installation.database()).await;
    let next = generate(folder, "next.key");
    let first = Served::start(&mut installation.serve());
    fill(&installation, &first).await;
    let before = under(&mut other, &old_id()).await;
    assert_eq!(before.len(), 17, "each column that is sealed or seals: {before:?}");
    drop(first);

    let busy = Busy::start(&installation);
    let rotated = rotate(folder, "master.key", "next.key", &[]);
    assert_eq!((rotated.code, rotated.stdout.as_str()), (0, ""), "{}", rotated.stderr);
    let told = rotated.stderr.split_once(" row(s)").unwrap().1;
    let old = old_id();
    assert_eq!(
        told,
        format!(
            " anew: the master key is {next} now, and {old} opens nothing any more\nhint: put it where the settings of all servers say \
             before the next start, and keep {old} apart for as long as there are backups under it\n"
        )
    );
    let (servers, answers) = busy.end().await;
    assert!(answers > 0);
    for server in &servers {
        assert!(server.log_until("the master key was rotated").contains("a rotation of the master key is under way"));
        // Both were started with the old one.
        assert_eq!(server.get("/readyz").await.unwrap().0, 200);
        assert_eq!(server.client(&installation.token).sign("b").await.matches('.').count(), 2);
    }
    assert_eq!(under(&mut other, &old).await, []);
    let after = under(&mut other, &next).await;
    assert_eq!(
        after.iter().map(|(column, _)| column).collect::<Vec<_>>(),
        before.iter().map(|(column, _)| column).collect::<Vec<_>>()
    );
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM master_key_rotation").fetch_one(&mut other).await.unwrap();
    assert_eq!(rows, 0, "what was sealed of either is gone");
    drop(servers);

    let checked = check(folder, "next.key");
    assert_eq!((checked.code, checked.stdout.as_str()), (0, ""), "{}", checked.stderr);
    let refused = check(folder, "master.key");
    assert_eq!(refused.code, 1);
    let since: String = {
        let created: i64 = sqlx::query_scalar("SELECT created FROM master_key").fetch_one(&mut other).await.unwrap();
        Timestamp::from_unix(created).unwrap().to_wire()
    };
    assert_eq!(
        refused.stderr,
        format!(
            "error: the database was sealed with the master key {next} of {since}, but the master key given is {old}\nhint: give the \
             master key whose id is {next}; without it the private keys cannot be opened\n"
        )
    );
    for event in ["system.vault.master_key.rotation_started", "system.vault.master_key.rotated"] {
        let told = call(folder, &["audit", "list", "--json", "--master-key-file", "next.key", "--type", event]);
        assert_eq!(told.stdout.matches(event).count(), 1, "{event}: {}", told.stderr);
    }
    let again = rotate(folder, "master.key", "next.key", &[]);
    assert_eq!(
        (again.code, again.stderr.lines().next().unwrap()),
        (0, format!("the master key is {next} already").as_str())
    );
}

fn installation() -> Installation {
    let installation = Installation::new();
    let extended = call(
        installation.folder.path(),
        &["token", "create", "--name", "all", "--scope", "okta.inlineHooks.manage", "--scope", "hookvault.keys.use"],
    );
    assert_eq!(extended.code, 0, "{}", extended.stderr);
    Installation { token: extended.stdout.trim().to_owned(), ..installation }
}

fn old_id() -> String {
    MasterKey::parse(MASTER_KEY).unwrap().id().to_string()
}

#[tokio::test]
async fn with_keep_old_either_key_opens_everything_until_it_is_run_again_without() {
    let installation = installation();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    fill(&installation, &server).await;
    drop(server);
    let next = generate(folder, "next.key");
    generate(folder, "third.key");
    let kept = rotate(folder, "master.key", "next.key", &["--keep-old"]);
    assert!(kept.stderr.contains("still opens everything"), "{}", kept.stderr);
    for key in ["master.key", "next.key"] {
        let mut server = Served::start(&mut serve(&installation, key));
        let client = server.client(&installation.token);
        assert_eq!(client.create(key).await.unwrap().0, 200);
        assert_eq!(client.sign("a").await.matches('.').count(), 2);
        assert!(server.get("/readyz").await.unwrap().1.contains("A rotation of the master key has begun at "));
        server.terminate();
        assert_eq!(check(folder, key).code, 0);
    }
    let mut other = other_program(&installation.database()).await;
    assert_eq!(under(&mut other, &old_id()).await, [("master_key_rotation.sealed_next".to_owned(), 1)]);
    let stranger = check(folder, "third.key");
    assert!(
        stranger.stderr.starts_with("error: the database is under a rotation from the master key "),
        "{}",
        stranger.stderr
    );
    let third = rotate(folder, "master.key", "third.key", &[]);
    assert_eq!(third.code, 1);
    assert!(third.stderr.contains("another rotation is under way"), "{}", third.stderr);

    // A backup from now is of use after it is over.
    let backed_up = call(folder, &["backup", "midst.backup"]);
    assert_eq!(backed_up.code, 0, "{}", backed_up.stderr);
    let proved = call(folder, &["backup", "verify", "midst.backup", "--master-key-file", "next.key"]);
    assert_eq!(proved.code, 0, "{}", proved.stderr);
    let with_old = call(folder, &["backup", "verify", "midst.backup", "--master-key-file", "master.key"]);
    let needed = format!("hint: give the master key whose id is {next}");
    assert!(with_old.code == 1 && with_old.stderr.contains(&needed), "{}", with_old.stderr);

    let leaked = rotate(folder, "master.key", "next.key", &["--leaked"]);
    assert_eq!(leaked.code, 1, "under the old key it has been there all the while");
    assert!(leaked.stderr.contains("is in the database under the old one"), "{}", leaked.stderr);

    // Whoever runs it may have put the new key in its place by then.
    let old = old_id();
    let unnamed = call(folder, &["master-key", "rotate", "--master-key-file", "master.key"]);
    assert_eq!(
        (unnamed.code, unnamed.stderr),
        (
            1,
            format!(
                "error: the new master key is not named, and a rotation to {next} is under way\nhint: name {next} with \
                 --to-master-key-file, or as the key in use; to go back, add --give-up, with {old} as the key in use\n"
            )
        )
    );
    let ended = call(folder, &["master-key", "rotate", "--master-key-file", "next.key"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!((check(folder, "next.key").code, check(folder, "master.key").code), (0, 1));
    assert_eq!(rotate(folder, "next.key", "third.key", &[]).code, 0);
    assert_eq!((check(folder, "third.key").code, check(folder, "next.key").code), (0, 1));
}

#[tokio::test]
async fn a_new_key_stays_out_of_the_database_where_the_old_one_has_leaked() {
    let installation = installation();
    let folder = installation.folder.path();
    drop(Served::start(&mut installation.serve()));
    let next = generate(folder, "next.key");
    let both = rotate(folder, "master.key", "next.key", &["--leaked", "--keep-old"]);
    assert_eq!(both.code, 2, "a key that others have must not go on opening everything");
    let mut other = other_program(&installation.database()).await;
    let keys = ["--master-key-file", "master.key", "--to-master-key-file", "next.key"];
    let mut killed = hookvault(folder).args(["master-key", "rotate", "--leaked"]).args(keys).spawn().unwrap();
    let begun = "SELECT count(*), count(sealed_next) + count(sealed_old) FROM master_key_rotation";
    let wrapped: i64 = loop {
        let row = sqlx::query(begun).fetch_one(&mut other).await.unwrap();
        if row.get::<i64, _>(0) == 1 {
            break row.get(1);
        }
    };
    killed.kill().unwrap();
    killed.wait().unwrap();
    // It would be told of as one that has the file open.
    other.close().await.unwrap();
    assert_eq!(wrapped, 0);
    let old = old_id();
    let way = format!("with {old} as the key in use and {next} as the new one");
    for (key, other) in [("master.key", &next), ("next.key", &old)] {
        let needed = format!("hint: {other} is needed, too: it is not in the database (--leaked)");
        let unnamed = call(folder, &["master-key", "rotate", "--master-key-file", key]);
        for alone in [check(folder, key), run(&mut serve(&installation, key))] {
            assert_eq!(alone.code, 1);
            assert!(alone.stderr.contains(&needed) && alone.stderr.contains(&way), "{}", alone.stderr);
        }
        assert_eq!(unnamed.code, 1, "{}", unnamed.stderr);
    }
    let ended = rotate(folder, "master.key", "next.key", &["--leaked"]);
    assert_eq!((ended.code, ended.stderr.contains("warning")), (0, false), "{}", ended.stderr);
    assert_eq!((check(folder, "next.key").code, check(folder, "master.key").code), (0, 1));
}

#[tokio::test]
async fn a_recovery_file_is_made_of_no_key_that_the_vault_is_not_under() {
    let installation = installation();
    let folder = installation.folder.path();
    drop(Served::start(&mut installation.serve()));
    let (old, next) = (old_id(), generate(folder, "next.key"));
    let recovery = |key: &str| {
        let named = ["master-key", "recovery", "--recipient", FIRST.recipient, "--master-key-file", key];
        call(folder, &named)
    };
    assert_eq!(recovery("master.key").stderr, format!("master key id: {old}\n"));
    let other = recovery("next.key");
    assert_eq!((other.code, other.stdout.as_str()), (1, ""));
    assert!(
        other.stderr.starts_with(&format!("error: the database was sealed with the master key {old} ")),
        "{}",
        other.stderr
    );
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    assert_eq!(
        recovery("master.key").stderr,
        format!(
            "warning: a rotation from {old} to {next} is under way: do the same with {next}, which alone opens the vault after it\n\
             master key id: {old}\n"
        )
    );
    assert_eq!(recovery("next.key").stderr, format!("master key id: {next}\n"));
    assert_eq!(rotate(folder, "next.key", "next.key", &[]).code, 0);
    assert_eq!((recovery("master.key").code, recovery("next.key").code), (1, 0));
}

#[tokio::test]
async fn with_leaked_a_server_that_runs_is_told_of_and_answers_nothing_from_then_on() {
    let installation = installation();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    generate(folder, "next.key");
    let rotated = rotate(folder, "master.key", "next.key", &["--leaked"]);
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    let who = if POSTGRES.is_some() {
        "a server of it is running".to_owned()
    } else {
        format!("the process {} has ", server.id())
    };
    let warning = format!("warning: the database is in use: {who}");
    assert!(rotated.stderr.starts_with(&warning), "{}", rotated.stderr);
    server.log_until("the master key was rotated without this server: start it again with the new one");
    assert_eq!(server.get("/readyz").await.unwrap().0, 503);
    assert_eq!(server.client(&installation.token).create("a").await.unwrap().0, 503);
    let (_, hint) = rotated.stderr.split_once("hint: who has the old key and a copy or a backup of before").unwrap();
    assert!(hint.contains("`hookvault key rotate NAME --emergency`"), "{hint}");
    // Nothing becomes of a server where nothing was done.
    for (key, next, code) in [("next.key", "next.key", 0), ("next.key", "none.key", 1)] {
        let again = rotate(folder, key, next, &["--leaked"]);
        assert_eq!((again.code, again.stderr.contains("answers 503")), (code, false), "{}", again.stderr);
        assert!(!again.stderr.contains("copy or a backup"), "{}", again.stderr);
    }
}

#[tokio::test]
async fn a_server_that_slept_through_it_says_so_and_calls_nothing_damaged() {
    let installation = installation();
    let folder = installation.folder.path();
    generate(folder, "next.key");
    let mut server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("a").await.unwrap().0, 200);
    let process = Pid::from_raw(server.id().cast_signed()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    assert_eq!(rotate(folder, "master.key", "next.key", &[]).code, 0);
    kill_process(process, Signal::CONT).unwrap();
    let log = server.log_until("the master key was rotated without this server: start it again with the new one");
    for reply in [client.list().await, client.create("b").await, server.get("/readyz").await] {
        assert_eq!(reply.unwrap().0, 503);
    }
    server.terminate();
    let log = log + &server.log_until("the end of it");
    assert!(!log.contains("is damaged"), "{log}");
}

#[tokio::test]
async fn nothing_is_begun_where_something_would_not_open_afterwards() {
    let installation = installation();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    fill(&installation, &server).await;
    drop(server);
    generate(folder, "next.key");
    assert_snapshot!(stderr(folder, &["master-key", "rotate"]), @"
    error: the new master key is not named
    hint: make one by `hookvault master-key generate --out new.key`, then add --to-master-key-file new.key
    ");
    assert_snapshot!(stderr(folder, &["master-key", "rotate", "--to-master-key-file", "a", "--to-master-key-command", "b"]), @"
    error: both --to-master-key-file and --to-master-key-command are set
    hint: set one of them: it must be clear which master key counts
    ");
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql(
        "UPDATE hook_key SET sealed_pkcs8 = (SELECT sealed_pkcs8 FROM hook_key WHERE name = 'b') WHERE name = 'a'",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let refused = rotate(folder, "master.key", "next.key", &[]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("(a): the sealed value was changed, or belongs to another place"),
        "{}",
        refused.stderr
    );
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM master_key_rotation").fetch_one(&mut other).await.unwrap();
    assert_eq!(rows, 0, "nothing was begun");
}

/// Puts orgs of 50 keys each past the API: making 5,000 keys would take long, and all of them are one here.
async fn many(installation: &Installation, orgs: usize) {
    let random = Random::system();
    let master_key = MasterKey::parse(MASTER_KEY).unwrap();
    let envelope = Envelope::new(Arc::new(Keyring::new(&master_key)), random.clone());
    let url = crate::support::database::url(&installation.database());
    let (store, _) = hookvault::repository::open(&url, Mode::Existing, Arc::new(seals(MASTER_KEY))).await.unwrap();
    let pair = KeyPair::make(&random);
    let now = Timestamp::from_unix(1_700_000_000).unwrap();
    for number in 0..orgs {
        let id: OrgId = random.id();
        let org = Org {
            id: id.clone(),
            name: Name::parse(&format!("org {number}")).unwrap(),
            domain: None,
            is_default: false,
            created: now,
        };
        let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
        tx.org_insert(&org).await.unwrap().unwrap();
        for number in 0..50 {
            let key = HookKey {
                id: random.id(),
                org_id: id.clone(),
                key_id: random.key_id(),
                name: Name::parse(&format!("key {number}")).unwrap(),
                created: now,
                last_updated: now,
                is_used: false,
                rotate_every: None,
                signs_from: now,
                public_key: pair.public_key.clone(),
                birth: None,
            };
            let sealed = envelope.seal(place(&id, &key.id), pair.pkcs8());
            tx.hook_key_insert(&key, &sealed).await.unwrap().unwrap();
        }
        tx.commit(now).await.unwrap();
    }
    store.close().await;
}

/// With `ROTATION_KILLS=100 ROTATION_ORGS=100` as much as was promised: 5,000 values, 100 kills.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "how much was shown")]
async fn a_rotation_that_is_killed_anywhere_is_gone_on_with() {
    let (kills, orgs) = (rounds("ROTATION_KILLS", 6), rounds("ROTATION_ORGS", 4));
    let installation = installation();
    let folder = installation.folder.path();
    let first = Served::start(&mut installation.serve());
    fill(&installation, &first).await;
    drop(first);
    many(&installation, orgs).await;
    let busy = Busy::start(&installation);
    // How long one takes that nobody kills.
    generate(folder, "0.key");
    let started = Instant::now();
    assert_eq!(rotate(folder, "master.key", "0.key", &[]).code, 0);
    let whole = started.elapsed();
    let random = Random::system();
    let (mut killed, mut rotations) = (0, 0);
    while killed < kills {
        let (from, to) = (format!("{rotations}.key"), format!("{}.key", rotations + 1));
        generate(folder, &to);
        // Each rotation is killed ten times, further on with each: from its start to its last step.
        for at in 0..10_u32 {
            if killed == kills {
                break;
            }
            let mut command = hookvault(folder);
            command.args(["master-key", "rotate", "--master-key-file", &from, "--to-master-key-file", &to]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let jitter = random.bytes::<1>(Purpose::Id)[0];
            tokio::time::sleep(whole * (at * 256 + u32::from(jitter)) / 2560).await;
            let ended = child.try_wait().unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            killed += usize::from(ended.is_none());
            if ended.is_some() {
                break;
            }
        }
        let last = rotate(folder, &from, &to, &[]);
        assert_eq!(last.code, 0, "{}", last.stderr);
        rotations += 1;
        let refused = check(folder, &from);
        assert!(
            refused.stderr.starts_with("error: the database was sealed with the master key "),
            "{}",
            refused.stderr
        );
    }
    let (servers, answers) = busy.end().await;
    drop(servers);
    let checked = check(folder, &format!("{rotations}.key"));
    assert_eq!((checked.code, checked.stdout.as_str()), (0, ""), "{}", checked.stderr);
    let sound: usize = checked.stderr.split(' ').next().unwrap().parse().unwrap();
    assert!(sound >= orgs * 50, "{}", checked.stderr);
    let mut other = other_program(&installation.database()).await;
    assert_eq!(under(&mut other, &old_id()).await, []);
    println!("{killed} kills in {rotations} rotations of {sound} values: {answers} answers, all good");
}
