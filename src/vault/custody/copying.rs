//! Copies what a vault keeps into a store, item by item, and compares the two. What is sealed stays sealed: a seal is bound to org, table
//! and row, not to a database. Rows get their own seals anew, as with every write.

use super::inventory::Inventory;
use crate::domain::id::{InlineHookId, PrefixedId as _};
use crate::domain::inline_hook::CONSUMER_KIND;
use crate::repository::error::{Conflict, Refusable, StoreError};
use crate::repository::item::Item;
use crate::repository::store::{ReadTx, WriteTx};
use async_trait::async_trait;

/// How many there were of each kind, in the order of the copy.
pub type Counts = Vec<(&'static str, u64)>;

/// Counts one more of a kind. Returns how many there are now.
pub(super) fn count(counts: &mut Counts, kind: &'static str) -> u64 {
    if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == kind) {
        *count += 1;
        return *count;
    }
    counts.push((kind, 1));
    1
}

/// Where items come from, in an order in which they can be inserted.
#[async_trait]
pub(super) trait Source: Send {
    type Error: Send;

    /// The next ones, perhaps none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Item>>, Self::Error>;
}

/// All of a store, in one view of it.
pub(super) struct Walk<'a> {
    inventory: Inventory,
    view: &'a mut dyn ReadTx,
}

impl<'a> Walk<'a> {
    pub(super) fn of(view: &'a mut dyn ReadTx) -> Self {
        Self { inventory: Inventory::begin(), view }
    }
}

#[async_trait]
impl Source for Walk<'_> {
    type Error = StoreError;

    async fn next(&mut self) -> Result<Option<Vec<Item>>, StoreError> {
        self.inventory.next(&mut *self.view).await
    }
}

/// Why a copy does not count.
pub(super) enum CopyError<E> {
    /// The source cannot be read.
    Source(E),
    /// The target cannot be written.
    Target(StoreError),
    Refused {
        kind: &'static str,
        number: u64,
        conflict: Conflict,
    },
}

/// Inserts all of it.
pub(super) async fn fill<S: Source>(source: &mut S, copy: &mut dyn WriteTx) -> Result<Counts, CopyError<S::Error>> {
    let mut counts = Counts::new();
    while let Some(items) = source.next().await.map_err(CopyError::Source)? {
        for item in items {
            let kind = item.kind();
            let number = count(&mut counts, kind);
            let inserted = insert(copy, item).await.map_err(CopyError::Target)?;
            inserted.map_err(|conflict| CopyError::Refused { kind, number, conflict })?;
        }
    }
    Ok(counts)
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

/// How two stores differ.
pub(super) enum CompareError {
    /// The source cannot be read.
    Source(StoreError),
    /// The target cannot be read.
    Target(StoreError),
    /// In something of this kind.
    Differs { kind: &'static str },
}

/// Both at the same pace, so that no more than a page of each is in memory.
pub(super) async fn compare(source: &mut dyn ReadTx, copy: &mut dyn ReadTx) -> Result<(), CompareError> {
    let (mut wanted, mut found) = (Walk::of(source), Walk::of(copy));
    loop {
        let expected = wanted.next().await.map_err(CompareError::Source)?;
        let written = found.next().await.map_err(CompareError::Target)?;
        match (expected, written) {
            (None, None) => return Ok(()),
            (expected, written) if expected == written => {}
            (expected, written) => {
                let (expected, written) = (expected.unwrap_or_default(), written.unwrap_or_default());
                let mut pairs = expected.iter().zip(&written);
                let first = pairs.find(|(one, other)| one != other).map(|(one, _)| one);
                let odd = first.or(expected.last()).or(written.last());
                return Err(CompareError::Differs { kind: odd.map_or("row", Item::kind) });
            }
        }
    }
}

/// Whether there is anything in a store, be it readable or not.
pub(super) async fn is_filled(view: &mut dyn ReadTx) -> Result<bool, StoreError> {
    let mut walk = Walk::of(view);
    loop {
        match walk.next().await {
            Ok(None) => return Ok(false),
            Ok(Some(items)) if items.is_empty() => {}
            Ok(Some(_))
            | Err(StoreError::Corrupt { .. } | StoreError::Forged { .. } | StoreError::Uncounted { .. }) => {
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
    }
}
