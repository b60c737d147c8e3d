//! What every engine must do, over the traits alone.

mod aggregates;
mod rotation;

use super::{change, conflict, fresh, hook, key, open, program, sealed, time, with_key, write};
use hookvault::domain::actor::Actor;
use hookvault::domain::hook_key::HookKey;
use hookvault::repository::erasure::Erasure;
use hookvault::repository::error::{Conflict, StoreError};
use hookvault::repository::hook_key::KeyDeletion;
use hookvault::repository::store::Serial;

#[tokio::test]
async fn line_1_a_transaction_that_was_refused_something_is_over() {
    let (_folder, store, org, first) = with_key().await;
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    tx.hook_key_insert(&key(2, &org), &sealed(2)).await.unwrap().unwrap();
    assert_eq!(
        conflict(tx.hook_key_insert(&HookKey { name: first.name, ..key(3, &org) }, &sealed(3)).await.unwrap()),
        Conflict::HookKeyName
    );
    assert!(matches!(tx.hook_key_list(&org.id).await, Err(StoreError::Over)));
    assert!(matches!(tx.hook_key_insert(&key(4, &org), &sealed(4)).await, Err(StoreError::Over)));
    assert!(matches!(tx.used_token_id_insert(&[1; 32], time(9)).await, Err(StoreError::Over)));
    assert!(matches!(tx.commit(time(9)).await, Err(StoreError::Over)));
    assert_eq!(store.read().await.unwrap().hook_key_count(&org.id).await.unwrap(), 1, "nothing was changed");
}

#[tokio::test]
async fn line_2_an_id_that_was_used_and_a_deletion_answer_with_values() {
    let (_folder, store, org, key) = with_key().await;
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    assert!(tx.used_token_id_insert(&[1; 32], time(9)).await.unwrap());
    assert!(!tx.used_token_id_insert(&[1; 32], time(9)).await.unwrap());
    assert!(tx.used_token_id_insert(&[2; 32], time(9)).await.unwrap());
    tx.commit(time(9)).await.unwrap();
    assert!(!change!(store, tx => tx.used_token_id_insert(&[2; 32], time(9))), "what came after the refusal is there");

    write!(store, tx => tx.key_reference_put(&org.id, &key.id, &program(2))).unwrap();
    write!(store, tx => tx.key_reference_put(&org.id, &key.id, &program(1))).unwrap();
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    let in_use = tx.hook_key_delete(&org.id, &key.id).await.unwrap();
    assert_eq!(in_use, KeyDeletion::InUse(vec![program(1), program(2)]));
    assert!(matches!(tx.commit(time(9)).await, Err(StoreError::Over)), "a refusal, too");
    assert!(store.read().await.unwrap().hook_key_find(&org.id, &key.id).await.unwrap().unwrap().is_used);
    for number in [1, 2] {
        assert!(change!(store, tx => tx.key_reference_delete(&org.id, &key.id, &program(number).consumer_id)));
    }
    assert_eq!(change!(store, tx => tx.hook_key_delete(&org.id, &key.id)), KeyDeletion::Deleted);
    assert_eq!(change!(store, tx => tx.hook_key_delete(&org.id, &key.id)), KeyDeletion::Missing);
    assert_eq!(
        conflict(write!(store, tx => tx.key_reference_put(&org.id, &key.id, &program(1)))),
        Conflict::HookKeyMissing
    );
}

