//! The store suite: what every engine behind the repository traits must do. It runs on SQLite.

use crate::support::app::{database, other_program, refer};
use hookvault::app;
use hookvault::config::DatabaseConfig;
use hookvault::domain::api_token::{ApiToken, TokenHash};
use hookvault::domain::clock::Timestamp;
use hookvault::domain::hook_key::{HookKey, PublicKey};
use hookvault::domain::id::{
    ApiTokenId, ClientKid, HookKeyId, InlineHookId, KeyId, OrgId, PrefixedId as _, ServiceAppId, UserId,
};
use hookvault::domain::inline_hook::{ChannelAuth, HookStatus, InlineHook, StoredInlineHook};
use hookvault::domain::name::Name;
use hookvault::domain::org::{Domain, Org};
use hookvault::domain::scope::Scopes;
use hookvault::domain::sealed::{MasterKeyId, Sealed};
use hookvault::domain::service_app::{AppKey, ServiceApp};
use hookvault::domain::signing_key::SigningKey;
use hookvault::domain::verifying_key::{Curve, VerifyingKey};
use hookvault::repository::Store;
use hookvault::repository::error::{Conflict, StoreError};
use hookvault::repository::master_key::MasterKeyRecord;
use hookvault::repository::sqlite::SqliteStore;
use tempfile::TempDir;

