//! Forgets the texts of old entries. Their hashes stay, so that the rest can still be proved.

use super::record::Record;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::clock::Timestamp;
use crate::domain::id::OrgId;
use crate::repository::audit::AuditQuery;
use crate::repository::store::Serial;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;
use std::time::Duration;

/// How many trails are looked at in one view.
const PAGE: u32 = 50;

impl Registry {
    /// Forgets what is older than that, in all orgs.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn audit_forget(&self, retention: Duration) -> Result<(), VaultError> {
        let seconds = i64::try_from(retention.as_secs()).unwrap_or(i64::MAX);
        let Ok(before) = Timestamp::from_unix(self.clock.now().unix().saturating_sub(seconds)) else { return Ok(()) };
        let mut from = None;
        loop {
            let page = self.store.read().await?.audit_head_page(from, PAGE).await?;
            for head in page.items {
                self.audit_forget_of(&head?.org_id, before).await?;
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    async fn audit_forget_of(&self, org: &OrgId, before: Timestamp) -> Result<(), VaultError> {
        let kept = AuditQuery { since: Some(before), limit: 1, ..AuditQuery::default() };
        let mut tx = self.store.write(&Actor::Vault, Serial::No).await?;
        let mut head = tx.audit_head_hold(org).await?;
        let first_kept = match tx.audit_entry_list(org, &kept).await?.into_iter().next() {
            Some(entry) => entry?.number,
            None => head.size,
        };
        if first_kept <= head.forgotten {
            return Ok(());
        }
        let count = first_kept - head.forgotten;
        tx.audit_entry_forget(org, first_kept).await?;
        head.forgotten = first_kept;
        tx.audit_head_write(&head).await?;
        let target = Target::new("AuditLog", org, None).with("count", count).with("before", before.to_wire());
        self.commit(tx, Record::Of(org, vec![Event::new(EventKind::AuditForgotten, [target])])).await
    }
}
