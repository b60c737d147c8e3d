//! Orgs in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as};
use super::transaction::PostgresTx;
use crate::domain::audit::AuditHead;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::audit::AuditWrite as _;
use crate::repository::error::{Refusable, StoreError};
use crate::repository::org::{OrgRead, OrgWrite};
use crate::repository::page::{Page, Seq};
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::org::OrgRow;
use async_trait::async_trait;

#[async_trait]
impl OrgRead for PostgresTx {
    async fn org_list(&mut self) -> Result<Vec<Org>, StoreError> {
        let rows: Vec<Found<OrgRow>> =
            query_as("SELECT id, name, domain, is_default, created, seal FROM org ORDER BY seq")
                .fetch_all(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn org_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<Org, StoreError>, Seq>, StoreError> {
        let rows: Vec<Placed<Seq, OrgRow>> = query_as(
            "SELECT seq, id, name, domain, is_default, created, seal FROM org WHERE seq >= $1 ORDER BY seq LIMIT $2",
        )
        .bind(from.unwrap_or(Seq::LEAST).0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }

    async fn org_find(&mut self, id: &OrgId) -> Result<Option<Org>, StoreError> {
        let row: Option<Found<OrgRow>> =
            query_as("SELECT id, name, domain, is_default, created, seal FROM org WHERE id = $1")
                .bind(id.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn org_find_by_name(&mut self, name: &Name) -> Result<Option<Org>, StoreError> {
        let row: Option<Found<OrgRow>> =
            query_as("SELECT id, name, domain, is_default, created, seal FROM org WHERE name = $1")
                .bind(name.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn org_find_by_domain(&mut self, domain: &Domain) -> Result<Option<Org>, StoreError> {
        let row: Option<Found<OrgRow>> =
            query_as("SELECT id, name, domain, is_default, created, seal FROM org WHERE domain = $1")
                .bind(domain.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn org_find_default(&mut self) -> Result<Option<Org>, StoreError> {
        let row: Option<Found<OrgRow>> =
            query_as("SELECT id, name, domain, is_default, created, seal FROM org WHERE is_default")
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }
}

#[async_trait]
impl OrgWrite for PostgresTx {
    async fn org_insert(&mut self, org: &Org) -> Refusable<()> {
        let row = OrgRow::from(org);
        let seal = self.seals().of(&row);
        let query =
            query("INSERT INTO org (id, name, domain, is_default, created, seal) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(row.id)
                .bind(row.name)
                .bind(row.domain)
                .bind(row.is_default)
                .bind(row.created)
                .bind(seal);
        if let Err(conflict) = self.attempt(query).await? {
            return Ok(Err(conflict));
        }
        let head = AuditHead { org_id: org.id.clone(), size: 0, forgotten: 0 };
        self.audit_head_write(&head).await.map(Ok)
    }
}
