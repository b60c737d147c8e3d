//! Orgs in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use super::page::{Page, Seq};
use crate::domain::id::OrgId;
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use async_trait::async_trait;

#[async_trait]
pub trait OrgRead: Send {
    /// In order of creation.
    async fn org_list(&mut self) -> Result<Vec<Org>, StoreError>;
    /// A page of the orgs, in order of creation; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn org_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<Org, StoreError>, Seq>, StoreError>;
    async fn org_find(&mut self, id: &OrgId) -> Result<Option<Org>, StoreError>;
    async fn org_find_by_name(&mut self, name: &Name) -> Result<Option<Org>, StoreError>;
    async fn org_find_by_domain(&mut self, domain: &Domain) -> Result<Option<Org>, StoreError>;
    async fn org_find_default(&mut self) -> Result<Option<Org>, StoreError>;
}

#[async_trait]
pub trait OrgWrite: OrgRead {
    /// Refused for the name, the domain or the default.
    async fn org_insert(&mut self, org: &Org) -> Refusable<()>;
}
