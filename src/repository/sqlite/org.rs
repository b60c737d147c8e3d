//! Orgs in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::error::{Conflict, StoreError};
use crate::repository::org::{OrgRead, OrgWrite};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct OrgRow {
    id: String,
    name: String,
    domain: Option<String>,
    is_default: bool,
    created: i64,
}

impl TryFrom<OrgRow> for Org {
    type Error = StoreError;

    fn try_from(found: OrgRow) -> Result<Self, StoreError> {
        let row = Row { table: "org", id: &found.id };
        Ok(Self {
            id: row.value("id", OrgId::parse(&found.id))?,
            name: row.value("name", Name::known(&found.name))?,
            domain: found.domain.as_deref().map(Domain::parse).transpose().map_err(|e| row.corrupt("domain", e))?,
            is_default: found.is_default,
            created: row.time("created", found.created)?,
        })
    }
}

const CONSTRAINTS: [(&str, Conflict); 3] =
    [("org.name", Conflict::OrgName), ("org.domain", Conflict::OrgDomain), ("org.is_default", Conflict::OrgDefault)];

#[async_trait]
impl OrgRead for SqliteTx {
    async fn org_list(&mut self) -> Result<Vec<Org>, StoreError> {
        let rows: Vec<OrgRow> = sqlx::query_as("SELECT id, name, domain, is_default, created FROM org ORDER BY seq")
            .fetch_all(&mut *self.0)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(Org::try_from).collect()
    }

    async fn org_find_by_domain(&mut self, domain: &Domain) -> Result<Option<Org>, StoreError> {
        let row: Option<OrgRow> =
            sqlx::query_as("SELECT id, name, domain, is_default, created FROM org WHERE domain = ?")
                .bind(domain.as_str())
                .fetch_optional(&mut *self.0)
                .await
                .map_err(store_error)?;
        row.map(Org::try_from).transpose()
    }

    async fn org_find_default(&mut self) -> Result<Option<Org>, StoreError> {
        let row: Option<OrgRow> =
            sqlx::query_as("SELECT id, name, domain, is_default, created FROM org WHERE is_default = 1")
                .fetch_optional(&mut *self.0)
                .await
                .map_err(store_error)?;
        row.map(Org::try_from).transpose()
    }
}

#[async_trait]
impl OrgWrite for SqliteTx {
    async fn org_insert(&mut self, org: &Org) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO org (id, name, domain, is_default, created) VALUES (?, ?, ?, ?, ?)")
            .bind(org.id.as_str())
            .bind(org.name.as_str())
            .bind(org.domain.as_ref().map(Domain::as_str))
            .bind(org.is_default)
            .bind(org.created.unix())
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &CONSTRAINTS))?;
        Ok(())
    }
}