async fn open(folder: &TempDir) -> SqliteStore {
    let store = app::open_store(&DatabaseConfig { path: database(folder), migrate: true }, true).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn fresh() -> (TempDir, SqliteStore) {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    (folder, store)
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn org(number: u8, is_default: bool) -> Org {
    Org {
        id: OrgId::parse(&format!("00o{number:017}")).unwrap(),
        name: name(&format!("org {number}")),
        domain: Some(Domain::parse(&format!("org{number}.example.com")).unwrap()),
        is_default,
        created: time(1),
    }
}

fn key(number: u8, org: &Org) -> HookKey {
    HookKey {
        id: HookKeyId::parse(&format!("HKY{number:017}")).unwrap(),
        org_id: org.id.clone(),
        key_id: KeyId::from_random([number; 16]),
        name: name(&format!("key {number}")),
        created: time(2),
        last_updated: time(2),
        is_used: false,
        public_key: PublicKey { modulus: vec![number; 256], exponent: vec![1, 0, 1] },
    }
}

fn sealed(number: u8) -> Sealed {
    Sealed::from_bytes(vec![number; 100])
}

fn token(number: u8, org: &Org) -> (ApiToken, TokenHash) {
    let token = ApiToken {
        id: ApiTokenId::parse(&format!("00T{number:017}")).unwrap(),
        org_id: org.id.clone(),
        user_id: UserId::parse(&format!("00u{number:017}")).unwrap(),
        name: name(&format!("token {number}")),
        scopes: Scopes::all(),
        created: time(3),
        expires: Some(time(4)),
        revoked: None,
    };
    (token, TokenHash([number; 32]))
}

/// Writes in a transaction of its own.
macro_rules! write {
    ($store:expr, $tx:ident => $body:expr) => {{
        let mut $tx = $store.write().await.unwrap();
        let result = $body.await;
        if result.is_ok() {
            $tx.commit().await.unwrap();
        }
        result
    }};
}

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

#[tokio::test]
async fn what_was_written_reads_back() {
    let (folder, store) = fresh().await;
    let (org, other) = (org(1, true), org(2, false));
    let key = key(1, &org);
    let (token, hash) = token(1, &org);
    let record = MasterKeyRecord { id: MasterKeyId::from_bytes([7; 8]), probe: sealed(9), created: time(5) };
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.org_insert(&other)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    write!(store, tx => tx.api_token_insert(&token, &hash)).unwrap();
    write!(store, tx => tx.master_key_insert(&record)).unwrap();
    store.close().await;

    let store = open(&folder).await;
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.org_list().await.unwrap(), [org.clone(), other.clone()]);
    assert_eq!(tx.org_find_by_domain(other.domain.as_ref().unwrap()).await.unwrap().as_ref(), Some(&other));
    assert_eq!(tx.org_find_default().await.unwrap().as_ref(), Some(&org));
    assert_eq!(tx.hook_key_list(&org.id).await.unwrap(), std::slice::from_ref(&key));
    assert_eq!(tx.hook_key_find(&org.id, &key.id).await.unwrap().as_ref(), Some(&key));
    let at_rest = [
        tx.hook_key_find_sealed(&org.id, &key.id).await.unwrap().unwrap(),
        tx.hook_key_find_sealed_by_key_id(&org.id, &key.key_id).await.unwrap().unwrap(),
        tx.hook_key_list_sealed(&org.id).await.unwrap().remove(0),
        tx.hook_key_page_sealed(None, 9).await.unwrap().items.remove(0).unwrap(),
    ];
    for at_rest in at_rest {
        assert_eq!((at_rest.key, at_rest.sealed_pkcs8), (key.clone(), sealed(1)));
    }
    assert_eq!(tx.api_token_list().await.unwrap(), std::slice::from_ref(&token));
    assert_eq!(tx.api_token_find_by_hash(&hash).await.unwrap(), Some(token));
    let found = tx.master_key_find().await.unwrap().unwrap();
    assert_eq!((found.id, found.probe, found.created), (record.id, record.probe, record.created));
}

#[tokio::test]
async fn what_is_not_there_is_none_and_not_an_error() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    let mut tx = store.write().await.unwrap();
    assert!(tx.org_find_default().await.unwrap().is_none());
    assert!(tx.hook_key_find(&org.id, &key.id).await.unwrap().is_none());
    assert!(tx.hook_key_rename(&org.id, &key.id, &key.name, time(3)).await.unwrap().is_none());
    assert!(!tx.hook_key_delete(&org.id, &key.id).await.unwrap());
    assert!(tx.api_token_find_by_hash(&TokenHash([0; 32])).await.unwrap().is_none());
    assert!(tx.master_key_find().await.unwrap().is_none());
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_the_next_one_begins() {
    let (_folder, store) = fresh().await;
    for _ in 0..3 {
        let mut tx = store.write().await.unwrap();
        tx.org_insert(&org(1, true)).await.unwrap();
        drop(tx);
    }
    assert!(store.read().await.unwrap().org_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reader_sees_one_state_while_the_writer_goes_on() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    let mut reader = store.read().await.unwrap();
    assert!(reader.org_find_default().await.unwrap().is_none());
    write!(store, tx => tx.org_insert(&org)).unwrap();
    assert!(reader.org_find_default().await.unwrap().is_none(), "its own state");
    drop(reader);
    assert!(store.read().await.unwrap().org_find_default().await.unwrap().is_some());
}

#[tokio::test]
async fn the_database_itself_keeps_names_and_domains_unique() {
    let (_folder, store) = fresh().await;
    let (first, second) = (org(1, true), org(2, false));
    write!(store, tx => tx.org_insert(&first)).unwrap();
    write!(store, tx => tx.org_insert(&second)).unwrap();
    let named = Org { name: first.name.clone(), ..org(3, false) };
    assert_eq!(conflict(write!(store, tx => tx.org_insert(&named))), Conflict::OrgName);
    let addressed = Org { domain: first.domain.clone(), ..org(3, false) };
    assert_eq!(conflict(write!(store, tx => tx.org_insert(&addressed))), Conflict::OrgDomain);
    assert_eq!(conflict(write!(store, tx => tx.org_insert(&org(3, true)))), Conflict::OrgDefault);

    write!(store, tx => tx.hook_key_insert(&key(1, &first), &sealed(1))).unwrap();
    write!(store, tx => tx.hook_key_insert(&key(2, &first), &sealed(2))).unwrap();
    let named = HookKey { name: name("key 1"), ..key(3, &first) };
    assert_eq!(conflict(write!(store, tx => tx.hook_key_insert(&named, &sealed(3)))), Conflict::HookKeyName);
    let rename = write!(store, tx => tx.hook_key_rename(&first.id, &key(2, &first).id, &name("key 1"), time(9)));
    assert_eq!(conflict(rename), Conflict::HookKeyName);
    let elsewhere = HookKey { name: name("key 1"), ..key(3, &second) };
    write!(store, tx => tx.hook_key_insert(&elsewhere, &sealed(3))).unwrap();

    let (first_token, hash) = token(1, &first);
    write!(store, tx => tx.api_token_insert(&first_token, &hash)).unwrap();
    let (mut same_name, hash) = token(2, &first);
    same_name.name = first_token.name.clone();
    assert_eq!(conflict(write!(store, tx => tx.api_token_insert(&same_name, &hash))), Conflict::ApiTokenName);
    assert!(write!(store, tx => tx.api_token_revoke(&first_token.id, time(8))).unwrap());
    assert!(!write!(store, tx => tx.api_token_revoke(&first_token.id, time(9))).unwrap(), "once");
    write!(store, tx => tx.api_token_insert(&same_name, &hash)).unwrap();

    let record = MasterKeyRecord { id: MasterKeyId::from_bytes([7; 8]), probe: sealed(9), created: time(5) };
    write!(store, tx => tx.master_key_insert(&record)).unwrap();
    assert_eq!(conflict(write!(store, tx => tx.master_key_insert(&record))), Conflict::MasterKey);
}

#[tokio::test]
async fn the_database_itself_holds_the_cap_and_gives_a_freed_slot_again() {
    let (folder, store) = fresh().await;
    let (first, second) = (org(1, true), org(2, false));
    write!(store, tx => tx.org_insert(&first)).unwrap();
    write!(store, tx => tx.org_insert(&second)).unwrap();
    for number in 1..=50 {
        write!(store, tx => tx.hook_key_insert(&key(number, &first), &sealed(number))).unwrap();
    }
    assert_eq!(conflict(write!(store, tx => tx.hook_key_insert(&key(51, &first), &sealed(51)))), Conflict::HookKeyCap);
    write!(store, tx => tx.hook_key_insert(&key(51, &second), &sealed(51))).unwrap();
    assert!(write!(store, tx => tx.hook_key_delete(&first.id, &key(20, &first).id)).unwrap());
    write!(store, tx => tx.hook_key_insert(&key(52, &first), &sealed(52))).unwrap();
    assert_eq!(conflict(write!(store, tx => tx.hook_key_insert(&key(53, &first), &sealed(53)))), Conflict::HookKeyCap);
    assert_eq!(store.read().await.unwrap().hook_key_count(&first.id).await.unwrap(), 50);

    // Nor can another program get round it, whatever slot it writes.
    let mut other = other_program(&database(&folder)).await;
    for slot in ["51", "0", "NULL", "1"] {
        let insert = format!(
            "INSERT INTO hook_key (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
             SELECT 'x', org_id, {slot}, 'x', 'x', 1, 1, modulus, exponent, sealed_pkcs8 FROM hook_key LIMIT 1"
        );
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&mut other).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("constraint failed") && refused.contains("slot"), "{slot}: {refused}");
    }
    let moved = sqlx::query("UPDATE hook_key SET org_id = ? WHERE org_id = ?")
        .bind(first.id.as_str())
        .bind(second.id.as_str())
        .execute(&mut other)
        .await;
    assert!(moved.is_err(), "a key cannot be moved into a full org");
}

