//! Orgs: the default one that is always there, and further ones.

use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::error::Conflict;
use crate::repository::store::Serial;
use crate::vault::access::pick::only;
use crate::vault::custody::audit::record::Record;
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
                self.commit(tx, record(&org)).await?;
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
        // There as well, so that it is missed where all of it is gone, its own trail too.
        if let Some(default) = tx.org_find_default().await? {
            self.audit_append(&mut *tx, &default.id, &[(actor.clone(), created(&org))]).await?;
        }
        self.commit(tx, record(&org)).await?;
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
        let mut tx = self.store.read().await?;
        let Some(wanted) = wanted else { return tx.org_find_default().await?.ok_or(VaultError::Empty) };
        // An id counts before a name.
        if let Ok(id) = OrgId::parse(wanted)
            && let Some(org) = tx.org_find(&id).await?
        {
            return Ok(org);
        }
        let mut found = Vec::new();
        if let Ok(name) = Name::known(wanted) {
            found.extend(tx.org_find_by_name(&name).await?);
        }
        if let Ok(domain) = Domain::parse(wanted) {
            found.extend(tx.org_find_by_domain(&domain).await?.filter(|org| !found.contains(org)));
        }
        only(found, Kind::Org, wanted)
    }
}

fn record(org: &Org) -> Record<'_> {
    Record::Of(&org.id, vec![created(org)])
}

fn created(org: &Org) -> Event {
    let domain = org.domain.as_ref().map_or("none", Domain::as_str);
    let target = Target::new("Org", &org.id, Some(&org.name)).with("domain", domain);
    Event::new(EventKind::OrgCreated, [target])
}
