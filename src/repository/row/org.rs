//! Orgs as rows.

use super::Row;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::error::StoreError;

#[derive(sqlx::FromRow)]
pub struct OrgRow {
    pub id: String,
    pub name: String,
    pub domain: Option<String>,
    pub is_default: bool,
    pub created: i64,
}

/// With its place in the order of creation.
#[derive(sqlx::FromRow)]
pub struct PlacedOrgRow {
    pub seq: i64,
    #[sqlx(flatten)]
    pub org: OrgRow,
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