#[tokio::test]
async fn the_database_itself_keeps_a_key_that_is_referred_to() {
    let (folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    let mut other = other_program(&database(&folder)).await;
    refer(&mut other, key.id.as_str(), "p1", "one").await.unwrap();
    refer(&mut other, key.id.as_str(), "p2", "two").await.unwrap();

    assert!(store.read().await.unwrap().hook_key_find(&org.id, &key.id).await.unwrap().unwrap().is_used);
    assert_eq!(conflict(write!(store, tx => tx.hook_key_delete(&org.id, &key.id))), Conflict::HookKeyUsed);
    let users = store.read().await.unwrap().key_reference_list(&org.id, &key.id).await.unwrap();
    let users: Vec<_> = users
        .iter()
        .map(|user| [&user.consumer_kind, &user.consumer_id, &user.consumer_name].map(Name::as_str))
        .collect();
    assert_eq!(users, [["program", "p1", "one"], ["program", "p2", "two"]]);
    assert!(sqlx::query("DELETE FROM hook_key").execute(&mut other).await.is_err());
    assert!(refer(&mut other, "HKY99999999999999999", "p3", "three").await.is_err(), "of a key that is not there");

    sqlx::query("DELETE FROM hook_key_reference").execute(&mut other).await.unwrap();
    assert!(write!(store, tx => tx.hook_key_delete(&org.id, &key.id)).unwrap());
}

#[tokio::test]
async fn a_rename_keeps_everything_else() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    let before = key(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&before, &sealed(1))).unwrap();
    let renamed = write!(store, tx => tx.hook_key_rename(&org.id, &before.id, &name("new"), time(9))).unwrap();
    let expected = HookKey { name: name("new"), last_updated: time(9), ..before };
    assert_eq!(renamed.as_ref(), Some(&expected));
    let at_rest = store.read().await.unwrap().hook_key_find_sealed(&org.id, &expected.id).await.unwrap().unwrap();
    assert_eq!((at_rest.key, at_rest.sealed_pkcs8), (expected, sealed(1)));
}

