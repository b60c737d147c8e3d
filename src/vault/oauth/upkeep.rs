//! What is due from time to time, whether anybody calls or not.

use crate::domain::actor::Actor;
use crate::repository::store::Serial;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

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
        for org in self.registry.org_list().await? {
            // One org's trouble is not another's.
            if let Err(error) = self.signing_key_upkeep(&org).await {
                tracing::warn!(org = %org.name, error = %error, "the upkeep of an org's signing keys has to wait");
                result = Err(error);
            }
        }
        result
    }
}
