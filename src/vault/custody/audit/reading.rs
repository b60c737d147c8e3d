//! The trail as others read it.

use super::broken::Broken;
use crate::crypto::merkle;
pub use crate::domain::audit::AuditEntry;
use crate::domain::id::OrgId;
pub use crate::repository::audit::AuditQuery;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

/// How many pages of entries are looked at for one search: some tens of milliseconds.
const SEARCHED_PAGES: usize = 20;

/// Around the hash of a text that is forgotten.
const FORGOTTEN: &str = "{\"forgotten\":\"";
const FORGOTTEN_END: &str = "\"}";

impl Registry {
    /// The entries that a query asks for; those whose texts are forgotten are left out.
    ///
    /// # Errors
    /// Those of the store, damage among them.
    pub async fn audit_list(&self, org: &OrgId, query: &AuditQuery) -> Result<Vec<AuditEntry>, VaultError> {
        let mut view = self.store.read().await?;
        let mut query = query.clone();
        // Their texts are gone.
        let forgotten = view.audit_head_find(org).await?.map_or(0, |head| head.forgotten);
        if !query.is_descending {
            query.from = Some(query.from.unwrap_or_default().max(forgotten));
        }
        let found = view.audit_entry_list(org, &query).await?;
        let entries = found.into_iter().map(as_written).collect::<Result<Vec<_>, _>>()?;
        Ok(entries.into_iter().filter(|entry| entry.number >= forgotten).collect())
    }

    /// Of the entries that a query asks for, those in which each of these words occurs, in whatever case. Returns also where to go on, if so
    /// many were looked at that it ends before.
    ///
    /// # Arguments
    /// `words`: in small letters.
    ///
    /// # Errors
    /// As [`Self::audit_list`].
    pub async fn audit_search(
        &self,
        org: &OrgId,
        query: &AuditQuery,
        words: &[String],
    ) -> Result<(Vec<AuditEntry>, Option<u64>), VaultError> {
        let mut found = Vec::new();
        let mut page = AuditQuery { limit: PAGE, ..query.clone() };
        for _ in 0..SEARCHED_PAGES {
            let entries = self.audit_list(org, &page).await?;
            let last = entries.last().filter(|_| entries.len() >= PAGE as usize).map(|entry| entry.number);
            let wanted = query.limit as usize - found.len();
            found.extend(entries.into_iter().filter(|entry| has_all(entry, words)).take(wanted));
            page.from = match last {
                Some(last) if found.len() < query.limit as usize => {
                    Some(if page.is_descending { last } else { last + 1 })
                }
                _ => return Ok((found, None)),
            };
        }
        Ok((found, page.from))
    }

    /// Hands each entry to `line` as it is written, in order: its text, or where that is forgotten, its hash.
    ///
    /// # Errors
    /// Those of the store, or of `line`.
    pub async fn audit_export<E: From<VaultError>>(
        &self,
        org: &OrgId,
        line: impl Fn(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut from = 0;
        loop {
            let query = AuditQuery { from: Some(from), limit: PAGE, ..AuditQuery::default() };
            let mut view = self.store.read().await.map_err(VaultError::from)?;
            let entries = view.audit_entry_list(org, &query).await.map_err(VaultError::from)?;
            let is_last = entries.len() < PAGE as usize;
            for entry in entries {
                let entry = as_written(entry)?;
                match &entry.text {
                    Some(text) => line(text)?,
                    None => line(&forgotten_line(entry.leaf))?,
                }
                from = entry.number + 1;
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

/// The seal covers the hash of the text, for texts are forgotten: so the text is held against that.
pub(super) fn as_written(found: Result<AuditEntry, StoreError>) -> Result<AuditEntry, VaultError> {
    let entry = found?;
    match &entry.text {
        Some(text) if merkle::leaf(text.as_bytes()) != entry.leaf => {
            Err(VaultError::TrailBroken { org: entry.org_id, broken: Broken::Text(entry.number) })
        }
        Some(_) | None => Ok(entry),
    }
}

/// Whether each word occurs in one of its values; the names of its members are the same in all entries.
fn has_all(entry: &AuditEntry, words: &[String]) -> bool {
    let mut texts = Vec::new();
    collect(entry.text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(), &mut texts);
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// All texts in a value, in small letters.
fn collect(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.to_lowercase()),
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.into_iter().for_each(|(_, value)| collect(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands in an export for an entry whose text is forgotten.
fn forgotten_line(leaf: [u8; 32]) -> String {
    format!("{FORGOTTEN}{}{FORGOTTEN_END}", STANDARD.encode(leaf))
}

/// The hash of an entry, from its line in an export.
pub(super) fn leaf_of_line(line: &str) -> [u8; 32] {
    forgotten_leaf(line).unwrap_or_else(|| merkle::leaf(line.as_bytes()))
}

/// Whether a line of an export stands for an entry whose text is forgotten.
pub(super) fn is_forgotten_line(line: &str) -> bool {
    forgotten_leaf(line).is_some()
}

fn forgotten_leaf(line: &str) -> Option<[u8; 32]> {
    let text = line.strip_prefix(FORGOTTEN)?.strip_suffix(FORGOTTEN_END)?;
    STANDARD.decode(text).ok()?.try_into().ok()
}