#[tokio::test]
async fn a_row_that_does_not_parse_is_damage_and_names_its_column() {
    let (folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    let (token, hash) = token(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    write!(store, tx => tx.api_token_insert(&token, &hash)).unwrap();
    let mut other = other_program(&database(&folder)).await;
    for (damage, column) in [
        ("UPDATE hook_key SET key_id = 'x'", "hook_key.key_id"),
        ("UPDATE hook_key SET key_id = '01010101-0101-4101-8101-010101010101', name = ' '", "hook_key.name"),
        ("UPDATE hook_key SET name = 'a', created = 9223372036854775807", "hook_key.created"),
    ] {
        sqlx::raw_sql(damage).execute(&mut other).await.unwrap();
        let error = store.read().await.unwrap().hook_key_find(&org.id, &key.id).await.unwrap_err();
        let expected = format!("the database is damaged: {column} of the row {} makes no sense", key.id);
        assert_eq!(error.to_string(), expected);
    }
    sqlx::raw_sql("UPDATE api_token SET scopes = 'okta.everything'").execute(&mut other).await.unwrap();
    let error = store.read().await.unwrap().api_token_find_by_hash(&hash).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "api_token", column: "scopes", .. }), "{error:?}");
}

#[tokio::test]
async fn migrations_run_once_and_are_told_beforehand() {
    let folder = TempDir::new().unwrap();
    let database = DatabaseConfig { path: database(&folder), migrate: true };
    let store = app::open_store(&database, true).await.unwrap();
    assert_eq!(store.pending_migrations().await.unwrap(), ["V1__vault", "V2__inline_hooks", "V3__service_apps"]);
    assert_eq!(
        store.pending_migrations().await.unwrap(),
        ["V1__vault", "V2__inline_hooks", "V3__service_apps"],
        "looking changes nothing"
    );
    assert_eq!(store.migrate().await.unwrap(), ["V1__vault", "V2__inline_hooks", "V3__service_apps"]);
    assert!(store.pending_migrations().await.unwrap().is_empty());
    assert!(store.migrate().await.unwrap().is_empty());
}

/// The switch of a new file to WAL is where SQLite says busy at once, whatever the time-out.
#[tokio::test]
async fn processes_that_start_at_once_open_one_new_file_and_migrate_it_once() {
    for _ in 0..25 {
        let folder = TempDir::new().unwrap();
        let database = DatabaseConfig { path: database(&folder), migrate: true };
        let start = async || {
            let store = app::open_store(&database, true).await.unwrap();
            store.migrate().await.unwrap().len()
        };
        let (a, b, c, d) = tokio::join!(start(), start(), start(), start());
        assert_eq!(a + b + c + d, 3);
    }
}

