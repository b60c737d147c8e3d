//! Many at once, and servers that die in the middle: rules hold, and nothing that was answered is lost.

use crate::support::app::{MANAGE, READ, TestApp, other_program, refer};
use crate::support::oauth::{ServiceClient, bearer, part};
use crate::support::process::{Client, Installation, Reply, Served};
use crate::support::reseal::reseal;
use crate::support::rounds;
use hookvault::domain::actor::Actor;
use hookvault::domain::rate_limit::RateLimit;
use hookvault::vault::error::VaultError;
use hookvault::vault::oauth::signing_key::Rotation;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How often each outcome occurred: `200`, or `400` with its cause.
fn outcome(reply: Reply) -> String {
    let (status, body) = reply.expect("an answer");
    let body: Value = serde_json::from_str(&body).unwrap();
    match body["errorCauses"][0]["errorSummary"].as_str() {
        Some(cause) => format!("{} {cause}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

async fn creates(clients: [Client; 3], count: usize, name: impl Fn(usize) -> String) -> BTreeMap<String, usize> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (client, name) = (clients[number % 3].clone(), name(number));
        tasks.spawn(async move { outcome(client.create(&name).await) });
    }
    let mut outcomes = BTreeMap::new();
    while let Some(outcome) = tasks.join_next().await {
        *outcomes.entry(outcome.unwrap()).or_default() += 1;
    }
    outcomes
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect()
}

/// Uses of keys that are not there.
const ORPHANS: &str = "SELECT count(*) FROM hook_key_reference WHERE hook_key_id NOT IN (SELECT id FROM hook_key)";

const CAP: &str = "400 You have reached the maximum number of keys allowed (50). \
                   To add another key, you must first delete an existing one.";
const TAKEN: &str = "400 name: An object with this field already exists in the current organization";

fn servers<const N: usize>(installation: &Installation) -> [Served; N] {
    std::array::from_fn(|_| Served::start(&mut installation.serve()))
}

#[tokio::test]
async fn of_200_parallel_creates_on_three_servers_50_succeed_and_150_meet_the_cap() {
    let installation = Installation::new();
    let servers: [Served; 3] = servers(&installation);
    let clients = servers.each_ref().map(|server| server.client(&installation.token));
    let outcomes = creates(clients.clone(), 200, |number| format!("key {number}")).await;
    assert_eq!(outcomes, counts([("200", 50), (CAP, 150)]));
    for client in clients {
        let listed: Value = serde_json::from_str(&client.list().await.unwrap().1).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), 50);
    }
}

#[tokio::test]
async fn of_100_parallel_creates_of_one_name_one_succeeds() {
    let installation = Installation::new();
    let servers: [Served; 3] = servers(&installation);
    let clients = servers.each_ref().map(|server| server.client(&installation.token));
    let outcomes = creates(clients, 100, |_| "the name".to_owned()).await;
    assert_eq!(outcomes, counts([("200", 1), (TAKEN, 99)]));
}

#[tokio::test]
async fn a_key_is_never_deleted_under_a_new_reference() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let mut consumer = app.other_program().await;
    let org = app.vault.registry().org_pick(None).await.unwrap().id.to_string();
    let mut key = None;
    let (mut deleted, mut kept) = (0, 0);
    for round in 0..100 {
        let id = match key.take() {
            Some(id) => id,
            None => manager.create(&format!("key {round}")).await["id"].as_str().unwrap().to_owned(),
        };
        let path = format!("/api/v1/hook-keys/{id}");
        // The request has a longer way to the database than the other program: it gets more and more of a head start, so
        // that both orders occur.
        let (answer, referred) = tokio::join!(manager.delete(&path), async {
            for _ in 0..round * round {
                tokio::task::yield_now().await;
            }
            refer(&mut consumer, &org, &id, "p1", "a program").await
        });
        match (answer.status, referred.is_ok()) {
            (204, false) => deleted += 1,
            (403, true) => {
                kept += 1;
                assert_eq!(
                    answer.cause(),
                    "The key is used by program 'a program' (p1). Only keys that aren't used can be deleted."
                );
                sqlx::query("DELETE FROM hook_key_reference").execute(&mut consumer).await.unwrap();
                key = Some(id);
            }
            (status, referred) => panic!("round {round}: deletion {status}, reference {referred}: {answer}"),
        }
        let orphans: i64 = sqlx::query_scalar(ORPHANS).fetch_one(&mut consumer).await.unwrap();
        assert_eq!(orphans, 0);
    }
    assert!(deleted > 0 && kept > 0, "{deleted} deletions came first, {kept} references did");
}

