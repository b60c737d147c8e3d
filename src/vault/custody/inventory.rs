//! Everything that a vault keeps, in an order in which it can be inserted: nothing comes before what it refers to.

use crate::repository::audit::AuditCursor;
use crate::repository::error::StoreError;
use crate::repository::item::Item;
use crate::repository::key_reference::KeyReferenceCursor;
use crate::repository::page::{Key, Page, Seq};
use crate::repository::signing_key::SigningKeyCursor;
use crate::repository::store::ReadTx;
use crate::repository::used_token_id::UsedTokenIdCursor;
use std::collections::BTreeMap;

/// How many items are in memory at a time, a service app's keys aside.
const PAGE: u32 = 500;

/// A walk through all of it, page by page.
pub struct Inventory {
    place: Place,
    page: u32,
    under_seal: bool,
    /// How many rows of a table it has come by, where all is seen in one view.
    seen: Option<BTreeMap<&'static str, u64>>,
}

/// Where the walk is, and where the next page of that begins.
enum Place {
    MasterKeys,
    Orgs(Option<Seq>),
    HookKeys(Option<Seq>),
    HookKeyVersions(Option<Key>),
    InlineHooks(Option<Seq>),
    KeyReferences(Option<KeyReferenceCursor>),
    ApiTokens(Option<Seq>),
    ServiceApps(Option<Seq>),
    SigningKeys(Option<SigningKeyCursor>),
    UsedTokenIds(Option<UsedTokenIdCursor>),
    AuditHeads(Option<Key>),
    AuditEntries(Option<AuditCursor>),
    AuditNodes(Option<AuditCursor>),
    AuditKeys(Option<Key>),
    End,
}

impl Place {
    /// The tables that are walked through here.
    const fn tables(&self) -> &'static [&'static str] {
        match self {
            Self::MasterKeys | Self::End => &[],
            Self::Orgs(_) => &["org"],
            Self::HookKeys(_) => &["hook_key"],
            Self::HookKeyVersions(_) => &["hook_key_version"],
            Self::InlineHooks(_) => &["inline_hook"],
            Self::KeyReferences(_) => &["hook_key_reference"],
            Self::ApiTokens(_) => &["api_token"],
            Self::ServiceApps(_) => &["service_app", "service_app_key"],
            Self::SigningKeys(_) => &["signing_key"],
            Self::UsedTokenIds(_) => &["used_token_id"],
            Self::AuditHeads(_) => &["audit_head"],
            Self::AuditEntries(_) => &["audit_entry"],
            Self::AuditNodes(_) => &["audit_node"],
            Self::AuditKeys(_) => &["audit_key"],
        }
    }
}

impl Inventory {
    /// All of one view, which is compared with how many rows there are: none may be left behind.
    #[must_use]
    pub const fn begin() -> Self {
        Self { place: Place::MasterKeys, page: PAGE, under_seal: false, seen: Some(BTreeMap::new()) }
    }

    /// Only what carries seals, of one view as well.
    #[must_use]
    pub const fn under_seal() -> Self {
        Self { place: Place::Orgs(None), page: PAGE, under_seal: true, seen: Some(BTreeMap::new()) }
    }

    /// The same where each page may be of a view of its own.
    ///
    /// # Arguments
    /// `page`: how many items come at a time.
    #[must_use]
    pub const fn under_seal_in_steps(page: u32) -> Self {
        Self { place: Place::Orgs(None), page, under_seal: true, seen: None }
    }

