//! The head of each org's trail: a trail that was taken away whole is damage, and no vault that never had one.

use crate::support::app::{MANAGE, TestApp};
use crate::support::seal::MASTER_KEY;
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::domain::actor::Actor;
use hookvault::domain::id::OrgId;
use hookvault::domain::sealed::Place;
use hookvault::vault::custody::audit::reading::{AuditEntry, AuditQuery};
use hookvault::vault::custody::audit::verify::{Broken, Verdict};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::sync::Arc;

const TRAIL: [&str; 3] = ["audit_node", "audit_entry", "audit_head"];

async fn take_away(app: &TestApp, tables: &[&str]) {
    let mut other = app.other_program().await;
    for table in tables {
        sqlx::raw_sql(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut other).await.unwrap();
    }
}

async fn org(app: &TestApp) -> OrgId {
    app.vault.registry().org_pick(None).await.unwrap().id
}

async fn verdict(app: &TestApp) -> Verdict {
    app.vault.registry().audit_verify(&org(app).await, None).await.unwrap()
}

async fn kinds(app: &TestApp) -> Vec<String> {
    let query = AuditQuery { limit: 100, ..AuditQuery::default() };
    let entries = app.vault.registry().audit_list(&org(app).await, &query).await.unwrap();
    entries.into_iter().map(|AuditEntry { kind, .. }| kind).collect()
}

/// As an earlier version has it: the record of the master key says nothing of heads.
async fn as_before_heads(app: &TestApp) {
    let mut other = app.other_program().await;
    let created: i64 = sqlx::query_scalar("SELECT created FROM master_key").fetch_one(&mut other).await.unwrap();
    let master_key = MasterKey::parse(MASTER_KEY).unwrap();
    let envelope = Envelope::new(Arc::new(Keyring::new(&master_key)), Random::system());
    let place = Place { org: "", table: "master_key", row: "1", column: "probe" };
    let probe = envelope.seal(place, &[b"hookvault: rows are sealed".as_slice(), &created.to_be_bytes()].concat());
    sqlx::query("UPDATE master_key SET probe = $1").bind(probe.as_bytes()).execute(&mut other).await.unwrap();
}

#[tokio::test]
async fn a_trail_that_was_taken_away_whole_is_damage() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let key = manager.create("key").await;
    take_away(&app, &TRAIL).await;
    assert_eq!(verdict(&app).await, Err(Broken::Head));
    // Nothing is changed that cannot be told.
    assert_eq!(
        manager
            .put(&format!("/api/v1/hook-keys/{}", key["id"].as_str().unwrap()), json!({ "name": "other" }))
            .await
            .failure(),
        "500 E0000009"
    );
    assert_eq!(app.anon().get("/readyz").await.status, 503);
    let found = app.vault.examine().await.unwrap().damaged;
    assert_eq!(found.len(), 1, "{found:?}");
    // Nor does a start give it another one.
    let beside = app.start_beside().await;
    assert_eq!(verdict(&beside).await, Err(Broken::Head));
}

#[tokio::test]
async fn an_org_of_before_heads_gets_one_once_and_the_trail_tells_it() {
    let app = TestApp::start().await;
    app.token(MANAGE).await.create("key").await;
    take_away(&app, &TRAIL).await;
    as_before_heads(&app).await;
    app.start_beside().await.stop().await;
    assert_eq!(kinds(&app).await, ["system.log.head.created"]);
    take_away(&app, &TRAIL).await;
    app.start_beside().await.stop().await;
    assert_eq!(verdict(&app).await, Err(Broken::Head));
}

/// Else whoever takes the head away would be rid of what the trail has told.
#[tokio::test]
async fn entries_without_a_head_get_none() {
    let app = TestApp::start().await;
    app.token(MANAGE).await.create("key").await;
    take_away(&app, &["audit_head"]).await;
    as_before_heads(&app).await;
    app.start_beside().await.stop().await;
    assert_eq!(verdict(&app).await, Err(Broken::Head));
}

#[tokio::test]
async fn a_key_that_signed_checkpoints_is_not_made_anew() {
    let app = TestApp::start().await;
    let id = org(&app).await;
    let kept = app.vault.audit_checkpoint(&Actor::Vault, &id).await.unwrap().verifier_key;
    assert_eq!(app.vault.audit_checkpoint(&Actor::Vault, &id).await.unwrap().verifier_key, kept);
    take_away(&app, &["audit_key"]).await;
    let refused = app.vault.audit_checkpoint(&Actor::Vault, &id).await.unwrap_err();
    assert!(refused.is_damage(), "{refused}");
}
