//! The audit trail: what is told, that nobody can change it unseen, and how others read it.

use crate::store::sealer;
use crate::support::app::{LOGS, MANAGE, READ, TestApp, USE};
use crate::support::database;
use crate::support::oauth::{ServiceClient, anon};
use crate::support::rounds;
use ct_merkle::{InclusionProof, RootHash};
use hookvault::domain::actor::Actor;
use hookvault::domain::audit::EventKind;
use hookvault::domain::clock::Clock as _;
use hookvault::domain::id::OrgId;
use hookvault::http::api::routes;
use hookvault::repository::store::Serial;
use hookvault::repository::{self, Mode};
use hookvault::vault::custody::audit::checkpoint::Checkpoint;
use hookvault::vault::custody::audit::export::verify_export;
use hookvault::vault::custody::audit::reading::{AuditEntry, AuditQuery};
use hookvault::vault::custody::audit::verify::Broken;
use hookvault::vault::error::VaultError;
use insta::assert_snapshot;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe};
use std::collections::BTreeSet;
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

async fn org(app: &TestApp) -> OrgId {
    app.vault.registry().org_pick(None).await.unwrap().id
}

/// All entries, the grouped ones too.
async fn entries(app: &TestApp) -> Vec<AuditEntry> {
    app.vault.audit_flush().await.unwrap();
    let query = AuditQuery { limit: 10_000, ..AuditQuery::default() };
    app.vault.registry().audit_list(&org(app).await, &query).await.unwrap()
}

fn kinds(entries: &[AuditEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.kind.as_str()).collect()
}

