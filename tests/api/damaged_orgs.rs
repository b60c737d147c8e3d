//! An org that another hand has altered or removed: whoever asks under its host does not get the default org in its place.

use crate::support::app::{MANAGE, TestApp};
use hookvault::domain::actor::Actor;
use hookvault::domain::public_url::PublicUrl;
use insta::assert_snapshot;
use sqlx::{AnyConnection, AssertSqlSafe};
use std::time::Duration;

const KEYS: &str = "/api/v1/hook-keys";
const STAGING: &str = "staging.example.com";
const UNKNOWN: &str = "unknown.example.com";

/// Only against a server that never looks.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start() -> TestApp {
    let own = |config: &mut hookvault::config::Config| {
        config.server.public_url = Some(PublicUrl::parse("https://keys.example.com").unwrap());
    };
    let app = TestApp::start_with(own).await;
    app.new_org(STAGING).await;
    app.new_org("sound.example.com").await;
    app
}

async fn run(other: &mut AnyConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(other).await.unwrap();
}

/// Lets the server look by itself, until it knows whether a host that no org has may be answered.
async fn looked(app: &TestApp, is_refused: bool) {
    app.clock.advance(Duration::from_mins(1));
    let knows = async {
        while app.vault.registry().org_of_host(Some(UNKNOWN)).await.is_err() != is_refused {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, knows).await.expect("the server looks by itself");
}

/// What a server answers under each host.
async fn statuses(app: &TestApp) -> String {
    let mut told = String::new();
    for host in [STAGING, "sound.example.com", "keys.example.com", UNKNOWN, "127.0.0.1:80", "[::1]"] {
        let status = app.anon().with("host", host).get("/.well-known/jwks.json").await.status;
        told.push_str(&format!("{host} {status}\n"));
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_of_an_org_that_was_altered_gets_no_other_org() {
    let app = start().await;
    let (ours, theirs) = (app.token(MANAGE).await, app.token_of(Some(STAGING), MANAGE).await);
    let mut other = app.other_program().await;
    run(&mut other, "UPDATE org SET domain = 'zzz.example.com' WHERE name = 'staging.example.com'").await;
    looked(&app, true).await;
    assert_snapshot!(statuses(&app).await, @"
    staging.example.com 503
    sound.example.com 200
    keys.example.com 200
    unknown.example.com 503
    127.0.0.1:80 200
    [::1] 200
    ");
    assert_eq!(app.anon().get("/readyz").await.status, 503);
    // Neither with the token of the one nor with that of the other.
    let refused = ours.clone().with("host", STAGING).get(KEYS).await;
    assert_eq!(refused.failure(), "503 E0000010");
    assert_snapshot!(refused.cause(), @"No sound org has this host, and an org is damaged or missing, so the host may be that one's. The log and `hookvault check` say which one it is.");
    assert_eq!(theirs.get(KEYS).await.failure(), "503 E0000010");
    assert_eq!(ours.get(KEYS).await.status, 200);
    // One that was started afterwards knows it before it answers.
    let beside = app.start_beside().await;
    assert_eq!(beside.anon().with("host", STAGING).get("/.well-known/jwks.json").await.status, 503);
    beside.stop().await;

    run(&mut other, "UPDATE org SET domain = 'staging.example.com' WHERE name = 'staging.example.com'").await;
    looked(&app, false).await;
    assert_eq!(theirs.get(KEYS).await.status, 200);
    assert_eq!(app.anon().with("host", UNKNOWN).get("/.well-known/jwks.json").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_of_an_org_that_was_removed_gets_no_other_org_until_it_is_given_up() {
    let app = start().await;
    let mut other = app.other_program().await;
    for table in ["audit_head", "audit_entry", "audit_node"] {
        let org = "SELECT id FROM org WHERE name = 'staging.example.com'";
        run(&mut other, &format!("DELETE FROM {table} WHERE org_id IN ({org})")).await;
    }
    run(&mut other, "DELETE FROM org WHERE name = 'staging.example.com'").await;
    looked(&app, true).await;
    let refused = app.anon().with("host", STAGING).get("/.well-known/jwks.json").await;
    assert_eq!(refused.failure(), "503 E0000010");
    assert_eq!(app.anon().with("host", "sound.example.com").get("/.well-known/jwks.json").await.status, 200);
    assert_eq!(app.anon().get("/readyz").await.status, 503);
    let beside = app.start_beside().await;
    assert_eq!(beside.anon().with("host", STAGING).get("/.well-known/jwks.json").await.failure(), "503 E0000010");
    beside.stop().await;

    let registry = app.vault.registry();
    let default = registry.org_pick(None).await.unwrap().id;
    assert_eq!(registry.audit_accept_loss(&Actor::Vault, &default).await.unwrap().len(), 1);
    looked(&app, false).await;
    assert_eq!(app.anon().with("host", STAGING).get("/.well-known/jwks.json").await.status, 200);
}
