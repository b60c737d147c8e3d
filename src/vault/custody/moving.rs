//! Copies a vault from one store to another. What is sealed stays sealed: a seal is bound to org, table and row, not to a database.

use super::inventory::Inventory;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::id::{InlineHookId, PrefixedId as _};
use crate::domain::inline_hook::CONSUMER_KIND;
use crate::repository::error::{Conflict, Refusable, StoreError};
use crate::repository::item::Item;
use crate::repository::store::{ReadTx, Serial, Store, WriteTx};
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;

#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error("the target is the vault itself")]
    Same,
    #[error("there is a vault in the target already")]
    NotEmpty,
    #[error("the vault cannot be read")]
    Source(#[source] VaultError),
    #[error("the target cannot be written")]
    Target(#[source] VaultError),
    #[error("the target refuses the {kind} number {number}: {conflict}")]
    Refused { kind: &'static str, number: u64, conflict: Conflict },
    #[error("the target does not hold every {kind} as it was written")]
    Differs { kind: &'static str },
}

/// How many there were of each kind, in the order of the copy.
pub type Moved = Vec<(&'static str, u64)>;

/// Copies everything into an empty store, and compares all of it there with what it was made from before it counts. All or nothing:
/// without an `Ok` the target is as it was. Nobody else can write to either of the two meanwhile.
///
/// # Errors
/// [`MoveError`].
pub async fn move_vault(from: &Registry, to: &dyn Store, actor: &Actor) -> Result<Moved, MoveError> {
    // Where both are the same one, the locks would wait for each other.
    let mut look = to.read().await.map_err(target)?;
    refuse_filled(&mut *look).await?;
    drop(look);
    // It changes nothing, and is dropped in the end.
    let mut source = from.store.write(actor, Serial::Vault).await.map_err(|error| MoveError::Source(error.into()))?;
    let mut copy = to.write(actor, Serial::Vault).await.map_err(target)?;
    refuse_filled(&mut *copy).await?;
    let moved = fill(&mut *source, &mut *copy).await?;
    compare(&mut *source, &mut *copy).await?;
    if let Some(org) = copy.org_find_default().await.map_err(target)? {
        let told = [(actor.clone(), Event::new(EventKind::VaultMoved, moved.iter().map(kind_target)))];
        from.audit_append(&mut *copy, &org.id, &told).await.map_err(target)?;
    }
    copy.commit(from.clock.now()).await.map_err(target)?;
    Ok(moved)
}

/// How many there were of a kind, as the trail tells it.
fn kind_target((kind, count): &(&'static str, u64)) -> Target {
    Target::of("Kind", kind, None).with("count", count)
}

fn target(error: StoreError) -> MoveError {
    MoveError::Target(error.into())
}

async fn refuse_filled(target_view: &mut dyn ReadTx) -> Result<(), MoveError> {
    let mut inventory = Inventory::begin();
    while let Some(items) = inventory.next(target_view).await.map_err(target)? {
        if !items.is_empty() {
            return Err(MoveError::NotEmpty);
        }
    }
    Ok(())
}

async fn fill(source: &mut dyn ReadTx, copy: &mut dyn WriteTx) -> Result<Moved, MoveError> {
    let mut moved = Moved::new();
    let mut inventory = Inventory::begin();
    while let Some(items) = inventory.next(source).await.map_err(|error| MoveError::Source(error.into()))? {
        if moved.is_empty() && items.is_empty() {
            return Err(MoveError::Source(VaultError::Empty));
        }
        for item in items {
            let kind = item.kind();
            let number = match moved.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    moved.push((kind, 1));
                    1
                }
            };
            insert(copy, item).await.map_err(target)?.map_err(|conflict| MoveError::Refused {
                kind,
                number,
                conflict,
            })?;
        }
    }
    Ok(moved)
}

async fn insert(copy: &mut dyn WriteTx, item: Item) -> Refusable<()> {
    match item {
        Item::MasterKeys(keys) => {
            if let Some(rotation) = &keys.rotation {
                copy.master_key_rotation_insert(rotation).await?;
            }
            copy.master_key_insert(&keys.record).await
        }
        Item::Org(org) => copy.org_insert(&org).await,
        Item::HookKey(sealed) => copy.hook_key_insert(&sealed.key, &sealed.sealed_pkcs8).await,
        Item::HookKeyVersion(version) => copy.hook_key_version_insert(&version).await,
        Item::InlineHook(stored) => copy.inline_hook_insert(&stored).await,
        Item::KeyReference(stored) => {
            let (org, key, reference) = (&stored.org_id, &stored.hook_key_id, &stored.reference);
            if reference.consumer_kind.as_str() == CONSUMER_KIND {
                // One of no hook cannot be; if it were, the comparison would miss it.
                let hook = match InlineHookId::parse(reference.consumer_id.as_str()) {
                    Ok(id) => copy.inline_hook_find(org, &id).await?,
                    Err(_) => None,
                };
                if let Some(hook) = hook {
                    copy.key_reference_put_hook(&hook.hook, reference.since).await?;
                }
            } else if let Err(conflict) = copy.key_reference_put(org, key, reference).await? {
                return Ok(Err(conflict));
            }
            if let Some(last_used) = reference.last_used {
                copy.key_reference_touch(org, key, &reference.consumer_id, last_used).await?;
            }
            Ok(Ok(()))
        }
        Item::ApiToken(stored) => copy.api_token_insert(&stored.token, &stored.hash).await,
        Item::ServiceApp(app) => copy.service_app_insert(&app).await,
        Item::ClientKey(app, key) => copy.service_app_key_insert(&app, &key).await,
        Item::SigningKey(sealed) => copy.signing_key_insert(&sealed.key, &sealed.sealed_pkcs8).await,
        Item::AuditHead(head) => copy.audit_head_write(&head).await.map(Ok),
        Item::AuditEntry(entry) => copy.audit_entry_insert(&entry).await.map(Ok),
        Item::AuditNode(node) => copy.audit_node_insert(&node.org_id, &[(node.place, node.hash)]).await.map(Ok),
        Item::AuditKey(key) => copy.audit_key_insert(&key).await.map(|_| Ok(())),
        Item::UsedTokenId(used) => copy.used_token_id_insert(&used.hash, used.expires).await.map(|_| Ok(())),
    }
}

/// Both at the same pace, so that no more than a page of each is in memory.
async fn compare(source: &mut dyn ReadTx, copy: &mut dyn ReadTx) -> Result<(), MoveError> {
    let (mut wanted, mut found) = (Inventory::begin(), Inventory::begin());
    loop {
        let expected = wanted.next(source).await.map_err(|error| MoveError::Source(error.into()))?;
        let written = found.next(copy).await.map_err(target)?;
        match (expected, written) {
            (None, None) => return Ok(()),
            (expected, written) if expected == written => {}
            (expected, written) => {
                let (expected, written) = (expected.unwrap_or_default(), written.unwrap_or_default());
                let mut pairs = expected.iter().zip(&written);
                let first = pairs.find(|(one, other)| one != other).map(|(one, _)| one);
                let odd = first.or(expected.last()).or(written.last());
                return Err(MoveError::Differs { kind: odd.map_or("row", Item::kind) });
            }
        }
    }
}