#[tokio::test]
async fn what_one_is_about_to_tell_another_waits_for() {
    let app = TestApp::start().await;
    assert_eq!(app.token(USE).await.post(KEYS, json!({"name": "x"})).await.status, 403);
    // The first takes what there is to tell; a stop, which closes the store next, may be the second.
    let (first, all) = tokio::join!(app.vault.audit_flush(), entries(&app));
    first.unwrap();
    assert_eq!(kinds(&all).last(), Some(&"system.api.access.denied"));
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_what_from_where_and_how_it_ended() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await.with("user-agent", "terraform/1.17");
    let created = manager.post(KEYS, json!({"name": "a"})).await;
    let entries = entries(&app).await;
    let entry: Value = serde_json::from_str(entries.last().unwrap().text.as_deref().unwrap()).unwrap();
    assert_eq!(entry["transaction"]["id"], created.header("x-okta-request-id"));
    assert_snapshot!(serde_json::to_string_pretty(&entry).unwrap(), @r#"
    {
      "actor": {
        "alternateId": "token 0",
        "detailEntry": {
          "apiTokenId": "00TVZqaufhy7yDYkZAjB"
        },
        "displayName": "token 0",
        "id": "00utH0rj4IDeXwdO9nb7",
        "type": "User"
      },
      "authenticationContext": {
        "authenticationProvider": null,
        "authenticationStep": 0,
        "credentialProvider": null,
        "credentialType": "API_TOKEN",
        "externalSessionId": null,
        "interface": null,
        "issuer": null
      },
      "client": {
        "device": null,
        "geographicalContext": null,
        "id": "00TVZqaufhy7yDYkZAjB",
        "ipAddress": "127.0.0.1",
        "userAgent": {
          "browser": null,
          "os": null,
          "rawUserAgent": "terraform/1.17"
        },
        "zone": null
      },
      "debugContext": {
        "debugData": {
          "orgId": "00ooMe0fqONcuGp0Dalw",
          "requestId": "07462f8d57dcc68ef55177aaec936593",
          "requestMethod": "POST",
          "requestUri": "/api/v1/hook-keys"
        }
      },
      "device": null,
      "displayMessage": "Create hook key",
      "eventType": "system.hook.key.created",
      "legacyEventType": null,
      "outcome": {
        "reason": null,
        "result": "SUCCESS"
      },
      "published": "2025-10-24T13:06:07.000Z",
      "request": {
        "ipChain": [
          {
            "geographicalContext": null,
            "ip": "127.0.0.1",
            "source": null,
            "version": "V4"
          }
        ]
      },
      "securityContext": {},
      "severity": "INFO",
      "target": [
        {
          "alternateId": "a",
          "detailEntry": {
            "hook_key_id": "HKYpXVRoko2jxQQxYvSn",
            "hook_key_name": "a",
            "key_id": "cbd6d43e-872e-4ed8-b393-567a60257d9e",
            "last_updated": "2025-10-24T13:06:07.000Z",
            "rotate_every": "never"
          },
          "displayName": "a",
          "id": "HKYpXVRoko2jxQQxYvSn",
          "type": "HookKey"
        }
      ],
      "transaction": {
        "detail": {},
        "id": "07462f8d57dcc68ef55177aaec936593",
        "type": "WEB"
      },
      "uuid": "6a9fa881-7078-41bc-b963-829a2fa80cee",
      "version": "0"
    }
    "#);
}

/// Each route that changes something or uses a key, with what it tells. A new route must have its line here.
#[tokio::test]
async fn every_route_that_changes_something_or_uses_a_key_is_told() {
    let app = TestApp::start().await;
    let (manager, user) = (app.token(MANAGE).await, app.token(USE).await);
    let key = manager.create("a").await["id"].as_str().unwrap().to_owned();
    let spare = manager.create("b").await["id"].as_str().unwrap().to_owned();
    let hook = |name: &str| crate::api::inline_hooks::private_key(name, &key);
    let made = manager.post("/api/v1/inlineHooks", hook("h")).await.json();
    let hook_path = format!("/api/v1/inlineHooks/{}", made["id"].as_str().unwrap());
    let client = ServiceClient::new(&app, READ).await;
    let uses = format!("/vault/v1/hook-keys/{key}/references/p1");
    let assertion = json!({"clientId": "c", "audience": "https://login.example.com/"});
    let told: Vec<(&str, &str, Vec<&str>)> = vec![
        ("POST", "/api/v1/hook-keys", vec!["system.hook.key.created"]),
        ("PUT", "/api/v1/hook-keys/{id}", vec!["system.hook.key.updated"]),
        ("DELETE", "/api/v1/hook-keys/{id}", vec!["system.hook.key.deleted"]),
        ("POST", "/api/v1/inlineHooks", vec!["inline_hook.created"]),
        ("POST", "/api/v1/inlineHooks/{id}", vec!["inline_hook.updated"]),
        ("PUT", "/api/v1/inlineHooks/{id}", vec!["inline_hook.updated"]),
        ("POST", "/api/v1/inlineHooks/{id}/execute", vec!["inline_hook.executed"]),
        ("POST", "/api/v1/inlineHooks/{id}/lifecycle/deactivate", vec!["inline_hook.deactivated"]),
        ("POST", "/api/v1/inlineHooks/{id}/lifecycle/activate", vec!["inline_hook.activated"]),
        ("DELETE", "/api/v1/inlineHooks/{id}", vec!["inline_hook.deactivated", "inline_hook.deleted"]),
        ("POST", "/vault/v1/hook-keys/import", vec!["system.hook.key.imported"]),
        ("POST", "/vault/v1/hook-keys/{key}/rotate", vec!["system.hook.key.rotated"]),
        ("PUT", "/vault/v1/hook-keys/{key}/rotation", vec!["system.hook.key.scheduled"]),
        ("PUT", "/vault/v1/hook-keys/{key}/references/{consumer}", vec!["system.hook.key.reference.created"]),
        ("DELETE", "/vault/v1/hook-keys/{key}/references/{consumer}", vec!["system.hook.key.reference.deleted"]),
        ("POST", "/vault/v1/hook-keys/{key}/client-assertions", vec!["system.hook.key.used"]),
        ("POST", "/vault/v1/hook-keys/{key}/jwts", vec!["system.hook.key.used"]),
        ("POST", "/oauth2/v1/token", vec!["app.oauth2.key.rollover", "app.oauth2.token.grant.access_token"]),
    ];
    let known: BTreeSet<_> = told.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let changing = routes::all().into_iter().filter(|route| route.method.as_str() != "GET");
    let changing: BTreeSet<_> = changing.map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(known, changing);
    for (method, path, expected) in told {
        let before = entries(&app).await.len();
        let answer = match (method, path) {
            ("POST", "/api/v1/hook-keys") => manager.post(path, json!({"name": "c"})).await,
            ("PUT", "/api/v1/hook-keys/{id}") => manager.put(&format!("{KEYS}/{spare}"), json!({"name": "d"})).await,
            ("DELETE", "/api/v1/hook-keys/{id}") => manager.delete(&format!("{KEYS}/{spare}")).await,
            ("POST", "/api/v1/inlineHooks") => manager.post(path, hook("other")).await,
            ("POST", "/api/v1/inlineHooks/{id}") => manager.post(&hook_path, json!({"name": "h2"})).await,
            ("PUT", "/api/v1/inlineHooks/{id}") => manager.put(&hook_path, hook("h3")).await,
            ("DELETE", "/api/v1/inlineHooks/{id}") => {
                manager.post(&format!("{hook_path}/lifecycle/deactivate"), json!({})).await;
                manager.delete(&hook_path).await
            }
            ("POST", path) if path.starts_with("/api/v1/inlineHooks/{id}/") => {
                manager.post(&path.replace("/api/v1/inlineHooks/{id}", &hook_path), json!({})).await
            }
            ("POST", "/vault/v1/hook-keys/import") => {
                let jwk: Value = serde_json::from_str(&crate::api::key_import::good_jwk()).unwrap();
                manager.post(path, json!({"name": "imported", "jwk": jwk})).await
            }
            ("POST", path) if path.ends_with("rotate") => manager.post(&path.replace("{key}", &key), json!({})).await,
            ("PUT", path) if path.ends_with("rotation") => {
                manager.put(&path.replace("{key}", &key), json!({"rotateEvery": 86_400})).await
            }
            ("PUT", _) => manager.put(&uses, json!({"kind": "program", "name": "mine"})).await,
            ("DELETE", _) => manager.delete(&uses).await,
            ("POST", path) if path.ends_with("client-assertions") => {
                user.post(&path.replace("{key}", &key), assertion.clone()).await
            }
            ("POST", path) if path.ends_with("jwts") => {
                user.post(&path.replace("{key}", &key), json!({"claims": {"sub": "x"}})).await
            }
            _ => client.ask(&app, &client.assertion(&app)).await,
        };
        assert!(answer.status < 300 || path.ends_with("execute"), "{method} {path}: {answer}");
        let all = entries(&app).await;
        let mut new: Vec<_> = kinds(&all[before..]);
        // A hook that is called uses its key, where it comes so far.
        new.retain(|kind| !(path.ends_with("execute") && *kind == "system.hook.key.used"));
        assert_eq!(new, expected, "{method} {path}");
    }
    let refused = entries(&app).await.len();
    assert_eq!(user.post(KEYS, json!({"name": "x"})).await.status, 403);
    let all = entries(&app).await;
    assert_eq!(kinds(&all[refused..]), ["system.api.access.denied"]);
    assert!(all.last().unwrap().text.as_deref().unwrap().contains("\"result\":\"DENY\""));
}

#[tokio::test]
async fn what_was_refused_by_a_rule_or_fails_tells_nothing() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("a").await;
    let before = entries(&app).await.len();
    assert_eq!(manager.post(KEYS, json!({"name": "a"})).await.status, 400);
    assert_eq!(manager.delete(&format!("{KEYS}/HKY00000000000000000")).await.status, 404);
    assert_eq!(entries(&app).await.len(), before);
}

