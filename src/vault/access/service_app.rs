//! Service apps: made, listed, changed, deleted. Only public keys are kept.

use crate::crypto::jwk;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::id::{ClientKid, OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::repository::store::{ReadTx, Serial};
use crate::vault::access::pick::{SEVERAL, absent, only};
use crate::vault::access::removal::{is_removable, org_of};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::Registry;

impl Registry {
    /// # Arguments
    /// `keys`: with the `kid` of each, or where there is none, its thumbprint in its place (RFC 7638).
    ///
    /// # Errors
    /// [`VaultError::Conflict`] of the name or a `kid`, [`VaultError::Invalid`] for a `kid` that is none, or one of the
    /// store.
    pub async fn service_app_create(
        &self,
        actor: &Actor,
        org: &OrgId,
        name: Name,
        scopes: Scopes,
        dpop_bound: bool,
        keys: Vec<jwk::Named>,
    ) -> Result<(ServiceApp, Vec<AppKey>), VaultError> {
        let keys = self.app_keys(keys)?;
        let now = self.clock.now();
        let app = ServiceApp {
            id: self.random.id(),
            org_id: org.clone(),
            name,
            scopes,
            dpop_bound,
            active: true,
            created: now,
            last_updated: now,
            activations: 0,
        };
        let mut tx = self.store.write(actor, Serial::No).await?;
        tx.service_app_insert(&app).await??;
        for key in &keys {
            tx.service_app_key_insert(&app.id, key).await??;
        }
        let events = [event(EventKind::ServiceAppCreated, &app)].into_iter().chain(key_events(&app, &keys)).collect();
        self.commit(tx, Record::Of(org, events)).await?;
        Ok((app, keys))
    }

    /// The apps of all orgs, in order of creation, with their keys; in the place of one that cannot be read, why not.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn service_app_list(&self) -> Result<Vec<Result<(ServiceApp, Vec<AppKey>), VaultError>>, VaultError> {
        let mut tx = self.store.read().await?;
        let mut found = Vec::new();
        for app in tx.service_app_list().await? {
            let with_keys = match app {
                Ok(app) => tx.service_app_key_list(&app.id).await.map(|keys| (app, keys)),
                Err(error) => Err(error),
            };
            match with_keys.map_err(VaultError::from) {
                Err(error) if !error.is_damage() => return Err(error),
                found_or_damaged => found.push(found_or_damaged),
            }
        }
        Ok(found)
    }

    /// The one app with this id, or with this name, and its keys.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::Ambiguous`] where several orgs have one of that name, or one of the store.
    pub async fn service_app_get(&self, id_or_name: &str) -> Result<(ServiceApp, Vec<AppKey>), VaultError> {
        let mut tx = self.store.read().await?;
        let app = find(&mut *tx, id_or_name).await?;
        let keys = tx.service_app_key_list(&app.id).await?;
        Ok((app, keys))
    }

    /// Adds public keys. Returns them with their `kid`.
    ///
    /// # Errors
    /// As [`Self::service_app_get`], and [`VaultError::Conflict`] of a `kid`.
    pub async fn service_app_add_keys(
        &self,
        actor: &Actor,
        id_or_name: &str,
        keys: Vec<jwk::Named>,
    ) -> Result<(ServiceApp, Vec<AppKey>), VaultError> {
        let keys = self.app_keys(keys)?;
        let mut tx = self.store.write(actor, Serial::No).await?;
        let app = find(&mut *tx, id_or_name).await?;
        for key in &keys {
            tx.service_app_key_insert(&app.id, key).await??;
        }
        let events: Vec<_> = key_events(&app, &keys).collect();
        let record = match events.is_empty() {
            true => Record::Nothing("no key was given"),
            false => Record::Of(&app.org_id, events),
        };
        self.commit(tx, record).await?;
        Ok((app, keys))
    }

    /// Removes a public key. Returns how many are left.
    ///
    /// # Errors
    /// As [`Self::service_app_get`], also where there is no such key.
    pub async fn service_app_remove_key(
        &self,
        actor: &Actor,
        id_or_name: &str,
        kid: &str,
    ) -> Result<(ServiceApp, usize), VaultError> {
        let missing = || VaultError::NotFound { kind: Kind::ClientKey, id: kid.to_owned() };
        let parsed = ClientKid::parse(kid).map_err(|_| missing())?;
        let mut tx = self.store.write(actor, Serial::No).await?;
        let app = find(&mut *tx, id_or_name).await?;
        if !tx.service_app_key_delete(&app.id, &parsed).await? {
            return Err(missing());
        }
        let left = tx.service_app_key_list(&app.id).await?.len();
        let record = Record::Of(&app.org_id, vec![key_event(EventKind::ClientKeyDeleted, &app, &parsed)]);
        self.commit(tx, record).await?;
        Ok((app, left))
    }

    /// Lets an app get tokens and use them, or no longer.
    ///
    /// # Errors
    /// As [`Self::service_app_get`].
    pub async fn service_app_set_active(
        &self,
        actor: &Actor,
        id_or_name: &str,
        active: bool,
    ) -> Result<ServiceApp, VaultError> {
        let mut tx = self.store.write(actor, Serial::No).await?;
        let app = find(&mut *tx, id_or_name).await?;
        if app.active == active {
            return Ok(app);
        }
        tx.service_app_set_active(&app.id, active, self.clock.now()).await?;
        let kind = if active { EventKind::ServiceAppActivated } else { EventKind::ServiceAppDeactivated };
        self.commit(tx, Record::Of(&app.org_id, vec![event(kind, &app)])).await?;
        Ok(app)
    }

    /// Deletes an app that is not active, with its keys. One that cannot be read is removed whether or not it is active, by its id alone:
    /// then the answer is `None`.
    ///
    /// # Errors
    /// As [`Self::service_app_get`], and [`VaultError::AppActive`].
    pub async fn service_app_delete(&self, actor: &Actor, id_or_name: &str) -> Result<Option<ServiceApp>, VaultError> {
        let mut tx = self.store.write(actor, Serial::No).await?;
        let app = match find(&mut *tx, id_or_name).await {
            Err(error) if is_removable::<ServiceAppId>(&error, "service_app", id_or_name) => {
                let named = tx.service_app_remove(id_or_name).await?.ok_or(error)?;
                let org = org_of(&mut *tx, &named).await?;
                let target = Target::of("PublicClientApp", id_or_name, None).with("damaged", true);
                let events = vec![Event::new(EventKind::ServiceAppDeleted, [target])];
                return self.commit(tx, Record::Of(&org, events)).await.map(|()| None);
            }
            found => found?,
        };
        if !tx.service_app_delete(&app.id).await? {
            return Err(VaultError::AppActive);
        }
        let record = Record::Of(&app.org_id, vec![event(EventKind::ServiceAppDeleted, &app)]);
        self.commit(tx, record).await?;
        Ok(Some(app))
    }

    fn app_keys(&self, keys: Vec<jwk::Named>) -> Result<Vec<AppKey>, VaultError> {
        let created = self.clock.now();
        let named = |(kid, key): jwk::Named| {
            let kid = kid.unwrap_or_else(|| jwk::thumbprint(&key));
            Ok(AppKey { kid: ClientKid::parse(&kid).map_err(|reason| reason.at("kid"))?, key, created })
        };
        keys.into_iter().map(named).collect()
    }
}

