//! What is missing and comes from no backup is given up, so that nobody waits for it any more.

use super::fact::{Discrepancy, Fact};
use super::lost_key::told_audit_key;
use super::record::Record;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind};
use crate::domain::id::OrgId;
use crate::repository::store::Serial;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;

impl Registry {
    /// Tells the trail that what is missing is lost for good. Returns what that is; what is there and should not be is not among it, since
    /// it can be taken away by whoever may.
    ///
    /// # Errors
    /// [`VaultError::TrailBroken`]: what such a trail tells nobody knows. Those of the store.
    pub async fn audit_accept_loss(&self, actor: &Actor, org: &OrgId) -> Result<Vec<Fact>, VaultError> {
        let verdict = self.audit_verify(org, None).await?;
        verdict.map_err(|broken| VaultError::TrailBroken { org: org.clone(), broken })?;
        let found = self.audit_compare(org).await?.into_iter();
        let mut lost: Vec<_> = found
            .filter_map(|found| match found {
                Discrepancy::Missing { fact, .. } => Some(fact),
                Discrepancy::PutBack { .. }
                | Discrepancy::Untold { .. }
                | Discrepancy::Outdated { .. }
                | Discrepancy::Unreferenced { .. } => None,
            })
            .collect();
        let mut view = self.store.read().await?;
        // Its entry may be forgotten, and nothing that is forgotten is missed.
        if let Ok(None) = view.audit_key_find(org).await {
            lost.extend(told_audit_key(&mut *view, org).await?.filter(|key| !lost.contains(key)));
        }
        drop(view);
        if !lost.is_empty() {
            let tx = self.store.write(actor, Serial::No).await?;
            let event = Event::new(EventKind::LossAccepted, lost.iter().map(Fact::target));
            self.commit(tx, Record::Of(org, vec![event])).await?;
        }
        Ok(lost)
    }
}
