//! The keys of a hook key that do not sign: what is kept of them, what refuses one, and when something is due.

use crate::store::{
    change, conflict, key, next_key, open, org as another_org, retired_key, sealed, time, with_key, write,
};
use hookvault::domain::actor::Actor;
use hookvault::domain::clock::Timestamp;
use hookvault::domain::hook_key::HookKey;
use hookvault::domain::id::PrefixedId as _;
use hookvault::repository::erasure::Erasure;
use hookvault::repository::error::Conflict;
use hookvault::repository::hook_key::KeyDeletion;
use hookvault::repository::hook_key_version::DuePage;
use hookvault::repository::store::{ReadTx, Serial, Store};
use std::time::Duration;

#[tokio::test]
async fn versions_read_back_and_one_is_the_next() {
    let (folder, store, org, first) = with_key().await;
    let (next, retired) = (next_key(21, &first, 50), retired_key(22, &first, 60));
    write!(store, tx => tx.hook_key_version_insert(&next)).unwrap();
    write!(store, tx => tx.hook_key_version_insert(&retired)).unwrap();
    write!(store, tx => tx.hook_key_version_insert(&retired_key(23, &first, 61))).unwrap();
    let second = next_key(24, &first, 70);
    assert_eq!(conflict(write!(store, tx => tx.hook_key_version_insert(&second))), Conflict::HookKeyNext);
    store.close().await;

    let store = open(&folder).await;
    let mut tx = store.read().await.unwrap();
    let expected = [next.clone(), retired.clone(), retired_key(23, &first, 61)];
    assert_eq!(tx.hook_key_version_list(&org.id, Some(&first.id)).await.unwrap(), expected);
    assert_eq!(tx.hook_key_version_list(&org.id, None).await.unwrap(), expected);
    assert!(tx.hook_key_version_list(&org.id, Some(&key(2, &org).id)).await.unwrap().is_empty());
    assert_eq!(tx.hook_key_version_find(&org.id, &next.key_id).await.unwrap(), Some(next.clone()));
    let elsewhere = another_org(2, false);
    assert_eq!(tx.hook_key_version_find(&elsewhere.id, &next.key_id).await.unwrap(), None);
    let page = tx.hook_key_version_page(None, 2).await.unwrap();
    assert_eq!(page.items.into_iter().map(Result::unwrap).collect::<Vec<_>>(), expected[..2]);
    let page = tx.hook_key_version_page(page.next, 2).await.unwrap();
    assert_eq!(page.items.into_iter().map(Result::unwrap).collect::<Vec<_>>(), expected[2..]);
    drop(tx);

    // What has a private half leaves bytes on the disk.
    for (version, erases) in [(&next, true), (&retired, false)] {
        let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
        assert!(tx.hook_key_version_delete(&org.id, &version.key_id).await.unwrap());
        assert!(!tx.hook_key_version_delete(&org.id, &version.key_id).await.unwrap());
        let erasure = tx.commit(Timestamp::EPOCH).await.unwrap();
        assert_eq!(erasure != Erasure::Nothing, erases);
    }
    write!(store, tx => tx.hook_key_version_insert(&second)).unwrap();
    assert_eq!(change!(store, tx => tx.hook_key_delete(&org.id, &first.id)), KeyDeletion::Deleted);
    let mut tx = store.read().await.unwrap();
    assert!(tx.hook_key_version_page(None, 9).await.unwrap().items.is_empty(), "they go with their hook key");
}

#[tokio::test]
async fn a_key_is_replaced_as_a_whole_but_for_its_name() {
    let (_folder, store, org, before) = with_key().await;
    let other = next_key(31, &before, 40);
    let replaced = HookKey {
        key_id: other.key_id,
        public_key: other.public_key,
        birth: None,
        signs_from: time(40),
        last_updated: time(41),
        rotate_every: Some(Duration::from_secs(99)),
        ..before.clone()
    };
    let mut tx = store.write(&Actor::Vault, Serial::Org(&org.id)).await.unwrap();
    assert!(tx.hook_key_replace(&replaced, Some(&sealed(31))).await.unwrap());
    assert!(!tx.hook_key_replace(&key(9, &org), None).await.unwrap());
    assert_ne!(
        tx.commit(Timestamp::EPOCH).await.unwrap(),
        Erasure::Nothing,
        "the private half of before is on the disk"
    );
    let at_rest = store.read().await.unwrap().hook_key_find_sealed(&org.id, &before.id).await.unwrap().unwrap();
    assert_eq!((at_rest.key, at_rest.sealed_pkcs8), (replaced.clone(), sealed(31)));

    let unscheduled = HookKey { rotate_every: None, ..replaced };
    change!(store, tx => tx.hook_key_replace(&unscheduled, None));
    let at_rest = store.read().await.unwrap().hook_key_find_sealed(&org.id, &before.id).await.unwrap().unwrap();
    assert_eq!((at_rest.key, at_rest.sealed_pkcs8), (unscheduled, sealed(31)));
}

fn ids(page: &DuePage) -> Vec<&str> {
    page.items.iter().map(|due| due.as_ref().unwrap().1.as_str()).collect()
}

async fn view(store: &dyn Store) -> Box<dyn ReadTx> {
    store.read().await.unwrap()
}

#[tokio::test]
async fn what_is_due_is_found_longest_first_and_nothing_else() {
    let (_folder, store, org, first) = with_key().await;
    let (second, third) = (key(2, &org), key(3, &org));
    write!(store, tx => tx.hook_key_insert(&second, &sealed(2))).unwrap();
    write!(store, tx => tx.hook_key_insert(&third, &sealed(3))).unwrap();
    write!(store, tx => tx.hook_key_version_insert(&next_key(21, &first, 60))).unwrap();
    write!(store, tx => tx.hook_key_version_insert(&retired_key(22, &second, 50))).unwrap();
    let due = async |now| view(&*store).await.hook_key_version_page_due(time(now), None, 9).await.unwrap();
    assert_eq!(ids(&due(49).await), Vec::<&str>::new());
    assert_eq!(ids(&due(50).await), [second.id.as_str()]);
    assert_eq!(ids(&due(60).await), [second.id.as_str(), first.id.as_str()]);
    let page = view(&*store).await.hook_key_version_page_due(time(60), None, 1).await.unwrap();
    assert_eq!(ids(&page), [second.id.as_str()]);
    let page = view(&*store).await.hook_key_version_page_due(time(60), page.next, 1).await.unwrap();
    assert_eq!(ids(&page), [first.id.as_str()]);

    // Of those that rotate by themselves: from when on they sign, and how often; with a next one nothing is to be made.
    for scheduled in [&first, &second, &third] {
        let signs_from = if scheduled == &third { time(30) } else { scheduled.signs_from };
        let rotating = HookKey { rotate_every: Some(Duration::from_secs(100)), signs_from, ..scheduled.clone() };
        change!(store, tx => tx.hook_key_replace(&rotating, None));
    }
    let ahead = Duration::from_secs(10);
    let due = async |now| view(&*store).await.hook_key_page_rotating(time(now), ahead, None, 9).await.unwrap();
    assert_eq!(ids(&due(91).await), Vec::<&str>::new());
    assert_eq!(ids(&due(92).await), [second.id.as_str()]);
    assert_eq!(ids(&due(120).await), [second.id.as_str(), third.id.as_str()]);
    let page = view(&*store).await.hook_key_page_rotating(time(120), ahead, None, 1).await.unwrap();
    let page = view(&*store).await.hook_key_page_rotating(time(120), ahead, page.next, 1).await.unwrap();
    assert_eq!(ids(&page), [third.id.as_str()]);
}
