//! A look at the orgs alone, cheap enough to have it often: while one is damaged or missing, a host that no other org has may be that
//! one's, and must not get the default org.

use super::audit::fact::Discrepancy;
use super::damage::Damaged;
use super::seen_orgs::SeenOrgs;
use crate::domain::id::PrefixedId as _;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::collections::HashSet;

/// How many orgs are in memory at a time, but for their ids.
const PAGE: u32 = 500;

impl Vault {
    /// Looks at the row of each org, and whether one is missing of which the trail tells, unless nothing was written since the last such
    /// look, and that has found nothing. What it finds is known from then on, and told to the log where it is news.
    ///
    /// # Errors
    /// Those of the store that are no damage.
    pub async fn look_at_orgs(&self) -> Result<(), VaultError> {
        let mut seen = self.seen_orgs.lock().await;
        let version = self.registry.version().await?;
        // What a request has met since may be mended already.
        if version.is_some() && version == seen.version && self.registry.known_damage.of_orgs().is_none() {
            return Ok(());
        }
        let mut damaged = Vec::new();
        match self.find_damaged_orgs(&mut seen, &mut damaged).await {
            Err(error) if error.is_damage() => damaged.push(Damaged::Store(error.to_string())),
            looked => looked?,
        }
        if self.registry.known_damage.looked_at_orgs(&damaged) {
            for damaged in &damaged {
                tracing::error!(%damaged, "an org is damaged or missing: hosts that no sound org has are refused");
            }
        }
        seen.version = version;
        Ok(())
    }

    async fn find_damaged_orgs(&self, seen: &mut SeenOrgs, damaged: &mut Vec<Damaged>) -> Result<(), VaultError> {
        let (mut there, mut after) = (HashSet::new(), None);
        loop {
            let page = self.registry.store.read().await?.org_page(after, PAGE).await?;
            for row in page.items {
                match row {
                    Ok(org) => drop(there.insert(org.id)),
                    Err(error) => damaged.push(Damaged::Row(error)),
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut view = self.registry.store.read().await?;
        match view.org_find_default().await.map_err(VaultError::from) {
            Ok(Some(org)) => seen.default = Some(org.id),
            Ok(None) => {
                let row = seen.default.as_ref().map_or_else(String::new, ToString::to_string);
                damaged.push(Damaged::Row(StoreError::Missing { table: "org", row }));
            }
            // It was named with the others.
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error),
        }
        let is_as_before = there == seen.there && seen.told.keys().all(|id| there.contains(id));
        seen.there = there;
        let Some(default) = seen.default.clone() else { return Ok(()) };
        if !is_as_before && let Some(told) = self.registry.audit_orgs_told(&default).await? {
            seen.told = told;
        }
        for (id, entry) in seen.told.iter().filter(|(id, _)| !seen.there.contains(*id)) {
            if let Ok(None) = view.org_find(id).await {
                let discrepancy = Discrepancy::missing_org(id.as_str(), *entry);
                damaged.push(Damaged::Told { org: default.clone(), discrepancy });
            }
        }
        Ok(())
    }
}
