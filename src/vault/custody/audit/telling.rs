//! Tells the trail of what happens often and changes nothing.

use super::uses::Group;
use crate::domain::actor::Actor;
use crate::domain::audit::Event;
use crate::domain::id::OrgId;
use crate::repository::store::Serial;
use crate::repository::version::Concern;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::collections::HashMap;

impl Vault {
    /// Tells the trail of something that changes nothing, soon.
    pub fn audit_use(&self, org: &OrgId, actor: &Actor, event: Event) {
        self.uses.add(org, actor, event);
    }

    /// Writes what was told: all that was before it is called, also what another call has taken on itself.
    ///
    /// # Errors
    /// Those of the store; what could not be written is told later.
    pub async fn audit_flush(&self) -> Result<(), VaultError> {
        let _telling = self.uses.telling().await;
        let mut by_org: HashMap<OrgId, Vec<(Actor, Event)>> = HashMap::new();
        for Group { org, actor, event } in self.uses.take() {
            by_org.entry(org).or_default().push((actor, event));
        }
        let mut result = Ok(());
        for (org, told) in by_org {
            if let Err(error) = self.audit_write(&org, &told).await {
                for (actor, event) in told {
                    self.uses.add(&org, &actor, event);
                }
                result = Err(error);
            }
        }
        result
    }

    async fn audit_write(&self, org: &OrgId, told: &[(Actor, Event)]) -> Result<(), VaultError> {
        let mut tx = self.registry.store.write(&Actor::Vault, Serial::No).await?;
        self.registry.audit_append(&mut *tx, org, told).await?;
        tx.narrow(Concern::nothing());
        self.registry.commit_unrecorded(tx).await
    }
}
