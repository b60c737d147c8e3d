//! The keys that sign access tokens: published before they sign, kept for as long as their tokens live.

use crate::support::app::{READ, TestApp};
use crate::support::client_key::ClientKey;
use crate::support::oauth::{ServiceClient, anon, bearer, part};
use crate::support::reseal::reseal;
use hookvault::domain::actor::Actor;
use hookvault::domain::id::PrefixedId as _;
use hookvault::vault::error::VaultError;
use hookvault::vault::oauth::signing_key::Rotation;
use serde_json::Value;
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";

async fn published(app: &TestApp) -> Vec<String> {
    let set = anon(app).get("/oauth2/v1/keys").await.json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

async fn rotate(app: &TestApp, rotation: Rotation) -> Result<String, VaultError> {
    let org = app.vault.registry().org_pick(None).await.unwrap();
    app.vault.signing_key_rotate(&Actor::Vault, &org.id, rotation).await.map(|key| key.key_id.to_string())
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_gone() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let client = ServiceClient::new(&app, READ).await;
    let old = published(&app).await.remove(0);
    assert_eq!(kid(&client.token(&app).await), old);
    let next = rotate(&beside, Rotation::Planned).await.unwrap();
    assert_eq!(published(&app).await, [old.clone(), next.clone()]);
    app.clock.advance(Duration::from_mins(15) - Duration::from_secs(1));
    let last = client.token(&app).await;
    assert_eq!(kid(&last), old);
    app.clock.advance(Duration::from_secs(1));
    for server in [&app, &beside] {
        assert_eq!(kid(&client.token(server).await), next);
    }
    // The last token of the old key is good for the rest of its hour.
    app.clock.advance(Duration::from_hours(1) - Duration::from_secs(2));
    app.vault.oauth_upkeep().await.unwrap();
    for server in [&app, &beside] {
        assert_eq!(bearer(server, &last).get(KEYS).await.status, 200);
    }
    assert_eq!(published(&beside).await, [old, next.clone()]);
    app.clock.advance(Duration::from_mins(5) + Duration::from_secs(2));
    assert_eq!(published(&beside).await, std::slice::from_ref(&next), "whether it was deleted or not");
    app.vault.oauth_upkeep().await.unwrap();
    let mut other = app.other_program().await;
    let left: Vec<String> = sqlx::query_scalar("SELECT key_id FROM signing_key").fetch_all(&mut other).await.unwrap();
    assert_eq!(left, [next]);
}

#[tokio::test]
async fn a_rotation_that_is_under_way_is_not_begun_again() {
    let app = TestApp::start().await;
    rotate(&app, Rotation::Planned).await.unwrap();
    assert!(matches!(rotate(&app, Rotation::Planned).await, Err(VaultError::RotationUnderWay { .. })));
    assert_eq!(published(&app).await.len(), 2);
}

#[tokio::test]
async fn after_90_days_the_next_key_comes_by_itself() {
    let app = TestApp::start().await;
    let first = published(&app).await;
    app.clock.advance(Duration::from_hours(90 * 24) - Duration::from_mins(16));
    app.vault.oauth_upkeep().await.unwrap();
    assert_eq!(published(&app).await, first);
    app.clock.advance(Duration::from_mins(1));
    for _ in 0..3 {
        app.vault.oauth_upkeep().await.unwrap();
    }
    let both = published(&app).await;
    assert_eq!((both.len(), &both[..1]), (2, &first[..]));
    app.clock.advance(Duration::from_mins(15));
    let client = ServiceClient::new(&app, READ).await;
    assert_eq!(kid(&client.token(&app).await), both[1]);
}

#[tokio::test]
async fn the_upkeep_reaches_every_org_whatever_is_wrong_with_another() {
    // More than a page of them.
    const ORGS: usize = 70;
    let app = TestApp::start().await;
    for number in 0..ORGS {
        app.new_org(&format!("org{number}.example.com")).await;
    }
    let last = app.vault.registry().org_pick(Some(&format!("org{}.example.com", ORGS - 1))).await.unwrap();
    assert_eq!(app.vault.signing_key_list(&last.id).await.unwrap().len(), 1);
    app.clock.advance(Duration::from_hours(90 * 24));
    // The others have two keys each, so that they are looked at, and one of them makes no sense.
    for generation in [2, 3] {
        let copies = format!(
            "INSERT INTO signing_key (org_id, generation, key_id, modulus, exponent, sealed_pkcs8, created, signs_from)
             SELECT o.id, {generation}, '00000000-0000-4000-8{generation}00-' || substr(1000000000000 + o.seq || '', 2), k.modulus, k.exponent,
                    k.sealed_pkcs8, CASE o.name WHEN 'org7.example.com' THEN 9223372036854775807 ELSE k.created END,
                    k.signs_from + {generation}00 * 86400
             FROM org AS o, signing_key AS k WHERE k.generation = 1 AND o.id <> k.org_id"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(copies)).execute(&mut app.other_program().await).await.unwrap();
    }
    reseal(&mut app.other_program().await, "signing_key").await;
    let error = app.vault.oauth_upkeep().await.unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("signing_key.created"), "{error}");
    assert_eq!(app.vault.signing_key_list(&last.id).await.unwrap().len(), 2);
    for wanted in [last.id.as_str(), last.name.as_str()] {
        assert_eq!(app.vault.registry().org_pick(Some(wanted)).await.unwrap(), last);
    }
}

#[tokio::test]
async fn a_revoking_rotation_ends_all_tokens_and_erases_the_old_keys() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let client = ServiceClient::new(&app, READ).await;
    let token = client.token(&beside).await;
    rotate(&app, Rotation::Planned).await.unwrap();
    let only = rotate(&app, Rotation::Revoking).await.unwrap();
    assert_eq!(published(&beside).await, std::slice::from_ref(&only));
    for server in [&app, &beside] {
        let answer = bearer(server, &token).get(KEYS).await;
        assert_eq!(answer.cause(), "The access token was not signed by a known key of its issuer.");
        assert_eq!(kid(&client.token(server).await), only);
    }
}

#[tokio::test]
async fn two_servers_that_need_the_first_key_at_once_make_one() {
    for _ in 0..10 {
        let app = TestApp::start().await;
        let beside = app.start_beside().await;
        let (a, b, c) = tokio::join!(published(&app), published(&beside), published(&app));
        assert_eq!((a.len(), &b, &c), (1, &a, &a));
    }
}

#[tokio::test]
async fn each_org_has_keys_of_its_own() {
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let ours = published(&app).await;
    let theirs = app.anon().with("host", "other.example.com").get("/oauth2/v1/keys").await.json();
    assert_ne!(Value::from(ours[0].clone()), theirs["keys"][0]["kid"]);
    // Whoever has a token of one org has none of the other.
    let client = ServiceClient::in_org(&app, Some("other.example.com"), READ, false, ClientKey::rsa()).await;
    assert_eq!(client.ask(&app, &client.assertion(&app)).await.status, 401);
}

#[tokio::test]
async fn the_private_keys_are_sealed_and_looked_at_by_check() {
    let app = TestApp::start().await;
    published(&app).await;
    let examination = app.vault.examine().await.unwrap();
    assert_eq!((examination.sound, examination.damaged.len()), (1, 0));
    let mut other = app.other_program().await;
    sqlx::query("UPDATE signing_key SET sealed_pkcs8 = modulus").execute(&mut other).await.unwrap();
    let examination = app.vault.examine().await.unwrap();
    assert_eq!((examination.sound, examination.damaged.len()), (0, 1));
}
