//! The key of checkpoints that an org should have, by the word of its trail.

use super::fact::{Fact, FactKind, told};
use super::text::readable_text;
use crate::domain::audit::EventKind;
use crate::domain::id::OrgId;
use crate::repository::audit::AuditQuery;
use crate::repository::store::ReadTx;
use crate::vault::error::VaultError;

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

/// The key that was made last, unless somebody has given it up since. Where the text of its entry is forgotten, it is called by the entry.
///
/// # Errors
/// Those of the store.
pub(super) async fn told_audit_key(view: &mut dyn ReadTx, org: &OrgId) -> Result<Option<Fact>, VaultError> {
    let kinds = [EventKind::AuditKeyCreated, EventKind::LossAccepted].map(|kind| kind.as_str().to_owned());
    let (mut from, mut key) = (0, None);
    loop {
        let query = AuditQuery { from: Some(from), kinds: kinds.to_vec(), limit: PAGE, ..AuditQuery::default() };
        let entries = view.audit_entry_list(org, &query).await?;
        let is_last = entries.len() < PAGE as usize;
        for entry in entries {
            let entry = entry?;
            from = entry.number + 1;
            match entry.text.as_deref().and_then(readable_text) {
                Some(text) => {
                    let said = told(&entry.kind, &text).into_iter().filter(|(fact, _)| fact.kind == FactKind::AuditKey);
                    for (fact, is) in said {
                        key = is.then_some(fact);
                    }
                }
                None if entry.kind == EventKind::AuditKeyCreated.as_str() => {
                    key = Some(Fact::of(FactKind::AuditKey, &format!("of entry {}", entry.number)));
                }
                None => {}
            }
        }
        if is_last {
            return Ok(key);
        }
    }
}