fn app_target(app: &ServiceApp) -> Target {
    Target::new("PublicClientApp", &app.id, Some(&app.name))
}

fn event(kind: EventKind, app: &ServiceApp) -> Event {
    Event::new(kind, [app_target(app).with("scopes", &app.scopes).with("dpop_bound", app.dpop_bound)])
}

fn key_event(kind: EventKind, app: &ServiceApp, kid: &ClientKid) -> Event {
    Event::new(kind, [app_target(app), Target::of("PublicKey", kid.as_str(), None)])
}

fn key_events<'a>(app: &'a ServiceApp, keys: &'a [AppKey]) -> impl Iterator<Item = Event> + 'a {
    keys.iter().map(|key| key_event(EventKind::ClientKeyCreated, app, &key.kid))
}

/// The app with this id, or else the only one with this name.
async fn find(tx: &mut (impl ReadTx + ?Sized), id_or_name: &str) -> Result<ServiceApp, VaultError> {
    if let Ok(id) = ServiceAppId::parse(id_or_name)
        && let Some(app) = tx.service_app_find(&id).await?
    {
        return Ok(app);
    }
    let named = match Name::known(id_or_name) {
        Ok(name) => tx.service_app_list_by_name(&name, SEVERAL).await?,
        Err(_) => Vec::new(),
    };
    match only(named, Kind::ServiceApp, id_or_name) {
        Err(VaultError::NotFound { .. }) => Err(absent(tx.service_app_list().await?, Kind::ServiceApp, id_or_name)),
        found => found,
    }
}
