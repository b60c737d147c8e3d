//! What each aggregate keeps, and what refuses it.

use crate::store::{change, conflict, conflicting_name, fresh, hook, key, name, open, org, sealed, time, token, write};
use crate::support::seal::MASTER_KEY;
use hookvault::crypto::master_key::MasterKey;
use hookvault::domain::actor::Actor;
use hookvault::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use hookvault::domain::hook_key::{HookKey, PublicKey, SealedHookKey};
use hookvault::domain::id::{ClientKid, HookKeyId, KeyId, PrefixedId as _, ServiceAppId};
use hookvault::domain::inline_hook::{ChannelAuth, HookStatus};
use hookvault::domain::master_key::{MasterKeyRecord, MasterKeys};
use hookvault::domain::org::Org;
use hookvault::domain::scope::Scopes;
use hookvault::domain::service_app::{AppKey, ServiceApp};
use hookvault::domain::signing_key::SigningKey;
use hookvault::domain::verifying_key::{Curve, VerifyingKey};
use hookvault::repository::error::{Conflict, StoreError};
use hookvault::repository::hook_key::KeyDeletion;
use hookvault::repository::store::Serial;

#[tokio::test]
async fn what_was_written_reads_back() {
    let (folder, store) = fresh().await;
    let (org, other) = (org(1, true), org(2, false));
    let key = key(1, &org);
    let (token, hash) = token(1, &org);
    let record = record();
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.org_insert(&other)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    write!(store, tx => tx.api_token_insert(&token, &hash)).unwrap();
    write!(store, tx => tx.master_key_insert(&record)).unwrap();
    store.close().await;

    let store = open(&folder).await;
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.org_list().await.unwrap(), [org.clone(), other.clone()]);
    let mut page = tx.org_page(None, 1).await.unwrap();
    assert_eq!(page.items.remove(0).unwrap(), org);
    let mut page = tx.org_page(page.next, 1).await.unwrap();
    assert_eq!(page.items.remove(0).unwrap(), other);
    assert!(page.next.is_none());
    assert_eq!(tx.org_find(&other.id).await.unwrap().as_ref(), Some(&other));
    assert_eq!(tx.org_find_by_name(&other.name).await.unwrap().as_ref(), Some(&other));
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
    assert_eq!(sound(tx.api_token_list().await), std::slice::from_ref(&token));
    assert_eq!(tx.api_token_find(&token.id).await.unwrap().as_ref(), Some(&token));
    assert_eq!(tx.api_token_find_by_hash(&hash).await.unwrap().as_ref(), Some(&token));
    assert_eq!(tx.master_keys().await.unwrap(), Some(MasterKeys { record, rotation: None }));
    drop(tx);
    let removed = change!(store, tx => tx.api_token_remove(token.id.as_str()));
    assert_eq!(removed.as_deref(), Some(org.id.as_str()));
    assert_eq!(change!(store, tx => tx.api_token_remove(token.id.as_str())), None);
}

/// The values of rows that can all be read.
fn sound<T>(listed: Result<Vec<Result<T, StoreError>>, StoreError>) -> Vec<T> {
    listed.unwrap().into_iter().map(Result::unwrap).collect()
}