    /// The next items, perhaps none of one kind; `None` at the end.
    ///
    /// # Errors
    /// Those of the store; `Corrupt` for a row that does not parse, `Uncounted` for a table of which there are others.
    pub async fn next(&mut self, view: &mut dyn ReadTx) -> Result<Option<Vec<Item>>, StoreError> {
        let tables = self.place.tables();
        let (items, next) = match std::mem::replace(&mut self.place, Place::End) {
            Place::MasterKeys => {
                let keys = view.master_keys().await?;
                (keys.into_iter().map(Item::MasterKeys).collect(), Place::Orgs(None))
            }
            Place::Orgs(from) => {
                turned(view.org_page(from, self.page).await?, Item::Org, Place::Orgs, Place::HookKeys(None))?
            }
            Place::HookKeys(from) => {
                let page = view.hook_key_page_sealed(from, self.page).await?;
                turned(page, Item::HookKey, Place::HookKeys, Place::HookKeyVersions(None))?
            }
            Place::HookKeyVersions(from) => {
                let page = view.hook_key_version_page(from, self.page).await?;
                turned(page, Item::HookKeyVersion, Place::HookKeyVersions, Place::InlineHooks(None))?
            }
            Place::InlineHooks(from) => {
                let page = view.inline_hook_page(from, self.page).await?;
                turned(
                    page,
                    |stored| Item::InlineHook(Box::new(stored)),
                    Place::InlineHooks,
                    Place::KeyReferences(None),
                )?
            }
            Place::KeyReferences(from) => {
                let page = view.key_reference_page(from, self.page).await?;
                turned(page, Item::KeyReference, Place::KeyReferences, Place::ApiTokens(None))?
            }
            Place::ApiTokens(from) => {
                let page = view.api_token_page(from, self.page).await?;
                turned(page, Item::ApiToken, Place::ApiTokens, Place::ServiceApps(None))?
            }
            Place::ServiceApps(from) => {
                let page = view.service_app_page(from, self.page).await?;
                let (apps, next) = turned(page, Item::ServiceApp, Place::ServiceApps, Place::SigningKeys(None))?;
                (with_keys(apps, view).await?, next)
            }
            Place::SigningKeys(from) => {
                let page = view.signing_key_page_sealed(from, self.page).await?;
                let then = if self.under_seal { Place::AuditHeads(None) } else { Place::UsedTokenIds(None) };
                turned(page, Item::SigningKey, Place::SigningKeys, then)?
            }
            Place::UsedTokenIds(from) => {
                let page = view.used_token_id_page(from, self.page).await?;
                turned(page, Item::UsedTokenId, Place::UsedTokenIds, Place::AuditHeads(None))?
            }
            Place::AuditHeads(from) => {
                let page = view.audit_head_page(from, self.page).await?;
                turned(page, Item::AuditHead, Place::AuditHeads, Place::AuditEntries(None))?
            }
            Place::AuditEntries(from) => {
                let page = view.audit_entry_page(from, self.page).await?;
                let then = if self.under_seal { Place::AuditKeys(None) } else { Place::AuditNodes(None) };
                turned(page, Item::AuditEntry, Place::AuditEntries, then)?
            }
            Place::AuditNodes(from) => {
                let page = view.audit_node_page(from, self.page).await?;
                turned(page, Item::AuditNode, Place::AuditNodes, Place::AuditKeys(None))?
            }
            Place::AuditKeys(from) => {
                let page = view.audit_key_page(from, self.page).await?;
                turned(page, Item::AuditKey, Place::AuditKeys, Place::End)?
            }
            Place::End => return Ok(None),
        };
        self.place = next;
        self.count(&items, tables, view).await?;
        Ok(Some(items))
    }

    /// Counts the items of a page, and at the end of these tables compares.
    async fn count(
        &mut self,
        items: &[Item],
        tables: &'static [&'static str],
        view: &mut dyn ReadTx,
    ) -> Result<(), StoreError> {
        let Some(seen) = &mut self.seen else { return Ok(()) };
        for item in items {
            *seen.entry(item.table()).or_default() += 1;
        }
        if self.place.tables() == tables {
            return Ok(());
        }
        for table in tables {
            let (rows, seen) = (view.row_count(table).await?, seen.get(table).copied().unwrap_or_default());
            if rows != seen {
                return Err(StoreError::Uncounted { table, rows, seen });
            }
        }
        Ok(())
    }
}

/// The items of a page, and where the walk goes on.
fn turned<T, Cursor>(
    page: Page<Result<T, StoreError>, Cursor>,
    item: impl Fn(T) -> Item,
    here: impl FnOnce(Option<Cursor>) -> Place,
    then: Place,
) -> Result<(Vec<Item>, Place), StoreError> {
    let items = page.items.into_iter().map(|read| read.map(&item)).collect::<Result<_, _>>()?;
    Ok((items, page.next.map_or(then, |next| here(Some(next)))))
}

/// Each app followed by its keys.
async fn with_keys(apps: Vec<Item>, view: &mut dyn ReadTx) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::new();
    for app in apps {
        let id = if let Item::ServiceApp(app) = &app { Some(app.id.clone()) } else { None };
        items.push(app);
        if let Some(id) = id {
            let keys = view.service_app_key_list(&id).await?;
            items.extend(keys.into_iter().map(|key| Item::ClientKey(id.clone(), key)));
        }
    }
    Ok(items)
}