#[tokio::test]
async fn service_apps_and_their_keys_read_back_and_go_together() {
    let (folder, store) = fresh().await;
    let (org, other) = (org(1, true), org(2, false));
    let app = |number: u8, org: &Org| ServiceApp {
        id: ServiceAppId::parse(&format!("0oa{number:017}")).unwrap(),
        org_id: org.id.clone(),
        name: name("same"),
        scopes: Scopes::all(),
        dpop_bound: number == 1,
        active: true,
        created: time(3),
        last_updated: time(4),
        activations: 7,
    };
    let keys = [
        VerifyingKey::Rsa(PublicKey { modulus: vec![7; 256], exponent: vec![1, 0, 1] }),
        VerifyingKey::Ec { curve: Curve::P521, x: vec![1; 66], y: vec![2; 66] },
    ];
    let keys = ["b", "a"].into_iter().zip(keys).map(|(kid, key)| AppKey {
        kid: ClientKid::parse(kid).unwrap(),
        key,
        created: time(5),
    });
    let keys: Vec<_> = keys.collect();
    let (one, two) = (app(1, &org), app(2, &other));
    for org in [&org, &other] {
        write!(store, tx => tx.org_insert(org)).unwrap();
    }
    for app in [&one, &two] {
        write!(store, tx => tx.service_app_insert(app)).unwrap();
        for key in &keys {
            write!(store, tx => tx.service_app_key_insert(&app.id, key)).unwrap();
        }
    }
    let again = ServiceApp { id: ServiceAppId::parse("0oa00000000000000003").unwrap(), ..one.clone() };
    assert_eq!(conflict(write!(store, tx => tx.service_app_insert(&again))), Conflict::ServiceAppName);
    assert_eq!(conflict(write!(store, tx => tx.service_app_key_insert(&one.id, &keys[0]))), Conflict::ServiceAppKeyId);
    write!(store, tx => tx.service_app_set_active(&one.id, false, time(9))).unwrap();
    store.close().await;

    let store = open(&folder).await;
    let mut tx = store.write().await.unwrap();
    let changed = ServiceApp { active: false, last_updated: time(9), ..one.clone() };
    assert_eq!(tx.service_app_list().await.unwrap(), [changed.clone(), two.clone()]);
    assert_eq!(tx.service_app_find(&one.id).await.unwrap(), Some(changed.clone()));
    for _ in 0..2 {
        tx.service_app_set_active(&one.id, true, time(10)).await.unwrap();
    }
    let again = ServiceApp { active: true, activations: 8, last_updated: time(10), ..changed };
    assert_eq!(tx.service_app_find(&one.id).await.unwrap(), Some(again));
    tx.service_app_set_active(&one.id, false, time(11)).await.unwrap();
    assert_eq!(tx.service_app_key_list(&one.id).await.unwrap(), keys);
    assert!(tx.service_app_key_delete(&one.id, &keys[0].kid).await.unwrap());
    assert!(!tx.service_app_key_delete(&one.id, &keys[0].kid).await.unwrap());
    assert_eq!(tx.service_app_key_list(&one.id).await.unwrap(), keys[1..]);
    tx.service_app_delete(&one.id).await.unwrap();
    assert_eq!(tx.service_app_list().await.unwrap(), std::slice::from_ref(&two));
    assert_eq!(tx.service_app_key_list(&one.id).await.unwrap(), []);
    assert_eq!(tx.service_app_key_list(&two.id).await.unwrap(), keys);
}

