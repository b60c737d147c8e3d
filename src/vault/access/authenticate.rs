//! Who is calling: from the host and the credential to an org and a caller.
//!
//! Both are read from the database with every request, or are known from the state that the database still is in, so that a revoked token
//! stops working with the next one, whichever process revoked it.

use crate::crypto::token_secret::TokenSecret;
use crate::domain::api_token::{ApiToken, TokenStatus};
use crate::domain::caller::{Caller, Credential};
use crate::domain::org::{Domain, Org};
use crate::domain::outbound::is_loopback;
use crate::repository::store::ReadTx;
use crate::vault::error::{CredentialError, VaultError};
use crate::vault::handle::Registry;
use crate::vault::read_model::Version;
use std::net::Ipv4Addr;
use std::sync::Arc;
use url::Host;

impl Registry {
    /// The org that answers on this host: an unknown one gets the default org, unless an org is known to be damaged or missing.
    ///
    /// # Errors
    /// Those of the store, [`VaultError::HostUnsure`], or [`VaultError::Empty`] before there is any.
    pub async fn org_of_host(&self, host: Option<&str>) -> Result<Org, VaultError> {
        let version = self.version().await?;
        Ok(Org::clone(&*self.org_of_host_as_of(host, version).await?))
    }

    /// The same in this state of the store, or a later one.
    ///
    /// # Errors
    /// As [`Self::org_of_host`].
    pub async fn org_of_host_as_of(
        &self,
        host: Option<&str>,
        version: Option<Version>,
    ) -> Result<Arc<Org>, VaultError> {
        let domain = host.and_then(Domain::of_host);
        let org = match self.known_orgs.get(&domain, version) {
            Some(org) => org,
            None => {
                let org = Arc::new(org_of_domain(&mut *self.store.read().await?, domain.as_ref()).await?);
                self.known_orgs.keep(domain.clone(), version, org.clone());
                org
            }
        };
        self.refuse_unsure(domain.as_ref(), &org)?;
        Ok(org)
    }

    /// Who has this token, and the state of the org in which that is so.
    ///
    /// # Errors
    /// [`VaultError::BadCredential`] where the token is malformed, unknown, expired, revoked or of another org than the host's;
    /// [`VaultError::HostUnsure`], or those of the store.
    pub async fn authenticate(&self, host: Option<&str>, token: &str) -> Result<(Caller, Option<Version>), VaultError> {
        let token = TokenSecret::parse(token).ok_or(VaultError::BadCredential(CredentialError::Malformed))?;
        let (hash, domain) = (token.hash(), host.and_then(Domain::of_host));
        let version = self.version().await?;
        let known = self.known_orgs.get(&domain, version).zip(self.known_tokens.get(&hash, version));
        let (org, token) = match known {
            Some(known) => known,
            None => {
                let mut tx = self.store.read().await?;
                let org = Arc::new(org_of_domain(&mut *tx, domain.as_ref()).await?);
                let found = tx.api_token_find_by_hash(&hash).await?;
                let token = Arc::new(found.ok_or(VaultError::BadCredential(CredentialError::Unknown))?);
                self.known_orgs.keep(domain.clone(), version, org.clone());
                self.known_tokens.keep(hash, version, token.clone());
                (org, token)
            }
        };
        self.refuse_unsure(domain.as_ref(), &org)?;
        if token.org_id != org.id {
            return Err(VaultError::BadCredential(CredentialError::OtherOrg));
        }
        match token.status(self.clock.now()) {
            TokenStatus::Active => {
                let ApiToken { id, name, created, user_id, scopes, .. } = ApiToken::clone(&token);
                let credential = Credential::ApiToken { id, name, created, user_id };
                let version = self.version_of(&org.id, version);
                Ok((Caller { org, scopes, credential }, version))
            }
            TokenStatus::Expired => Err(VaultError::BadCredential(CredentialError::Expired)),
            TokenStatus::Revoked => Err(VaultError::BadCredential(CredentialError::Revoked)),
        }
    }

    /// Refuses a host that only the default org would answer on, while an org is damaged or missing that may have had it. What is the
    /// default org's own is not refused.
    fn refuse_unsure(&self, domain: Option<&Domain>, org: &Org) -> Result<(), VaultError> {
        let Some(domain) = domain else { return Ok(()) };
        if org.domain.as_ref() == Some(domain) || self.own_domain.as_ref() == Some(domain) || is_nobodys(domain) {
            return Ok(());
        }
        match self.known_damage.of_orgs() {
            Some(damage) => Err(VaultError::HostUnsure { host: domain.to_string(), damage }),
            None => Ok(()),
        }
    }
}

/// Whether a host is an address, or a name that every machine has: who asks so asks the default org.
fn is_nobodys(domain: &Domain) -> bool {
    let name = domain.as_str();
    name.parse::<Ipv4Addr>().is_ok() || is_loopback(&Host::Domain(name))
}

async fn org_of_domain(tx: &mut dyn ReadTx, domain: Option<&Domain>) -> Result<Org, VaultError> {
    if let Some(domain) = domain
        && let Some(org) = tx.org_find_by_domain(domain).await?
    {
        return Ok(org);
    }
    tx.org_find_default().await?.ok_or(VaultError::Empty)
}
