//! Orgs in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use crate::domain::org::{Domain, Org};
use async_trait::async_trait;

#[async_trait]
pub trait OrgRead: Send {
    /// In order of creation.
    async fn org_list(&mut self) -> Result<Vec<Org>, StoreError>;
    async fn org_find_by_domain(&mut self, domain: &Domain) -> Result<Option<Org>, StoreError>;
    async fn org_find_default(&mut self) -> Result<Option<Org>, StoreError>;
}

#[async_trait]
pub trait OrgWrite: OrgRead {
    /// Refused for the name, the domain or the default.
    async fn org_insert(&mut self, org: &Org) -> Refusable<()>;
}
