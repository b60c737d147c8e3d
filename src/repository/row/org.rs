//! Orgs as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::error::StoreError;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct OrgRow {
    pub id: String,
    pub name: String,
    pub domain: Option<String>,
    pub is_default: bool,
    pub created: i64,
    pub seal: Option<Vec<u8>>,
}

impl Named for OrgRow {
    const TABLE: &'static str = "org";
    const NAME: &'static [&'static str] = &["id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}

impl UnderSeal for OrgRow {
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.id)
            .text(&self.name)
            .maybe(self.domain.as_deref(), Content::text)
            .flag(self.is_default)
            .number(self.created)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

/// As it is written, without its seal.
impl From<&Org> for OrgRow {
    fn from(org: &Org) -> Self {
        Self {
            id: org.id.as_str().to_owned(),
            name: org.name.as_str().to_owned(),
            domain: org.domain.as_ref().map(|domain| domain.as_str().to_owned()),
            is_default: org.is_default,
            created: org.created.unix(),
            seal: None,
        }
    }
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