/// Of the master key that the store has.
fn record() -> MasterKeyRecord {
    MasterKeyRecord { id: MasterKey::parse(MASTER_KEY).unwrap().id(), probe: sealed(9), created: time(5) }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_not_an_error() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    assert!(tx.org_find(&org.id).await.unwrap().is_none());
    assert!(tx.org_find_by_name(&org.name).await.unwrap().is_none());
    assert!(tx.org_find_default().await.unwrap().is_none());
    assert!(tx.hook_key_find(&org.id, &key.id).await.unwrap().is_none());
    assert_eq!(tx.hook_key_rename(&org.id, &key.id, &key.name, time(3)).await.unwrap(), Ok(None));
    assert_eq!(tx.hook_key_delete(&org.id, &key.id).await.unwrap(), KeyDeletion::Missing);
    assert!(tx.api_token_find(&token(1, &org).0.id).await.unwrap().is_none());
    assert!(tx.api_token_find_by_hash(&TokenHash([0; 32])).await.unwrap().is_none());
    assert!(tx.master_keys().await.unwrap().is_none());
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_the_next_one_begins() {
    let (_folder, store) = fresh().await;
    for _ in 0..3 {
        let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
        tx.org_insert(&org(1, true)).await.unwrap().unwrap();
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
    assert!(change!(store, tx => tx.api_token_revoke(&first_token.id, time(8))));
    assert!(!change!(store, tx => tx.api_token_revoke(&first_token.id, time(9))), "once");
    write!(store, tx => tx.api_token_insert(&same_name, &hash)).unwrap();

    let record = record();
    write!(store, tx => tx.master_key_insert(&record)).unwrap();
    assert_eq!(conflict(write!(store, tx => tx.master_key_insert(&record))), Conflict::MasterKey);
}

#[tokio::test]
async fn tokens_are_found_by_name_in_all_orgs_until_they_are_revoked() {
    let (_folder, store) = fresh().await;
    let orgs = [org(1, true), org(2, false), org(3, false)];
    let mut tokens = Vec::new();
    for (org, number) in orgs.iter().zip(1..) {
        write!(store, tx => tx.org_insert(org)).unwrap();
        let (token, hash) = token(number, org);
        tokens.push(ApiToken { name: name("same"), ..token });
        write!(store, tx => tx.api_token_insert(tokens.last().unwrap(), &hash)).unwrap();
    }
    let (other, hash) = token(9, &orgs[0]);
    write!(store, tx => tx.api_token_insert(&other, &hash)).unwrap();
    assert!(change!(store, tx => tx.api_token_revoke(&tokens[0].id, time(8))));
    let mut tx = store.read().await.unwrap();
    assert_eq!(tx.api_token_list_by_name(&name("same"), 9).await.unwrap(), tokens[1..]);
    assert_eq!(tx.api_token_list_by_name(&name("same"), 1).await.unwrap(), tokens[1..2]);
    assert_eq!(tx.api_token_list_by_name(&name("Same"), 9).await.unwrap(), []);
    assert_eq!(tx.api_token_find(&tokens[0].id).await.unwrap().unwrap().revoked, Some(time(8)), "by its id it is");
    let first = tx.api_token_page(None, 3).await.unwrap();
    let rest = tx.api_token_page(first.next, 3).await.unwrap();
    assert!(rest.next.is_none());
    assert_eq!(first.items.len(), 3);
    let last = rest.items.into_iter().next().unwrap().unwrap();
    assert_eq!(last, StoredApiToken { token: other, hash }, "a page tells the hashes, too");
}

#[tokio::test]
async fn the_database_itself_holds_the_cap_and_gives_a_freed_slot_again() {
    let (_folder, store) = fresh().await;
    let (first, second) = (org(1, true), org(2, false));
    write!(store, tx => tx.org_insert(&first)).unwrap();
    write!(store, tx => tx.org_insert(&second)).unwrap();
    for number in 1..=50 {
        write!(store, tx => tx.hook_key_insert(&key(number, &first), &sealed(number))).unwrap();
    }
    assert_eq!(conflict(write!(store, tx => tx.hook_key_insert(&key(51, &first), &sealed(51)))), Conflict::HookKeyCap);
    write!(store, tx => tx.hook_key_insert(&key(51, &second), &sealed(51))).unwrap();
    assert_eq!(change!(store, tx => tx.hook_key_delete(&first.id, &key(20, &first).id)), KeyDeletion::Deleted);
    write!(store, tx => tx.hook_key_insert(&key(52, &first), &sealed(52))).unwrap();
    assert_eq!(conflict(write!(store, tx => tx.hook_key_insert(&key(53, &first), &sealed(53)))), Conflict::HookKeyCap);
    assert_eq!(store.read().await.unwrap().hook_key_count(&first.id).await.unwrap(), 50);
}

#[tokio::test]
async fn a_rename_keeps_everything_else() {
    let (_folder, store) = fresh().await;
    let org = org(1, true);
    let before = key(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&before, &sealed(1))).unwrap();
    let renamed = write!(store, tx => tx.hook_key_rename(&org.id, &before.id, &name("new"), time(9))).unwrap();
    let earlier = before.name.clone();
    let key = HookKey { name: name("new"), last_updated: time(9), ..before };
    let expected = SealedHookKey { key, sealed_pkcs8: sealed(1) };
    assert_eq!(renamed, Some((earlier, expected.clone())));
    let at_rest = store.read().await.unwrap().hook_key_find_sealed(&org.id, &expected.key.id).await.unwrap();
    assert_eq!(at_rest, Some(expected));
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
    assert_eq!(conflict(write!(store, tx => tx.service_app_key_insert(&one.id, &keys[0]))), Conflict::ClientKid);
    let mut tx = store.read().await.unwrap();
    let mut first = tx.service_app_page(None, 1).await.unwrap();
    let mut second = tx.service_app_page(first.next, 1).await.unwrap();
    assert_eq!([first.items.remove(0).unwrap(), second.items.remove(0).unwrap()], [one.clone(), two.clone()]);
    assert!(second.next.is_none());
    drop(tx);
    change!(store, tx => tx.service_app_set_active(&one.id, false, time(9)));
    store.close().await;

    let store = open(&folder).await;
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    let changed = ServiceApp { active: false, last_updated: time(9), ..one.clone() };
    assert_eq!(sound(tx.service_app_list().await), [changed.clone(), two.clone()]);
    assert_eq!(tx.service_app_find(&one.id).await.unwrap(), Some(changed.clone()));
    assert_eq!(tx.service_app_list_by_name(&one.name, 9).await.unwrap(), [changed.clone(), two.clone()]);
    assert_eq!(tx.service_app_list_by_name(&one.name, 1).await.unwrap(), std::slice::from_ref(&changed));
    assert_eq!(tx.service_app_list_by_name(&name("Same"), 9).await.unwrap(), []);
    for _ in 0..2 {
        tx.service_app_set_active(&one.id, true, time(10)).await.unwrap();
    }
    let again = ServiceApp { active: true, activations: 8, last_updated: time(10), ..changed };
    assert_eq!(tx.service_app_find(&one.id).await.unwrap(), Some(again));
    assert!(!tx.service_app_delete(&one.id).await.unwrap(), "it is active");
    tx.service_app_set_active(&one.id, false, time(11)).await.unwrap();
    assert_eq!(tx.service_app_key_list(&one.id).await.unwrap(), keys);
    assert!(tx.service_app_key_delete(&one.id, &keys[0].kid).await.unwrap());
    assert!(!tx.service_app_key_delete(&one.id, &keys[0].kid).await.unwrap());
    assert_eq!(tx.service_app_key_list(&one.id).await.unwrap(), keys[1..]);
    assert!(tx.service_app_delete(&one.id).await.unwrap());
    assert_eq!(sound(tx.service_app_list().await), std::slice::from_ref(&two));
    assert_eq!(tx.service_app_key_list(&one.id).await.unwrap(), []);
    assert_eq!(tx.service_app_key_list(&two.id).await.unwrap(), keys);
    // Unread, whether or not it is active.
    tx.service_app_set_active(&two.id, true, time(12)).await.unwrap();
    assert_eq!(tx.service_app_remove(one.id.as_str()).await.unwrap(), None);
    assert_eq!(tx.service_app_remove(two.id.as_str()).await.unwrap().as_deref(), Some(two.org_id.as_str()));
    assert_eq!(tx.service_app_key_list(&two.id).await.unwrap(), []);
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
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    assert_eq!(tx.signing_key_list(&org.id).await.unwrap(), keys);
    let found = tx.signing_key_find_sealed(&org.id, &keys[1].key_id).await.unwrap().unwrap();
    assert_eq!((&found.key, found.sealed_pkcs8), (&keys[1], sealed(2)));
    assert!(tx.signing_key_delete(&org.id, &keys[0].key_id).await.unwrap());
    assert!(!tx.signing_key_delete(&org.id, &keys[0].key_id).await.unwrap());
    assert_eq!(tx.signing_key_page_sealed(None, 9).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn orgs_whose_signing_keys_may_need_something_are_found_page_by_page() {
    let (_folder, store) = fresh().await;
    let orgs = [1, 2, 3, 4].map(|number| org(number, number == 1));
    for ((org, signs_from), number) in orgs.iter().zip([&[9, 9][..], &[5], &[6], &[]]).zip(1..) {
        write!(store, tx => tx.org_insert(org)).unwrap();
        for (generation, seconds) in (1..).zip(signs_from) {
            let key = SigningKey {
                org_id: org.id.clone(),
                generation,
                key_id: KeyId::from_random([number * 10 + u8::try_from(generation).unwrap(); 16]),
                public_key: PublicKey { modulus: vec![number; 256], exponent: vec![1, 0, 1] },
                created: time(3),
                signs_from: time(*seconds),
            };
            write!(store, tx => tx.signing_key_insert(&key, &sealed(number))).unwrap();
        }
    }
    let mut tx = store.read().await.unwrap();
    let ids = |page: Vec<Result<_, _>>| page.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    let first = tx.signing_key_page_orgs(time(5), None, 1).await.unwrap();
    let rest = tx.signing_key_page_orgs(time(5), first.next, 9).await.unwrap();
    assert_eq!((ids(first.items), ids(rest.items)), (vec![orgs[0].id.clone()], vec![orgs[1].id.clone()]));
    assert_eq!(ids(tx.signing_key_page_orgs(time(6), None, 9).await.unwrap().items).len(), 3);
}

#[tokio::test]
async fn the_id_of_a_used_token_is_taken_once_until_it_is_cleaned_away() {
    let (_folder, store) = fresh().await;
    assert!(change!(store, tx => tx.used_token_id_insert(&[1; 32], time(10))));
    assert!(change!(store, tx => tx.used_token_id_insert(&[2; 32], time(11))));
    assert!(!change!(store, tx => tx.used_token_id_insert(&[1; 32], time(99))));
    assert_eq!(change!(store, tx => tx.used_token_id_clean(time(9))), 0);
    assert_eq!(change!(store, tx => tx.used_token_id_clean(time(10))), 1);
    assert!(change!(store, tx => tx.used_token_id_insert(&[1; 32], time(99))));
    assert!(!change!(store, tx => tx.used_token_id_insert(&[2; 32], time(99))));
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
    let listed = sound(tx.inline_hook_list(&org.id).await);
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

// The eight lines of the contract (`repository::store`).
