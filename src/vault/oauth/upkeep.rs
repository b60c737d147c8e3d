//! What is due from time to time, whether anybody calls or not.

use crate::domain::actor::Actor;
use crate::domain::org::Org;
use crate::repository::error::StoreError;
use crate::repository::store::Serial;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

/// How many orgs are in memory at a time.
const PAGE: u32 = 50;

impl Vault {
    /// Forgets the ids of tokens that are refused for their age anyway, and looks after the signing keys of each org.
    ///
    /// # Errors
    /// Those of the store; of several orgs whose keys cannot be looked after, that of the last.
    pub async fn oauth_upkeep(&self) -> Result<(), VaultError> {
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.write(&Actor::Vault, Serial::No).await?;
        tx.used_token_id_clean(now).await?;
        self.commit(tx).await?;
        let mut result = Ok(());
        let mut after = None;
        loop {
            let page = self.registry.store.read().await?.org_page(after, PAGE).await?;
            for org in page.items {
                // One org's trouble is not another's.
                if let Err(error) = self.upkeep_of(org).await {
                    result = Err(error);
                }
            }
            after = page.next;
            if after.is_none() {
                return result;
            }
        }
    }

    async fn upkeep_of(&self, org: Result<Org, StoreError>) -> Result<(), VaultError> {
        let org = org.inspect_err(|error| tracing::warn!(error = %error, "an org's signing keys have no upkeep"))?;
        self.signing_key_upkeep(&org).await.inspect_err(|error| {
            tracing::warn!(org = %org.name, error = %error, "the upkeep of an org's signing keys has to wait");
        })
    }
}
