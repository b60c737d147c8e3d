//! Who is calling: from the host and the credential to an org and a caller.
//!
//! Both are read from the database with every request, so that a revoked token stops working with the next one,
//! whichever process revoked it.

use crate::crypto::token_secret::TokenSecret;
use crate::domain::api_token::TokenStatus;
use crate::domain::caller::{Caller, Credential};
use crate::domain::org::{Domain, Org};
use crate::repository::store::ReadTx;
use crate::vault::error::{CredentialError, VaultError};
use crate::vault::handle::Registry;

impl Registry {
    /// The org that answers on this host: an unknown one gets the default org.
    ///
    /// # Errors
    /// Those of the store, or [`VaultError::Empty`] before there is any.
    pub async fn org_of_host(&self, host: Option<&str>) -> Result<Org, VaultError> {
        org_of_host(&mut *self.store.read().await?, host).await
    }

    /// # Errors
    /// [`VaultError::BadCredential`] where the token is malformed, unknown, expired, revoked or of another org than the host's;
    /// Those of the store.
    pub async fn authenticate(&self, host: Option<&str>, token: &str) -> Result<Caller, VaultError> {
        let token = TokenSecret::parse(token).ok_or(VaultError::BadCredential(CredentialError::Malformed))?;
        let mut tx = self.store.read().await?;
        let org = org_of_host(&mut *tx, host).await?;
        let found = tx.api_token_find_by_hash(&token.hash()).await?;
        let token = found.ok_or(VaultError::BadCredential(CredentialError::Unknown))?;
        if token.org_id != org.id {
            return Err(VaultError::BadCredential(CredentialError::OtherOrg));
        }
        match token.status(self.clock.now()) {
            TokenStatus::Active => Ok(Caller {
                org,
                scopes: token.scopes,
                credential: Credential::ApiToken {
                    id: token.id,
                    name: token.name,
                    created: token.created,
                    user_id: token.user_id,
                },
            }),
            TokenStatus::Expired => Err(VaultError::BadCredential(CredentialError::Expired)),
            TokenStatus::Revoked => Err(VaultError::BadCredential(CredentialError::Revoked)),
        }
    }
}

async fn org_of_host(tx: &mut dyn ReadTx, host: Option<&str>) -> Result<Org, VaultError> {
    if let Some(domain) = host.and_then(Domain::of_host)
        && let Some(org) = tx.org_find_by_domain(&domain).await?
    {
        return Ok(org);
    }
    tx.org_find_default().await?.ok_or(VaultError::Empty)
}