#[tokio::test]
async fn signing_keys_read_back_and_no_generation_is_there_twice() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    let key = |generation: u32, number: u8| SigningKey {
        org_id: org.id.clone(),
        generation,
        key_id: KeyId::from_random([number; 16]),
        public_key: PublicKey { modulus: vec![number; 256], exponent: vec![1, 0, 1] },
        created: time(3),
        signs_from: time(4),
    };
    let keys = [key(1, 1), key(2, 2)];
    for (key, number) in keys.iter().zip(1..) {
        write!(store, tx => tx.signing_key_insert(key, &sealed(number))).unwrap();
    }
    assert_eq!(
        conflict(write!(store, tx => tx.signing_key_insert(&key(2, 3), &sealed(3)))),
        Conflict::SigningKeyGeneration
    );
    let mut tx = store.write().await.unwrap();
    assert_eq!(tx.signing_key_list(&org.id).await.unwrap(), keys);
    let found = tx.signing_key_find_sealed(&org.id, &keys[1].key_id).await.unwrap().unwrap();
    assert_eq!((&found.key, found.sealed_pkcs8), (&keys[1], sealed(2)));
    assert!(tx.signing_key_delete(&org.id, &keys[0].key_id).await.unwrap());
    assert!(!tx.signing_key_delete(&org.id, &keys[0].key_id).await.unwrap());
    assert_eq!(tx.signing_key_page_sealed(None, 9).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn the_id_of_a_used_token_is_taken_once_until_it_is_cleaned_away() {
    let (_folder, store) = fresh().await;
    write!(store, tx => tx.used_token_id_insert(&[1; 32], time(10))).unwrap();
    write!(store, tx => tx.used_token_id_insert(&[2; 32], time(11))).unwrap();
    assert_eq!(conflict(write!(store, tx => tx.used_token_id_insert(&[1; 32], time(99)))), Conflict::UsedTokenId);
    assert_eq!(write!(store, tx => tx.used_token_id_clean(time(9))).unwrap(), 0);
    assert_eq!(write!(store, tx => tx.used_token_id_clean(time(10))).unwrap(), 1);
    write!(store, tx => tx.used_token_id_insert(&[1; 32], time(99))).unwrap();
    assert_eq!(conflict(write!(store, tx => tx.used_token_id_insert(&[2; 32], time(99)))), Conflict::UsedTokenId);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let (folder, store) = fresh().await;
    let mut other = other_program(&database(&folder)).await;
    sqlx::query(
        "INSERT INTO refinery_schema_history SELECT 99, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let error = store.migrate().await.unwrap_err();
    assert_eq!(error.to_string(), "the database was written by a newer hookvault, or its migrations were changed");
}

fn hook(number: u8, org: &Org, key: Option<&HookKey>) -> StoredInlineHook {
    let mut hook = InlineHook::example();
    hook.id = InlineHookId::parse(&format!("cal{number:017}")).unwrap();
    hook.org_id = org.id.clone();
    hook.name = name(&format!("hook {number}"));
    let client = hook.channel.auth.client().unwrap().clone();
    hook.channel.auth = match key {
        Some(key) => ChannelAuth::PrivateKeyJwt { client, hook_key_id: key.id.clone() },
        None => ChannelAuth::ClientSecretPost(client),
    };
    let sealed_secret = key.is_none().then(|| sealed(number));
    StoredInlineHook { hook, sealed_secret }
}

#[tokio::test]
async fn a_hook_reads_back_as_it_was_written() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    let mut hooks = vec![hook(1, &org, Some(&key)), hook(2, &org, None), hook(3, &org, None), hook(4, &org, None)];
    hooks[2].hook.channel.auth = ChannelAuth::Header { key: "X-Key".into() };
    hooks[3].hook.channel.auth = ChannelAuth::None;
    hooks[3].hook.status = HookStatus::Inactive;
    hooks[3].sealed_secret = None;
    for hook in &hooks {
        write!(store, tx => tx.inline_hook_insert(hook)).unwrap();
    }
    let mut tx = store.read().await.unwrap();
    for hook in &hooks {
        assert_eq!(tx.inline_hook_find(&org.id, &hook.hook.id).await.unwrap().as_ref(), Some(hook));
        assert_eq!(tx.inline_hook_find_by_name(&org.id, &hook.hook.name).await.unwrap().as_ref(), Some(hook));
    }
    let listed = tx.inline_hook_list(&org.id).await.unwrap();
    assert_eq!(listed, hooks.iter().map(|stored| stored.hook.clone()).collect::<Vec<_>>());
    drop(tx);
    let conflicting = hook(1, &org, Some(&key));
    assert_eq!(
        conflict(write!(store, tx => tx.inline_hook_insert(&conflicting_name(&conflicting)))),
        Conflict::InlineHookName
    );
    let mut lost = hook(9, &org, Some(&key));
    lost.hook.channel.auth = ChannelAuth::PrivateKeyJwt {
        client: lost.hook.channel.auth.client().unwrap().clone(),
        hook_key_id: HookKeyId::parse("HKY99999999999999999").unwrap(),
    };
    assert_eq!(conflict(write!(store, tx => tx.inline_hook_insert(&lost))), Conflict::HookKeyMissing);
}

/// Another hook of the same name.
fn conflicting_name(stored: &StoredInlineHook) -> StoredInlineHook {
    let mut other = stored.clone();
    other.hook.id = InlineHookId::parse("calzzzzzzzzzzzzzzzzz").unwrap();
    other
}

#[tokio::test]
async fn the_database_itself_keeps_a_hook_and_its_reference_together() {
    let (folder, store) = fresh().await;
    let (org, neighbour) = (org(1, true), org(2, false));
    let keys = [key(1, &org), key(2, &org), key(3, &neighbour)];
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.org_insert(&neighbour)).unwrap();
    for key in &keys {
        write!(store, tx => tx.hook_key_insert(key, &sealed(1))).unwrap();
    }
    write!(store, tx => tx.inline_hook_insert(&hook(1, &org, Some(&keys[0])))).unwrap();
    write!(store, tx => tx.inline_hook_insert(&hook(2, &org, None))).unwrap();
    let references = async || {
        let mut other = other_program(&database(&folder)).await;
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT hook_key_id, consumer_name FROM hook_key_reference WHERE consumer_kind = 'inline hook'",
        )
        .fetch_all(&mut other)
        .await
        .unwrap();
        rows
    };
    let one = |key: &HookKey, name: &str| vec![(key.id.to_string(), name.to_owned())];
    assert_eq!(references().await, one(&keys[0], "hook 1"));

    // Another program, which knows nothing of references, or means ill.
    let mut other = other_program(&database(&folder)).await;
    refer(&mut other, keys[0].id.as_str(), "p1", "a program").await.unwrap();
    for sql in [
        "DELETE FROM hook_key_reference",
        "DELETE FROM hook_key",
        "INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since)
         SELECT org_id, id, 'inline hook', 'cal99999999999999999', 'none', 0 FROM hook_key",
        "UPDATE inline_hook SET hook_key_id = NULL",
        "UPDATE inline_hook SET hook_key_id = 'HKY00000000000000003'",
        "UPDATE hook_key_reference SET consumer_id = 'another'",
        "UPDATE hook_key_reference SET hook_key_id = 'HKY00000000000000002'",
        "UPDATE inline_hook SET id = 'cal99999999999999999'",
        "PRAGMA foreign_keys = OFF; DELETE FROM hook_key",
        "UPDATE OR REPLACE hook_key_reference SET consumer_id = 'cal00000000000000001' WHERE consumer_kind = 'program'",
        "UPDATE OR REPLACE inline_hook SET name = 'hook 1' WHERE id = 'cal00000000000000002'",
        "INSERT OR REPLACE INTO inline_hook SELECT * FROM inline_hook",
        "INSERT OR REPLACE INTO inline_hook
             (id, org_id, slot, status, name, type, version, uri, headers, auth, created, last_updated)
         SELECT 'cal99999999999999999', org_id, 7, status, name, type, version, uri, headers, 'none', 0, 0
         FROM inline_hook",
        "INSERT OR REPLACE INTO inline_hook
             (id, org_id, slot, status, name, type, version, uri, headers, auth, created, last_updated)
         SELECT 'cal99999999999999999', org_id, slot, status, 'x', type, version, uri, headers, 'none', 0, 0
         FROM inline_hook",
        "INSERT OR REPLACE INTO hook_key_reference
         SELECT org_id, hook_key_id, 'program', consumer_id, 'x', 0, 0 FROM hook_key_reference",
    ] {
        assert!(sqlx::raw_sql(sql).execute(&mut other).await.is_err(), "{sql}");
    }
    for (sql, expected) in [
        ("UPDATE inline_hook SET hook_key_id = 'HKY00000000000000002' WHERE slot = 1", one(&keys[1], "hook 1")),
        ("UPDATE inline_hook SET name = 'renamed' WHERE slot = 1", one(&keys[1], "renamed")),
        (
            "UPDATE inline_hook SET name = 'both', hook_key_id = 'HKY00000000000000001' WHERE slot = 1",
            one(&keys[0], "both"),
        ),
        ("DELETE FROM inline_hook", vec![]),
    ] {
        sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
        assert_eq!(references().await, expected, "{sql}");
    }
    sqlx::raw_sql("DELETE FROM hook_key_reference; DELETE FROM hook_key").execute(&mut other).await.unwrap();
}

