//! Everything that a vault keeps, in an order in which it can be inserted: nothing comes before what it refers to.

use crate::repository::audit::AuditCursor;
use crate::repository::error::StoreError;
use crate::repository::item::Item;
use crate::repository::key_reference::KeyReferenceCursor;
use crate::repository::page::{Page, Seq};
use crate::repository::signing_key::SigningKeyCursor;
use crate::repository::store::ReadTx;
use crate::repository::used_token_id::UsedTokenIdCursor;

/// How many items are in memory at a time, a service app's keys aside.
const PAGE: u32 = 500;

/// A walk through all of it, page by page.
pub struct Inventory {
    place: Place,
    page: u32,
    under_seal: bool,
}

/// Where the walk is, and where the last page of that ended.
enum Place {
    MasterKeys,
    Orgs(Option<Seq>),
    HookKeys(Option<Seq>),
    HookKeyVersions(Option<String>),
    InlineHooks(Option<Seq>),
    KeyReferences(Option<KeyReferenceCursor>),
    ApiTokens(Option<Seq>),
    ServiceApps(Option<Seq>),
    SigningKeys(Option<SigningKeyCursor>),
    UsedTokenIds(Option<UsedTokenIdCursor>),
    AuditHeads(Option<String>),
    AuditEntries(Option<AuditCursor>),
    AuditNodes(Option<AuditCursor>),
    AuditKeys(Option<String>),
    End,
}

impl Inventory {
    #[must_use]
    pub const fn begin() -> Self {
        Self { place: Place::MasterKeys, page: PAGE, under_seal: false }
    }

    /// Only what carries seals.
    ///
    /// # Arguments
    /// `page`: how many items come at a time.
    #[must_use]
    pub const fn under_seal(page: u32) -> Self {
        Self { place: Place::Orgs(None), page, under_seal: true }
    }

    /// The next items, perhaps none of one kind; `None` at the end.
    ///
    /// # Errors
    /// Those of the store; `Corrupt` for a row that does not parse.
    pub async fn next(&mut self, view: &mut dyn ReadTx) -> Result<Option<Vec<Item>>, StoreError> {
        let (items, next) = match std::mem::replace(&mut self.place, Place::End) {
            Place::MasterKeys => {
                let keys = view.master_keys().await?;
                (keys.into_iter().map(Item::MasterKeys).collect(), Place::Orgs(None))
            }
            Place::Orgs(after) => {
                turned(view.org_page(after, self.page).await?, Item::Org, Place::Orgs, Place::HookKeys(None))?
            }
            Place::HookKeys(after) => {
                let page = view.hook_key_page_sealed(after, self.page).await?;
                turned(page, Item::HookKey, Place::HookKeys, Place::HookKeyVersions(None))?
            }
            Place::HookKeyVersions(after) => {
                let page = view.hook_key_version_page(after, self.page).await?;
                turned(page, Item::HookKeyVersion, Place::HookKeyVersions, Place::InlineHooks(None))?
            }
            Place::InlineHooks(after) => {
                let page = view.inline_hook_page(after, self.page).await?;
                turned(
                    page,
                    |stored| Item::InlineHook(Box::new(stored)),
                    Place::InlineHooks,
                    Place::KeyReferences(None),
                )?
            }
            Place::KeyReferences(after) => {
                let page = view.key_reference_page(after, self.page).await?;
                turned(page, Item::KeyReference, Place::KeyReferences, Place::ApiTokens(None))?
            }
            Place::ApiTokens(after) => {
                let page = view.api_token_page(after, self.page).await?;
                turned(page, Item::ApiToken, Place::ApiTokens, Place::ServiceApps(None))?
            }
            Place::ServiceApps(after) => {
                let page = view.service_app_page(after, self.page).await?;
                let (apps, next) = turned(page, Item::ServiceApp, Place::ServiceApps, Place::SigningKeys(None))?;
                (with_keys(apps, view).await?, next)
            }
            Place::SigningKeys(after) => {
                let page = view.signing_key_page_sealed(after, self.page).await?;
                let then = if self.under_seal { Place::AuditHeads(None) } else { Place::UsedTokenIds(None) };
                turned(page, Item::SigningKey, Place::SigningKeys, then)?
            }
            Place::UsedTokenIds(after) => {
                let page = view.used_token_id_page(after, self.page).await?;
                turned(page, Item::UsedTokenId, Place::UsedTokenIds, Place::AuditHeads(None))?
            }
            Place::AuditHeads(after) => {
                let page = view.audit_head_page(after, self.page).await?;
                turned(page, Item::AuditHead, Place::AuditHeads, Place::AuditEntries(None))?
            }
            Place::AuditEntries(after) => {
                let page = view.audit_entry_page(after, self.page).await?;
                let then = if self.under_seal { Place::AuditKeys(None) } else { Place::AuditNodes(None) };
                turned(page, Item::AuditEntry, Place::AuditEntries, then)?
            }
            Place::AuditNodes(after) => {
                let page = view.audit_node_page(after, self.page).await?;
                turned(page, Item::AuditNode, Place::AuditNodes, Place::AuditKeys(None))?
            }
            Place::AuditKeys(after) => {
                let page = view.audit_key_page(after, self.page).await?;
                turned(page, Item::AuditKey, Place::AuditKeys, Place::End)?
            }
            Place::End => return Ok(None),
        };
        self.place = next;
        Ok(Some(items))
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
    Ok((items, page.next.map_or(then, |end| here(Some(end)))))
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