/// 500 keys, each with a hook that is made for it on one server while the other deletes it.
#[tokio::test]
async fn a_key_is_never_deleted_under_a_new_hook() {
    let installation = Installation::new();
    let servers: [Served; 2] = servers(&installation);
    let clients = [&servers[0], &servers[1]].map(|server| server.client(&installation.token));
    let mut other = other_program(&installation.database()).await;
    assert_eq!(clients[0].create("pattern").await.unwrap().0, 200);
    let (mut hooked, mut deleted) = (0, 0);
    for round in 0..500 {
        // A copy: making 500 keys would take a minute, and nothing is signed.
        let id = format!("HKY{round:017}");
        sqlx::query(
            "INSERT INTO hook_key (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
             SELECT $1, org_id, 2, '00000000-0000-4000-8000-' || $2, 'copy', created, last_updated,
                    modulus, exponent, sealed_pkcs8
             FROM hook_key WHERE name = 'pattern'",
        )
        .bind(&id)
        .bind(format!("{round:012}"))
        .execute(&mut other)
        .await
        .unwrap();
        reseal(&mut other, "hook_key").await;
        let hook = crate::api::inline_hooks::private_key("hook", &id);
        // Whoever is polled first has a small head start, so that both orders occur.
        let (made, gone) = if round % 2 == 0 {
            tokio::join!(clients[0].hook(&hook), clients[1].delete(&id))
        } else {
            let (gone, made) = tokio::join!(clients[1].delete(&id), clients[0].hook(&hook));
            (made, gone)
        };
        let ((made, body), (gone, refusal)) = (made.unwrap(), gone.unwrap());
        let body: Value = serde_json::from_str(&body).unwrap();
        match (made.as_u16(), gone.as_u16()) {
            (200, 403) => {
                hooked += 1;
                let hook = body["id"].as_str().unwrap();
                assert!(refusal.contains(&format!("The key is used by inline hook 'hook' ({hook})")), "{refusal}");
                sqlx::raw_sql("DELETE FROM hook_key_reference; DELETE FROM inline_hook")
                    .execute(&mut other)
                    .await
                    .unwrap();
                sqlx::query("DELETE FROM hook_key WHERE id = $1").bind(&id).execute(&mut other).await.unwrap();
            }
            (400, 204) => {
                deleted += 1;
                let cause = body["errorCauses"][0]["errorSummary"].as_str().unwrap();
                assert!(cause.contains(&format!("There is no hook key '{id}'")), "{cause}");
            }
            other => panic!("round {round}: {other:?} {body} {refusal}"),
        }
        let left: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM hook_key_reference WHERE hook_key_id NOT IN (SELECT id FROM hook_key)), (SELECT count(*) FROM hook_key_reference),
                    (SELECT count(*) FROM inline_hook)",
        )
        .fetch_one(&mut other)
        .await
        .unwrap();
        assert_eq!(left, (0, 0, 0), "round {round}");
    }
    assert!(hooked > 0 && deleted > 0, "{hooked} hooks came first, {deleted} deletions did");
}

/// What one client knows of one key.
#[derive(Clone, Debug)]
enum Known {
    /// The last answered state: a name, or gone.
    Settled(Option<String>),
    /// A change was sent and not answered: before or after, nothing else.
    InFlight { before: Option<String>, after: Option<String> },
}

/// Creates, renames and deletes keys one after the other until the server is gone. Keys are told apart by id, and one
/// whose create was not answered by its name.
async fn busy(
    client: Client,
    prefix: String,
    answered: Arc<AtomicUsize>,
    progress: Arc<Notify>,
) -> BTreeMap<String, Known> {
    let mut known = BTreeMap::new();
    for number in 0.. {
        let name = format!("{prefix} {number}");
        let told = |reply: Reply, expected: u16| {
            let (status, body) = reply?;
            assert_eq!(status.as_u16(), expected, "{body}");
            answered.fetch_add(1, Ordering::SeqCst);
            progress.notify_one();
            Some(body)
        };
        known.insert(name.clone(), Known::InFlight { before: None, after: Some(name.clone()) });
        let Some(created) = told(client.create(&name).await, 200) else { break };
        let created: Value = serde_json::from_str(&created).unwrap();
        let id = created["id"].as_str().unwrap().to_owned();
        known.remove(&name);

        let renamed = format!("{name} renamed");
        known.insert(id.clone(), Known::InFlight { before: Some(name), after: Some(renamed.clone()) });
        if told(client.rename(&id, &renamed).await, 200).is_none() {
            break;
        }
        known.insert(id.clone(), Known::Settled(Some(renamed.clone())));
        if number % 2 == 1 {
            known.insert(id.clone(), Known::InFlight { before: Some(renamed), after: None });
            if told(client.delete(&id).await, 204).is_none() {
                break;
            }
            known.insert(id, Known::Settled(None));
        }
    }
    known
}

