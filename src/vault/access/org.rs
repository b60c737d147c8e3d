//! Orgs: the default one that is always there, and further ones.

use crate::domain::actor::Actor;
use crate::domain::id::PrefixedId as _;
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::error::Conflict;
use crate::repository::store::Serial;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::Registry;

/// What the first org is called.
const DEFAULT_NAME: &str = "default";

impl Registry {
    /// Makes the default org where there is none.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn org_ensure_default(&self) -> Result<Org, VaultError> {
        if let Some(org) = self.store.read().await?.org_find_default().await? {
            return Ok(org);
        }
        let name = Name::parse(DEFAULT_NAME).map_err(VaultError::Name)?;
        let org = Org { id: self.random.id(), name, domain: None, is_default: true, created: self.clock.now() };
        let mut tx = self.store.write(&Actor::Vault, Serial::No).await?;
        match tx.org_insert(&org).await? {
            Ok(()) => {
                self.commit(tx).await?;
                Ok(org)
            }
            // Another process was faster.
            Err(Conflict::OrgDefault | Conflict::OrgName) => {
                drop(tx);
                self.store.read().await?.org_find_default().await?.ok_or(VaultError::Empty)
            }
            Err(conflict) => Err(conflict.into()),
        }
    }

    /// # Errors
    /// [`VaultError::Conflict`] of the name or the domain, or one of the store.
    pub async fn org_create(&self, actor: &Actor, name: Name, domain: Option<Domain>) -> Result<Org, VaultError> {
        let org = Org { id: self.random.id(), name, domain, is_default: false, created: self.clock.now() };
        let mut tx = self.store.write(actor, Serial::No).await?;
        tx.org_insert(&org).await??;
        self.commit(tx).await?;
        Ok(org)
    }

    /// In order of creation.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn org_list(&self) -> Result<Vec<Org>, VaultError> {
        Ok(self.store.read().await?.org_list().await?)
    }

    /// The org with this id, or else with this name or domain; without any, the default org.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Ambiguous`] where the name is another's domain, or one of the store.
    pub async fn org_pick(&self, wanted: Option<&str>) -> Result<Org, VaultError> {
        let Some(wanted) = wanted else {
            return self.store.read().await?.org_find_default().await?.ok_or(VaultError::Empty);
        };
        let mut orgs = self.org_list().await?;
        if let Some(index) = orgs.iter().position(|org| org.id.as_str() == wanted) {
            return Ok(orgs.swap_remove(index));
        }
        let domain = Domain::parse(wanted).ok();
        orgs.retain(|org| org.name.as_str() == wanted || (domain.is_some() && org.domain == domain));
        if orgs.len() > 1 {
            return Err(VaultError::Ambiguous { kind: Kind::Org, name: wanted.to_owned() });
        }
        orgs.pop().ok_or_else(|| VaultError::NotFound { kind: Kind::Org, id: wanted.to_owned() })
    }
}
