//! The store suite: `contract` is what every engine behind the traits must do, `sqlite` what that engine alone promises.

mod contract;
mod sqlite;

use crate::support::app::database;
use crate::support::database as databases;
use crate::support::seal::{MASTER_KEY, seals};
use hookvault::domain::api_token::{ApiToken, TokenHash};
use hookvault::domain::clock::Timestamp;
use hookvault::domain::hook_key::{Birth, HookKey, KeyReference, Origin, PublicKey};
use hookvault::domain::hook_key_version::{HookKeyVersion, Standing};
use hookvault::domain::id::{ApiTokenId, HookKeyId, InlineHookId, KeyId, OrgId, PrefixedId as _, UserId};
use hookvault::domain::inline_hook::{ChannelAuth, InlineHook, StoredInlineHook};
use hookvault::domain::name::Name;
use hookvault::domain::org::{Domain, Org};
use hookvault::domain::row_seal::RowSealer;
use hookvault::domain::scope::Scopes;
use hookvault::domain::sealed::Sealed;
use hookvault::repository::error::Conflict;
use hookvault::repository::store::Store;
use hookvault::repository::{self, Mode};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Writes in a transaction of its own what a rule may refuse.
macro_rules! write {
    ($store:expr, $tx:ident => $body:expr) => {{
        let mut $tx = $store
            .write(&hookvault::domain::actor::Actor::Vault, hookvault::repository::store::Serial::No)
            .await
            .unwrap();
        let result = $body.await.unwrap();
        if result.is_ok() {
            $tx.commit(hookvault::domain::clock::Timestamp::EPOCH).await.unwrap();
        }
        result
    }};
}

/// Writes in a transaction of its own what no rule refuses.
macro_rules! change {
    ($store:expr, $tx:ident => $body:expr) => {{
        let mut $tx = $store
            .write(&hookvault::domain::actor::Actor::Vault, hookvault::repository::store::Serial::No)
            .await
            .unwrap();
        let result = $body.await.unwrap();
        $tx.commit(hookvault::domain::clock::Timestamp::EPOCH).await.unwrap();
        result
    }};
}

pub(crate) use {change, write};

pub async fn open(folder: &TempDir) -> Arc<dyn Store> {
    databases::make(&database(folder)).await;
    let (store, _) = repository::open(&databases::url(&database(folder)), Mode::Create, sealer()).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// What seals the rows of the tests.
pub fn sealer() -> Arc<dyn RowSealer> {
    Arc::new(seals(MASTER_KEY))
}

/// A store with nothing in it.
pub async fn fresh() -> (TempDir, Arc<dyn Store>) {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    (folder, store)
}

/// A store with an org and a key.
pub async fn with_key() -> (TempDir, Arc<dyn Store>, Org, HookKey) {
    let (folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    (folder, store, org, key)
}

pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds).unwrap()
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn org(number: u8, is_default: bool) -> Org {
    Org {
        id: OrgId::parse(&format!("00o{number:017}")).unwrap(),
        name: name(&format!("org {number}")),
        domain: Some(Domain::parse(&format!("org{number}.example.com")).unwrap()),
        is_default,
        created: time(1),
    }
}

pub fn key(number: u8, org: &Org) -> HookKey {
    HookKey {
        id: HookKeyId::parse(&format!("HKY{number:017}")).unwrap(),
        org_id: org.id.clone(),
        key_id: KeyId::from_random([number; 16]),
        name: name(&format!("key {number}")),
        created: time(2),
        last_updated: time(2),
        is_used: false,
        public_key: PublicKey { modulus: vec![number; 256], exponent: vec![1, 0, 1] },
        birth: Some(Birth { origin: Origin::Made, by: "the vault".into(), with: "0.1.0".into() }),
        signs_from: time(2),
        rotate_every: None,
    }
}

/// The next key of a hook key, which signs from then on.
pub fn next_key(number: u8, of: &HookKey, signs_from: i64) -> HookKeyVersion {
    HookKeyVersion {
        org_id: of.org_id.clone(),
        hook_key_id: of.id.clone(),
        key_id: KeyId::from_random([number; 16]),
        public_key: PublicKey { modulus: vec![number; 256], exponent: vec![1, 0, 1] },
        signs_from: time(signs_from),
        birth: of.birth.clone(),
        standing: Standing::Next { sealed_pkcs8: sealed(number), grace: Duration::from_secs(7) },
    }
}

/// The same of one that has signed, and is published until then.
pub fn retired_key(number: u8, of: &HookKey, until: i64) -> HookKeyVersion {
    HookKeyVersion { standing: Standing::Retired { until: time(until) }, ..next_key(number, of, 1) }
}

pub fn sealed(number: u8) -> Sealed {
    Sealed::from_bytes(vec![number; 100])
}

pub fn token(number: u8, org: &Org) -> (ApiToken, TokenHash) {
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

pub fn hook(number: u8, org: &Org, key: Option<&HookKey>) -> StoredInlineHook {
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

/// Another hook of the same name.
pub fn conflicting_name(stored: &StoredInlineHook) -> StoredInlineHook {
    let mut other = stored.clone();
    other.hook.id = InlineHookId::parse("calzzzzzzzzzzzzzzzzz").unwrap();
    other
}

/// A use of a key by another program.
pub fn program(number: u8) -> KeyReference {
    KeyReference {
        consumer_kind: name("program"),
        consumer_id: name(&format!("p{number:03}")),
        consumer_name: name(&format!("program {number}")),
        since: time(6),
        last_used: None,
    }
}

pub fn conflict<T: std::fmt::Debug>(result: Result<T, Conflict>) -> Conflict {
    result.expect_err("a rule refuses it")
}
