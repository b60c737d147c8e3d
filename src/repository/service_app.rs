//! Service apps in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use super::page::{Page, Seq};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ClientKid, OrgId, ServiceAppId};
use crate::domain::name::Name;
use crate::domain::service_app::{AppKey, ServiceApp};
use async_trait::async_trait;

#[async_trait]
pub trait ServiceAppRead: Send {
    /// The apps of all orgs, in order of creation; `Corrupt` for a row that does not parse.
    async fn service_app_list(&mut self) -> Result<Vec<Result<ServiceApp, StoreError>>, StoreError>;
    /// Those of an org, in order of creation.
    async fn service_app_list_of_org(&mut self, org: &OrgId) -> Result<Vec<ServiceApp>, StoreError>;
    /// A page of the apps of all orgs, in order of creation; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn service_app_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<ServiceApp, StoreError>, Seq>, StoreError>;
    async fn service_app_find(&mut self, id: &ServiceAppId) -> Result<Option<ServiceApp>, StoreError>;
    /// The apps of this name of all orgs, in order of creation; of each org there is one at the most.
    ///
    /// # Arguments
    /// `limit`: how many at the most.
    async fn service_app_list_by_name(&mut self, name: &Name, limit: u32) -> Result<Vec<ServiceApp>, StoreError>;
    /// In order of registration; in the place of one that cannot be read, why not.
    async fn service_app_key_each(&mut self, id: &ServiceAppId) -> Result<Vec<Result<AppKey, StoreError>>, StoreError>;
    /// The same where all can be read.
    async fn service_app_key_list(&mut self, id: &ServiceAppId) -> Result<Vec<AppKey>, StoreError> {
        self.service_app_key_each(id).await?.into_iter().collect()
    }
}

#[async_trait]
pub trait ServiceAppWrite: ServiceAppRead {
    /// Refused for the name.
    async fn service_app_insert(&mut self, app: &ServiceApp) -> Refusable<()>;

    /// Where it is so already, nothing changes.
    async fn service_app_set_active(
        &mut self,
        id: &ServiceAppId,
        active: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// With all its keys. Returns whether there was one that is not active: one that is stays.
    async fn service_app_delete(&mut self, id: &ServiceAppId) -> Result<bool, StoreError>;

    /// Removes a row unread, with the keys of the app: one that cannot be read, and whose id may be none. Returns the org that it named, or
    /// `None` where there is no such row.
    async fn service_app_remove(&mut self, id: &str) -> Result<Option<String>, StoreError>;

    /// Refused for the `kid`.
    async fn service_app_key_insert(&mut self, id: &ServiceAppId, key: &AppKey) -> Refusable<()>;

    /// Returns whether there was one.
    async fn service_app_key_delete(&mut self, id: &ServiceAppId, kid: &ClientKid) -> Result<bool, StoreError>;
}