#[tokio::test]
async fn a_server_killed_50_times_has_lost_no_answered_write() {
    const ROUNDS: usize = 50;
    let installation = Installation::new();
    let mut settled = 0;
    for round in 0..ROUNDS {
        let mut server = Served::start(&mut installation.serve());
        let (answered, progress) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let mut clients = JoinSet::new();
        for client in 0..3 {
            let prefix = format!("round {round} client {client}");
            clients.spawn(busy(server.client(&installation.token), prefix, answered.clone(), progress.clone()));
        }
        // After another number of answers each time, with other requests under way.
        while answered.load(Ordering::SeqCst) < 3 + round % 11 {
            tokio::select! {
                () = progress.notified() => {}
                Some(ended) = clients.join_next() => panic!("a client ended before the server did: {ended:?}"),
            }
        }
        server.kill();

        let server = Served::start(&mut installation.serve());
        let client = server.client(&installation.token);
        let listed: Value = serde_json::from_str(&client.list().await.unwrap().1).unwrap();
        let present: BTreeMap<&str, &str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|key| (key["id"].as_str().unwrap(), key["name"].as_str().unwrap()))
            .collect();
        while let Some(known) = clients.join_next().await {
            for (handle, known) in known.unwrap() {
                let now = present.get(handle.as_str()).or_else(|| present.values().find(|name| **name == handle));
                let now = now.map(|name| (*name).to_owned());
                match known {
                    Known::Settled(expected) => {
                        settled += 1;
                        assert_eq!(now, expected, "round {round}: {handle}");
                    }
                    Known::InFlight { before, after } => {
                        assert!(now == before || now == after, "round {round}: {handle} is {now:?}");
                    }
                }
            }
        }
        for id in present.keys() {
            assert_eq!(client.delete(id).await.unwrap().0, 204);
        }
    }
    assert!(settled > ROUNDS, "{settled} answered writes were looked at");
}

/// Those who write at once may share a commit, and see what is not committed yet.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_because_of_anothers_write_finds_it_done() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    for round in 0..20 {
        let name = format!("key {round}");
        let mut tasks = JoinSet::new();
        for _ in 0..6 {
            let (client, name) = (client.clone(), name.clone());
            tasks.spawn(async move {
                let (status, body) = client.create(&name).await.unwrap();
                let (_, list) = client.list().await.unwrap();
                assert!(list.contains(&format!("\"{name}\"")), "{status}, and then it is not there: {list}");
                (status == 200).then_some(body)
            });
        }
        let made: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let [made] = &made[..] else { panic!("one of them makes it: {made:?}") };
        let id = serde_json::from_str::<Value>(made).unwrap()["id"].as_str().unwrap().to_owned();
        let mut tasks = JoinSet::new();
        for _ in 0..6 {
            let (client, id) = (client.clone(), id.clone());
            tasks.spawn(async move {
                let (deleted, _) = client.delete(&id).await.unwrap();
                let (read, body) = client.get(&format!("/api/v1/hook-keys/{id}")).await.unwrap();
                assert_eq!(read, 404, "after {deleted}: {body}");
                deleted.as_u16()
            });
        }
        let mut answers = tasks.join_all().await;
        answers.sort_unstable();
        assert_eq!(answers, [204, 404, 404, 404, 404, 404]);
    }
}

#[tokio::test]
async fn parallel_deletes_on_two_servers_are_all_confirmed() {
    let installation = Installation::new();
    let servers: [Served; 2] = servers(&installation);
    let clients = [&servers[0], &servers[1]].map(|server| server.client(&installation.token));
    let mut ids = Vec::new();
    for number in 0..40 {
        let (_, created) = clients[0].create(&format!("key {number}")).await.unwrap();
        let created: Value = serde_json::from_str(&created).unwrap();
        ids.push(created["id"].as_str().unwrap().to_owned());
    }
    let mut tasks = JoinSet::new();
    for (number, id) in ids.into_iter().enumerate() {
        let client = clients[number % 2].clone();
        tasks.spawn(async move { client.delete(&id).await.unwrap() });
    }
    while let Some(reply) = tasks.join_next().await {
        let (status, body) = reply.unwrap();
        assert_eq!(status.as_u16(), 204, "{body}");
    }
}