#[tokio::test]
async fn a_vault_of_the_first_version_keeps_its_keys_and_references() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder);
    let store = open(&folder).await;
    let org = org(1, true);
    let key = key(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    store.close().await;
    // Back to what the first version had made.
    let mut other = other_program(&path).await;
    sqlx::raw_sql(
        "DROP TABLE used_token_id; DROP TABLE signing_key; DROP TABLE service_app_key; DROP TABLE service_app;
         DROP TABLE inline_hook; DROP TRIGGER hook_key_reference_inserted; DROP TRIGGER hook_key_reference_deleted; DROP TRIGGER hook_key_reference_moved;
         DROP TRIGGER hook_key_reference_replaced; DROP TRIGGER hook_key_reference_update_replaced; DROP TRIGGER hook_key_reference_capped; DROP TRIGGER hook_key_deleted;
         DROP INDEX hook_key_reference_consumer; ALTER TABLE hook_key_reference DROP COLUMN last_used;
         DELETE FROM refinery_schema_history WHERE version >= 2;",
    )
    .execute(&mut other)
    .await
    .unwrap();
    refer(&mut other, key.id.as_str(), "p1", "a program").await.unwrap();
    drop(other);
    let store = app::open_store(&DatabaseConfig { path, migrate: true }, false).await.unwrap();
    assert_eq!(store.migrate().await.unwrap(), ["V2__inline_hooks", "V3__service_apps"]);
    let mut tx = store.read().await.unwrap();
    let references = tx.key_reference_list(&org.id, &key.id).await.unwrap();
    assert_eq!((references.len(), references[0].last_used), (1, None));
}
