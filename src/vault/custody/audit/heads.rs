//! The head of each trail, which an org has from its first moment on. Versions of before made it with the first entry, so it could be
//! missing where nothing was told of an org yet.

use crate::domain::audit::AuditHead;
use crate::domain::id::OrgId;
use crate::repository::audit::AuditQuery;
use crate::repository::error::StoreError;
use crate::repository::store::WriteTx;

/// How many orgs are looked at at a time.
const PAGE: u32 = 500;

/// Gives each org a head that has none and of which nothing was ever told. Returns how many those were. Where there are entries
/// without a head, it was lost, and stays so.
pub(in crate::vault::custody) async fn give_heads(tx: &mut dyn WriteTx) -> Result<u64, StoreError> {
    let (mut from, mut given) = (None, 0);
    loop {
        let page = tx.org_page(from, PAGE).await?;
        // An org that cannot be read is named when everything is looked at.
        for org in page.items.into_iter().flatten() {
            if tx.audit_head_find(&org.id).await?.is_none() && is_untold(tx, &org.id).await? {
                tx.audit_head_write(&AuditHead { org_id: org.id, size: 0, forgotten: 0 }).await?;
                given += 1;
            }
        }
        from = page.next;
        if from.is_none() {
            return Ok(given);
        }
    }
}

async fn is_untold(tx: &mut dyn WriteTx, org: &OrgId) -> Result<bool, StoreError> {
    let first = AuditQuery { limit: 1, ..AuditQuery::default() };
    Ok(tx.audit_entry_list(org, &first).await?.is_empty() && tx.audit_node_list(org, &[0]).await?.is_empty())
}