#[tokio::test]
async fn of_64_parallel_uses_of_one_assertion_on_three_servers_one_counts() {
    let app = TestApp::start().await;
    let servers = [&app, &app.start_beside().await, &app.start_beside().await];
    let client = ServiceClient::new(&app, READ).await;
    for _ in 0..5 {
        let assertion = client.assertion(&app);
        let uses = (0..64).map(|number| client.ask(servers[number % 3], &assertion));
        let mut outcomes = BTreeMap::<_, usize>::new();
        for answer in futures_util::future::join_all(uses).await {
            let outcome = match answer.status {
                200 => "a token".to_owned(),
                _ => answer.json()["error_description"].as_str().unwrap().to_owned(),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
        assert_eq!(outcomes, counts([("The client_assertion token has already been used.", 63), ("a token", 1)]));
    }
}

/// Time stands still while clients work, and moves on while they wait, so that a token that is refused was valid all the time.
#[tokio::test]
async fn rotations_under_load_refuse_no_valid_token() {
    const STEPS: usize = 60;
    const CLIENTS: usize = 8;
    let app = TestApp::start_with(|config| config.server.rate_limit = RateLimit::Off).await;
    let beside = app.start_beside_with(|config| config.server.rate_limit = RateLimit::Off).await;
    let org = app.vault.registry().org_pick(None).await.unwrap();
    let client = ServiceClient::new(&app, READ).await;
    let mut tokens: Vec<(String, i64)> = Vec::new();
    let (mut kids, mut used, mut rotated) = (BTreeSet::new(), 0, 0);
    for step in 0..STEPS {
        let now = app.vault.clock().now().unix();
        tokens.retain(|(_, expires)| *expires > now);
        // Everybody asks for a token and uses all that are valid, on both servers, while keys come and go.
        let work = futures_util::future::join_all((0..CLIENTS).map(|number| {
            let (app, beside, client, tokens) = (&app, &beside, &client, &tokens);
            async move {
                let (one, other) = if number % 2 == 0 { (app, beside) } else { (beside, app) };
                let token = client.token(one).await;
                let mut used = 0;
                for (token, _) in tokens.iter().skip(number).step_by(CLIENTS).chain([&(token.clone(), 0)]) {
                    for server in [one, other] {
                        let answer = bearer(server, token).get("/api/v1/hook-keys").await;
                        assert_eq!(answer.status, 200, "step {step}: {answer}");
                        used += 1;
                    }
                }
                (token, used)
            }
        }));
        let keys = async {
            let (one, other) = if step % 2 == 0 { (&app, &beside) } else { (&beside, &app) };
            let (planned, maintained) = tokio::join!(
                one.vault.signing_key_rotate(&Actor::Vault, &org.id, Rotation::Planned),
                other.vault.oauth_upkeep(),
            );
            maintained.unwrap();
            match planned {
                Ok(_) => 1,
                Err(VaultError::RotationUnderWay { .. }) => 0,
                Err(error) => panic!("{error}"),
            }
        };
        let (done, more) = tokio::join!(work, keys);
        rotated += more;
        for (token, count) in done {
            kids.insert(part(&token, 0)["kid"].to_string());
            used += count;
            tokens.push((token, now + 3600));
        }
        app.clock.advance(Duration::from_mins(5));
    }
    assert!(rotated >= 15 && kids.len() >= 15, "{rotated} rotations, {} keys signed", kids.len());
    assert!(used > 5_000, "{used} requests were made");
    let mut other = app.other_program().await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM signing_key").fetch_one(&mut other).await.unwrap();
    assert!(left < 10, "{left} keys are left: the old ones are deleted");
}

/// `REVOCATION_ROUNDS=1000` for more of them.
#[tokio::test]
async fn what_one_server_revokes_another_refuses_with_the_very_next_request() {
    let rounds = rounds("REVOCATION_ROUNDS", 25);
    let app = TestApp::start_with(|config| config.server.rate_limit = RateLimit::parse("off").unwrap()).await;
    let beside = app.start_beside_with(|config| config.server.rate_limit = RateLimit::parse("off").unwrap()).await;
    for round in 0..rounds {
        let token = app.new_token(None, READ).await;
        let caller = beside.anon().with("authorization", &format!("SSWS {token}"));
        assert_eq!(caller.get("/api/v1/hook-keys").await.status, 200, "round {round}");
        let registry = app.vault.registry();
        let id = registry.api_token_list().await.unwrap().pop().unwrap().unwrap().id;
        registry.api_token_revoke(&Actor::Vault, &id.to_string()).await.unwrap();
        assert_eq!(caller.get("/api/v1/hook-keys").await.status, 401, "round {round}");
    }
}
