//! What is due from time to time, whether anybody calls or not.

use crate::domain::actor::Actor;
use crate::domain::chain::Chain;
use crate::domain::id::OrgId;
use crate::domain::signing_key::due_if_signing_since;
use crate::repository::error::StoreError;
use crate::repository::store::Serial;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

/// How many orgs are in memory at a time.
const PAGE: u32 = 50;

impl Vault {
    /// Forgets the ids of tokens that are refused for their age anyway, and looks after the signing keys of those orgs where something
    /// may be due: their number follows from the rotations under way, not from the orgs.
    ///
    /// # Errors
    /// Those of the store; of several orgs whose keys cannot be looked after, that of the last.
    pub async fn oauth_upkeep(&self) -> Result<(), VaultError> {
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.write(&Actor::Vault, Serial::No).await?;
        tx.used_token_id_clean(now).await?;
        self.commit(tx, Record::SingleUse("what is forgotten is refused for its age")).await?;
        let mut result = Ok(());
        // A key that another server has revoked does not stay parsed here.
        for org in self.signing_key_parsed_orgs() {
            result = self.upkeep_of(Ok(org)).await.and(result);
        }
        let (since, mut from) = (due_if_signing_since(now), None);
        loop {
            let page = self.registry.store.read().await?.signing_key_page_orgs(since, from, PAGE).await?;
            for org in page.items {
                // One org's trouble is not another's.
                result = self.upkeep_of(org).await.and(result);
            }
            from = page.next;
            if from.is_none() {
                return result;
            }
        }
    }

    async fn upkeep_of(&self, org: Result<OrgId, StoreError>) -> Result<(), VaultError> {
        let org =
            org.inspect_err(|error| tracing::warn!(error = %Chain(error), "an org's signing keys have no upkeep"))?;
        self.signing_key_upkeep(&org).await.inspect_err(|error| {
            tracing::warn!(%org, error = %Chain(error), "the upkeep of an org's signing keys has to wait");
        })
    }
}