/// A hundred signatures by one caller are one entry.
#[tokio::test]
async fn uses_that_are_alike_are_told_as_one_with_their_number() {
    let app = TestApp::start().await;
    let key = app.token(MANAGE).await.create("a").await["id"].as_str().unwrap().to_owned();
    let user = app.token(USE).await;
    let before = entries(&app).await.len();
    let mut sent = 0;
    while app.vault.audit_flush().await.is_ok() && sent < 100 {
        let path = format!("/vault/v1/hook-keys/{key}/jwts");
        let jwt = json!({"claims": {"sub": "x"}});
        let (a, b) = tokio::join!(user.post(&path, jwt.clone()), user.post(&path, jwt));
        assert_eq!((a.status, b.status), (200, 200));
        sent += 2;
    }
    let all = entries(&app).await;
    let counts: Vec<u64> = all[before..]
        .iter()
        .map(|entry| serde_json::from_str::<Value>(entry.text.as_deref().unwrap()).unwrap())
        .map(|entry| entry.pointer("/debugContext/debugData/count").and_then(Value::as_u64).unwrap_or(1))
        .collect();
    assert_eq!(counts.iter().sum::<u64>(), 100);
    assert!(counts.len() <= 100, "{counts:?}");
}

#[tokio::test]
async fn no_secret_and_no_payload_is_in_the_trail() {
    let app = TestApp::start().await;
    let token = app.new_token(None, MANAGE).await;
    let manager = app.anon().with("authorization", &format!("SSWS {token}"));
    let hook = json!({
        "name": "h", "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com/in?code=in-the-query", "method": "POST", "headers": [],
            "authScheme": {"type": "HEADER", "key": "X-Key", "value": "the-hooks-secret"}}}
    });
    let made = manager.post("/api/v1/inlineHooks", hook).await;
    let path = format!("/api/v1/inlineHooks/{}/execute", made.json()["id"].as_str().unwrap());
    manager.post(&path, json!({"data": "the-payload"})).await;
    let all = entries(&app).await;
    assert!(kinds(&all).contains(&"inline_hook.executed"));
    for entry in &all {
        let text = entry.text.as_deref().unwrap();
        for secret in [&*token, "the-hooks-secret", "in-the-query", "the-payload"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[tokio::test]
async fn the_log_is_read_in_pages_by_type_and_by_time() {
    let app = TestApp::start().await;
    let (manager, reader) = (app.token(MANAGE).await, app.token(LOGS).await);
    assert_eq!(manager.get("/api/v1/logs").await.status, 403, "a scope of its own");
    for number in 0..5 {
        manager.create(&format!("key {number}")).await;
        app.clock.advance(Duration::from_secs(60));
    }
    app.vault.audit_flush().await.unwrap();
    let types = |answer: &crate::support::answer::Answer| -> Vec<String> {
        let events = answer.json();
        events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["target"][0]["displayName"].as_str().unwrap().to_owned())
            .collect()
    };
    let created = "/api/v1/logs?filter=eventType+eq+%22system.hook.key.created%22";
    let all = reader.get(created).await;
    assert_eq!(types(&all), ["key 0", "key 1", "key 2", "key 3", "key 4"]);
    let mut found = Vec::new();
    let mut path = format!("{created}&limit=2");
    for _ in 0..4 {
        let page = reader.get(&path).await;
        found.extend(types(&page));
        path = next_of(&page).unwrap();
    }
    assert_eq!(found, types(&all));
    // Whoever comes back later finds what is new.
    manager.create("later").await;
    assert_eq!(types(&reader.get(&path).await), ["later"]);
    let newest = reader.get(&format!("{created}&sortOrder=DESCENDING&limit=1")).await;
    assert_eq!(types(&newest), ["later"]);
    let between = "&since=2025-10-24T13:07:07.000Z&until=2025-10-24T13:09:07.000Z";
    let part = reader.get(&format!("{created}{between}")).await;
    assert_eq!((types(&part), next_of(&part)), (vec!["key 1".to_owned(), "key 2".to_owned()], None));
    for (query, cause) in [
        ("since=yesterday", "since: The field is not a moment such as 2025-10-24T13:06:07.000Z"),
        ("limit=0", "limit: The field is not a number from 1 to 1000"),
        ("filter=actor", "filter: The field is not of the form eventType eq \"…\", or several of them joined by `or`"),
        ("sortOrder=up", "sortOrder: The field is not one of: ASCENDING, DESCENDING"),
        ("after=x", "after: The field is not from the link of an earlier answer"),
    ] {
        let answer = reader.get(&format!("/api/v1/logs?{query}")).await;
        assert_eq!((answer.status, answer.cause()), (400, cause.to_owned()));
    }
}

#[tokio::test]
async fn the_log_is_searched_for_words_in_whatever_case() {
    let app = TestApp::start().await;
    let (manager, reader) = (app.token(MANAGE).await, app.token(LOGS).await);
    for name in ["Ärger Eins", "ärger zwei", "orders"] {
        manager.create(name).await;
    }
    let found = async |query: &str| -> Vec<String> {
        let answer =
            reader.get(&format!("/api/v1/logs?filter=eventType+eq+%22system.hook.key.created%22&{query}")).await;
        let events = answer.json();
        let events = events.as_array().unwrap_or_else(|| panic!("{answer}")).iter();
        events.map(|event| event["target"][0]["displayName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("q=%C3%84RGER").await, ["Ärger Eins", "ärger zwei"]);
    assert_eq!(found("q=eins+%C3%A4rger").await, ["Ärger Eins"], "each word");
    assert_eq!(found("q=displayName").await, <[&str; 0]>::default(), "not the names of members");
    assert_eq!(found("q=create&limit=2").await, ["Ärger Eins", "ärger zwei"]);
    assert_eq!(found("q=+").await.len(), 3);
    let mut pages = Vec::new();
    let mut path = Some("/api/v1/logs?q=%C3%A4rger&limit=1&sortOrder=DESCENDING".to_owned());
    while let Some(page) = path {
        let answer = reader.get(&page).await;
        pages.extend(answer.json().as_array().unwrap().iter().map(|event| event["target"][0]["displayName"].clone()));
        path = next_of(&answer);
    }
    assert_eq!(pages, ["ärger zwei", "Ärger Eins"]);
    for query in [format!("q={}", "a".repeat(41)), format!("q={}", ["a"; 11].join("+"))] {
        let answer = reader.get(&format!("/api/v1/logs?{query}")).await;
        let cause = "q: The field has more than 10 words, or one of more than 40 characters";
        assert_eq!((answer.status, answer.cause()), (400, cause.to_owned()));
    }
}

#[tokio::test]
async fn a_search_through_many_entries_goes_on_where_it_ended() {
    let app = TestApp::start().await;
    app.token(MANAGE).await.create("the first").await;
    let (reader, org) = (app.token(LOGS).await, org(&app).await);
    // Past the vault, which would need a request for each.
    let (store, _) = repository::open(&database::url(&app.database()), Mode::Existing, sealer()).await.unwrap();
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    let first = tx.audit_head_hold(&org).await.unwrap().size;
    for number in first..first + 10_100 {
        let text = json!({"target": if number < first + 10_099 { "many" } else { "the last" }}).to_string();
        let leaf = Sha256::new().chain_update([0]).chain_update(&text).finalize().into();
        let (org_id, published, kind) = (org.clone(), app.clock.now(), "many".to_owned());
        let entry = AuditEntry { org_id, number, published, kind, text: Some(text), leaf };
        tx.audit_entry_insert(&entry).await.unwrap();
    }
    tx.commit(app.clock.now()).await.unwrap();
    store.close().await;
    let page = reader.get("/api/v1/logs?q=the").await;
    assert!(page.body.contains("the first") && !page.body.contains("the last"));
    let next = reader.get(&next_of(&page).unwrap()).await;
    assert_eq!(next.body, r#"[{"target":"the last"}]"#);
}

/// The path of the next page.
fn next_of(answer: &crate::support::answer::Answer) -> Option<String> {
    let links = answer.headers.get("link")?.split(", ");
    let next = links.into_iter().find(|link| link.ends_with("rel=\"next\""))?;
    let url = next.split(['<', '>']).nth(1).unwrap();
    Some(url[url.find("/api").unwrap()..].to_owned())
}

#[tokio::test]
async fn one_entry_is_proved_without_the_rest_to_code_that_is_not_ours() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for number in 0..20 {
        manager.create(&format!("key {number}")).await;
    }
    let org = org(&app).await;
    app.vault.audit_checkpoint(&Actor::Vault, &org).await.unwrap();
    for entry in entries(&app).await {
        let proof = app.vault.audit_prove(&Actor::Vault, &org, entry.number).await.unwrap();
        let root = RootHash::<Sha256>::new(proof.checkpoint.root.into(), proof.checkpoint.size);
        let path: Vec<_> = proof.path.iter().map(|hash| (*hash).into()).collect();
        let path = InclusionProof::<Sha256>::from_digests(&path);
        let text = proof.text.unwrap();
        assert!(root.verify_inclusion(&text.as_bytes().to_vec(), entry.number, &path).is_ok(), "{}", entry.number);
        assert!(root.verify_inclusion(&b"another".to_vec(), entry.number, &path).is_err());
        let opened = Checkpoint::open(proof.checkpoint.note.as_bytes(), &proof.checkpoint.verifier_key).unwrap();
        assert_eq!((opened.size, opened.root), (proof.checkpoint.size, proof.checkpoint.root));
    }
}

#[tokio::test]
async fn what_is_too_old_is_forgotten_and_the_rest_is_still_proved() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("old").await;
    app.clock.advance(Duration::from_hours(48));
    manager.create("new").await;
    let org = org(&app).await;
    let registry = app.vault.registry();
    let before = app.vault.audit_checkpoint(&Actor::Vault, &org).await.unwrap();
    registry.audit_forget(Duration::from_hours(24)).await.unwrap();
    let all = entries(&app).await;
    assert_eq!(all.iter().filter(|entry| entry.text.as_deref().unwrap().contains("\"old\"")).count(), 0);
    assert_eq!(kinds(&all), ["system.hook.key.created", "system.log.key.created", "system.log.forgotten"]);
    let checkpoint = Checkpoint::open(before.note.as_bytes(), &before.verifier_key).unwrap();
    let whole = registry.audit_verify(&org, Some(&checkpoint)).await.unwrap().unwrap();
    assert_eq!(whole.forgotten, 3);
    assert!(app.vault.audit_prove(&Actor::Vault, &org, 0).await.unwrap().text.is_none());
    let mut other = app.other_program().await;
    sqlx::raw_sql("UPDATE audit_entry SET entry = NULL").execute(&mut other).await.unwrap();
    assert_eq!(registry.audit_verify(&org, None).await.unwrap(), Err(Broken::TextGone(3)));
}

async fn run(other: &mut AnyConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(other).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Any one change of another hand is found, and the first entry that it concerns is named.
#[tokio::test]
async fn a_trail_that_another_hand_has_changed_is_not_whole() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for number in 0..12 {
        manager.create(&format!("key {number}")).await;
    }
    let org = org(&app).await;
    let registry = app.vault.registry();
    let kept = app.vault.audit_checkpoint(&Actor::Vault, &org).await.unwrap();
    let kept = Checkpoint::open(kept.note.as_bytes(), &kept.verifier_key).unwrap();
    let export = std::cell::RefCell::new(Vec::new());
    let line = |text: &str| {
        export.borrow_mut().push(text.to_owned());
        Ok::<_, VaultError>(())
    };
    registry.audit_export(&org, line).await.unwrap();
    let export = export.into_inner();
    let size = registry.audit_verify(&org, Some(&kept)).await.unwrap().unwrap().size;
    assert!(verify_export(&export, &kept).is_ok());
    let mut other = app.other_program().await;
    run(&mut other, "CREATE TABLE kept_entry AS SELECT * FROM audit_entry").await;
    run(&mut other, "CREATE TABLE kept_head AS SELECT * FROM audit_head").await;
    let mut random = ChaCha8Rng::seed_from_u64(6);
    for round in 0..rounds("AUDIT_ROUNDS", 200) {
        let number = random.random_range(0..size - 1);
        let (sql, expected) = match round % 10 {
            0 => (
                format!("UPDATE audit_entry SET entry = replace(entry, 'SUCCESS', 'FAILURE') WHERE number = {number}"),
                Broken::Text(number),
            ),
            1 => (
                format!("UPDATE audit_entry SET published = published - 1 WHERE number = {number}"),
                Broken::Altered(number),
            ),
            2 => (
                format!("UPDATE audit_entry SET kind = 'system.org.created ' WHERE number = {number}"),
                Broken::Altered(number),
            ),
            3 => (format!("DELETE FROM audit_entry WHERE number = {number}"), Broken::Missing(number)),
            4 => (format!("UPDATE audit_entry SET entry = NULL WHERE number = {number}"), Broken::TextGone(number)),
            5 => (swap(number), Broken::Altered(number)),
            6 => (
                format!(
                    "INSERT INTO audit_entry SELECT org_id, {size}, published, kind, entry, leaf, seal FROM audit_entry WHERE number = {number}"
                ),
                Broken::Added(size),
            ),
            7 => (format!("DELETE FROM audit_entry WHERE number > {number}"), Broken::Missing(number + 1)),
            8 => ("UPDATE audit_head SET size = size - 1".to_owned(), Broken::Head),
            _ => (
                format!(
                    "UPDATE audit_entry SET entry = (SELECT e.entry FROM audit_entry AS e WHERE e.number = {n}),
                            leaf = (SELECT e.leaf FROM audit_entry AS e WHERE e.number = {n}) WHERE number = {number}",
                    n = number + 1
                ),
                Broken::Altered(number),
            ),
        };
        run(&mut other, &sql).await;
        let verdict = registry.audit_verify(&org, Some(&kept)).await.unwrap();
        assert_eq!(verdict, Err(expected), "{sql}");
        run(&mut other, "DELETE FROM audit_entry").await;
        run(&mut other, "INSERT INTO audit_entry SELECT * FROM kept_entry").await;
        run(
            &mut other,
            "UPDATE audit_head SET size = (SELECT size FROM kept_head), seal = (SELECT seal FROM kept_head)",
        )
        .await;
        // The same in an export.
        let mut lines = export.clone();
        let index = usize::try_from(number).unwrap();
        match round % 4 {
            0 => lines[index] = lines[index].replace("SUCCESS", "FAILURE"),
            1 => drop(lines.remove(index)),
            2 => lines.swap(index, index + 1),
            _ => lines.insert(index, lines[0].clone()),
        }
        assert!(verify_export(&lines, &kept).is_err() || lines == export);
    }
    assert!(registry.audit_verify(&org, Some(&kept)).await.unwrap().is_ok());

    // An old database, put back whole: only what was kept elsewhere tells.
    let earlier = registry.audit_verify(&org, None).await.unwrap().unwrap().size;
    manager.create("later").await;
    let later = app.vault.audit_checkpoint(&Actor::Vault, &org).await.unwrap();
    let later = Checkpoint::open(later.note.as_bytes(), &later.verifier_key).unwrap();
    run(&mut other, &format!("DELETE FROM audit_entry WHERE number >= {earlier}")).await;
    run(&mut other, "UPDATE audit_head SET size = (SELECT size FROM kept_head), seal = (SELECT seal FROM kept_head)")
        .await;
    assert!(registry.audit_verify(&org, None).await.unwrap().is_ok());
    assert_eq!(
        registry.audit_verify(&org, Some(&later)).await.unwrap(),
        Err(Broken::Shorter { size: earlier, checkpoint: earlier + 1 })
    );
}

#[tokio::test]
async fn a_trail_that_another_hand_has_changed_is_neither_shown_nor_signed() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    manager.create("key").await;
    let reader = app.token(LOGS).await;
    let org = org(&app).await;
    let sound = app.vault.audit_prove(&Actor::Vault, &org, 1).await.unwrap();
    let mut other = app.other_program().await;
    let broken = |found: Result<_, VaultError>| match found.err() {
        Some(VaultError::TrailBroken { broken, .. }) => Some(broken),
        _ => None,
    };
    // A node of the tree, which no entry shows.
    run(&mut other, "CREATE TABLE kept_node AS SELECT * FROM audit_node").await;
    run(&mut other, "UPDATE audit_node SET hash = (SELECT hash FROM kept_node WHERE place = 0) WHERE place = 1").await;
    assert_eq!(broken(app.vault.audit_checkpoint(&Actor::Vault, &org).await.map(drop)), Some(Broken::Node(1)));
    assert_eq!(broken(app.vault.audit_prove(&Actor::Vault, &org, 1).await.map(drop)), Some(Broken::Node(1)));
    run(&mut other, "DELETE FROM audit_node").await;
    run(&mut other, "INSERT INTO audit_node SELECT * FROM kept_node").await;
    assert_eq!(app.vault.audit_prove(&Actor::Vault, &org, 1).await.unwrap().leaf, sound.leaf);
    // A text, whose hash is under the seal.
    run(&mut other, "UPDATE audit_entry SET entry = replace(entry, 'SUCCESS', 'FAILURE') WHERE number = 1").await;
    assert_eq!(reader.get("/api/v1/logs").await.status, 500);
    let registry = app.vault.registry();
    assert_eq!(broken(registry.audit_export(&org, |_| Ok(())).await), Some(Broken::Text(1)));
    assert_eq!(broken(app.vault.audit_checkpoint(&Actor::Vault, &org).await.map(drop)), Some(Broken::Text(1)));
}

/// Two entries change places, by way of a number that is free.
fn swap(number: u64) -> String {
    let (one, other, free) = (number, number + 1, 1_000_000);
    format!(
        "UPDATE audit_entry SET number = {free} WHERE number = {one};
         UPDATE audit_entry SET number = {one} WHERE number = {other};
         UPDATE audit_entry SET number = {other} WHERE number = {free}"
    )
}

#[tokio::test]
async fn orgs_have_trails_of_their_own() {
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let other = app.token_of(Some("other.example.com"), MANAGE).await;
    other.create("theirs").await;
    assert!(entries(&app).await.iter().all(|entry| !entry.text.as_deref().unwrap().contains("theirs")));
    let reader = app.token_of(Some("other.example.com"), LOGS).await;
    let log = reader.get("/api/v1/logs").await;
    assert!(log.body.contains("theirs") && !log.body.contains("\"default\""), "{log}");
    assert_eq!(anon(&app).get("/api/v1/logs").await.status, 403);
}

#[tokio::test]
async fn every_kind_of_event_has_words() {
    for kind in EventKind::ALL {
        assert!(kind.message().chars().next().unwrap().is_uppercase() && kind.as_str().contains(['.', '_']));
    }
}