#[tokio::test]
async fn line_3_writes_of_one_org_that_read_first_are_serial() {
    let (folder, store, org, _) = with_key().await;
    let other = open(&folder).await;
    let writers = (0..20).map(|number| {
        let (store, org) = (if number % 2 == 0 { store.clone() } else { other.clone() }, org.clone());
        tokio::spawn(async move {
            let mut tx = store.write(&Actor::Vault, Serial::Org(&org.id)).await.unwrap();
            // A name that follows from what was read: two who read the same would write the same.
            let next = u8::try_from(tx.hook_key_count(&org.id).await.unwrap()).unwrap() + 1;
            tx.hook_key_insert(&key(next, &org), &sealed(next)).await.unwrap().unwrap();
            tx.commit(time(9)).await.unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(store.read().await.unwrap().hook_key_count(&org.id).await.unwrap(), 21);
}

#[tokio::test]
async fn line_3_who_asks_for_the_whole_vault_writes_alone() {
    let (folder, store, org, _) = with_key().await;
    let other = open(&folder).await;
    let writers = (10..40).map(|number| {
        let (store, org) = (if number % 2 == 0 { store.clone() } else { other.clone() }, org.clone());
        tokio::spawn(async move {
            let alone = number % 3 == 0;
            let serial = if alone { Serial::Vault } else { Serial::No };
            let mut tx = store.write(&Actor::Vault, serial).await.unwrap();
            let before = tx.hook_key_count(&org.id).await.unwrap();
            tx.hook_key_insert(&key(number, &org), &sealed(number)).await.unwrap().unwrap();
            let after = tx.hook_key_count(&org.id).await.unwrap();
            assert!(!alone || after == before + 1, "{} others wrote meanwhile", after - before - 1);
            tx.commit(time(9)).await.unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(store.read().await.unwrap().hook_key_count(&org.id).await.unwrap(), 31);
}

#[tokio::test]
async fn line_4_caps_and_names_hold_however_many_write_at_once() {
    let (folder, store, org, first) = with_key().await;
    let other = open(&folder).await;
    let writers = (2..=60).map(|number| {
        let (store, org) = (if number % 2 == 0 { store.clone() } else { other.clone() }, org.clone());
        tokio::spawn(async move { write!(store, tx => tx.hook_key_insert(&key(number, &org), &sealed(number))) })
    });
    let mut refused = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        refused.extend(writer.await.unwrap().err());
    }
    assert_eq!(refused, [Conflict::HookKeyCap; 10]);
    for number in 1..=100 {
        write!(store, tx => tx.key_reference_put(&org.id, &first.id, &program(number))).unwrap();
    }
    let put = write!(store, tx => tx.key_reference_put(&org.id, &first.id, &program(101)));
    assert_eq!(conflict(put), Conflict::KeyReferenceCap);
    write!(store, tx => tx.key_reference_put(&org.id, &first.id, &program(7))).unwrap();
    // A hook takes none of these places, and one that is freed is taken again.
    let user = hook(1, &org, Some(&first));
    write!(store, tx => tx.inline_hook_insert(&user)).unwrap();
    change!(store, tx => tx.key_reference_put_hook(&user.hook, time(9)));
    assert!(change!(store, tx => tx.key_reference_delete(&org.id, &first.id, &program(50).consumer_id)));
    write!(store, tx => tx.key_reference_put(&org.id, &first.id, &program(101))).unwrap();
    assert_eq!(store.read().await.unwrap().key_reference_list(&org.id, &first.id).await.unwrap().len(), 101);
}

#[tokio::test]
async fn line_5_what_is_not_off_the_disk_is_recorded_and_any_server_erases_it() {
    let (folder, store, org, first) = with_key().await;
    write!(store, tx => tx.hook_key_insert(&key(2, &org), &sealed(2))).unwrap();
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    assert_eq!(tx.hook_key_delete(&org.id, &first.id).await.unwrap(), KeyDeletion::Deleted);
    // At once, or beside the requests: the engine's way.
    assert!(matches!(tx.commit(time(9)).await.unwrap(), Erasure::Done | Erasure::Scheduled));
    assert!(matches!(store.erase().await.unwrap(), Erasure::Nothing | Erasure::Removed));
    assert_eq!(store.read().await.unwrap().erasure_pending().await.unwrap(), None);

    let mut reader = store.read().await.unwrap();
    assert_eq!(reader.hook_key_count(&org.id).await.unwrap(), 1, "it reads this state until it is dropped");
    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    tx.hook_key_delete(&org.id, &key(2, &org).id).await.unwrap();
    assert!(matches!(tx.commit(time(10)).await.unwrap(), Erasure::Pending | Erasure::Scheduled));
    let other = open(&folder).await;
    let pending = other.read().await.unwrap().erasure_pending().await.unwrap().unwrap();
    assert_eq!((pending.count, pending.since), (1, time(10)));
    assert_eq!(other.erase().await.unwrap(), Erasure::Pending);
    drop(reader);
    while other.erase().await.unwrap() == Erasure::Pending {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.read().await.unwrap().erasure_pending().await.unwrap(), None);
    assert_eq!(store.erase().await.unwrap(), Erasure::Nothing);

    let mut tx = store.write(&Actor::Vault, Serial::No).await.unwrap();
    tx.org_insert(&super::org(2, false)).await.unwrap().unwrap();
    assert_eq!(tx.commit(time(11)).await.unwrap(), Erasure::Nothing, "nothing sealed was deleted");
}

#[tokio::test]
async fn line_6_every_write_names_its_actor() {
    let (_folder, store) = fresh().await;
    let operator = Actor::Operator { user: "somebody".into() };
    for actor in [operator, Actor::Vault] {
        assert_eq!(store.write(&actor, Serial::No).await.unwrap().actor(), &actor);
    }
}

#[tokio::test]
async fn line_7_a_change_is_seen_by_the_next_read_of_everybody() {
    let (folder, store, org, _) = with_key().await;
    let other = open(&folder).await;
    for number in 2..=30 {
        write!(store, tx => tx.hook_key_insert(&key(number, &org), &sealed(number))).unwrap();
        assert_eq!(other.read().await.unwrap().hook_key_count(&org.id).await.unwrap(), u32::from(number));
    }
}

#[tokio::test]
async fn line_7_a_version_is_another_one_after_each_commit_of_whoever_and_none_comes_again() {
    let (folder, store, org, _) = with_key().await;
    let other = open(&folder).await;
    let mut last = store.version().await.unwrap();
    // While nobody changes anything; PostgreSQL counts what is changed in other databases of the server, too.
    let mut stays = false;
    for _ in 0..10_000 {
        let before = std::mem::replace(&mut last, store.version().await.unwrap());
        stays = last.is_some() && before == last;
        if stays {
            break;
        }
    }
    assert!(stays);
    let mut seen = vec![last];
    for number in 2..=30 {
        let writer = if number % 2 == 0 { &store } else { &other };
        write!(writer, tx => tx.hook_key_insert(&key(number, &org), &sealed(number))).unwrap();
        last = store.version().await.unwrap();
        assert!(last.is_some() && !seen.contains(&last), "{number}");
        seen.push(last);
    }
    store.close().await;
    assert_eq!(store.version().await.unwrap(), None);
}

// Line 8, that a row which does not parse is damage, is with each engine: only there a row can be spoilt.
