//! Service apps and their keys as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::hook_key::PublicKey;
use crate::domain::id::{ClientKid, OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::domain::verifying_key::{Curve, VerifyingKey};
use crate::repository::error::StoreError;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct ServiceAppRow {
    pub id: String,
    pub org_id: String,
    pub name: String,
    pub scopes: String,
    pub dpop_bound: bool,
    pub active: bool,
    pub created: i64,
    pub last_updated: i64,
    pub activations: i64,
    pub seal: Option<Vec<u8>>,
}

impl Named for ServiceAppRow {
    const TABLE: &'static str = "service_app";
    const NAME: &'static [&'static str] = &["id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}

impl UnderSeal for ServiceAppRow {
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.id)
            .text(&self.org_id)
            .text(&self.name)
            .text(&self.scopes)
            .flag(self.dpop_bound)
            .flag(self.active)
            .number(self.created)
            .number(self.last_updated)
            .number(self.activations)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

/// As it is written, without its seal.
impl From<&ServiceApp> for ServiceAppRow {
    fn from(app: &ServiceApp) -> Self {
        Self {
            id: app.id.as_str().to_owned(),
            org_id: app.org_id.as_str().to_owned(),
            name: app.name.as_str().to_owned(),
            scopes: app.scopes.to_string(),
            dpop_bound: app.dpop_bound,
            active: app.active,
            created: app.created.unix(),
            last_updated: app.last_updated.unix(),
            activations: i64::from(app.activations),
            seal: None,
        }
    }
}

impl TryFrom<ServiceAppRow> for ServiceApp {
    type Error = StoreError;

    fn try_from(found: ServiceAppRow) -> Result<Self, StoreError> {
        let row = Row { table: "service_app", id: &found.id };
        Ok(Self {
            id: row.value("id", ServiceAppId::parse(&found.id))?,
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            name: row.value("name", Name::known(&found.name))?,
            scopes: row.value("scopes", Scopes::parse(&found.scopes))?,
            dpop_bound: found.dpop_bound,
            active: found.active,
            created: row.time("created", found.created)?,
            last_updated: row.time("last_updated", found.last_updated)?,
            activations: row.count("activations", found.activations)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct AppKeyRow {
    pub app_id: String,
    pub kid: String,
    pub kind: String,
    pub first: Vec<u8>,
    pub second: Vec<u8>,
    pub created: i64,
    pub seal: Option<Vec<u8>>,
}

const RSA: &str = "RSA";

impl Named for AppKeyRow {
    const TABLE: &'static str = "service_app_key";
    const NAME: &'static [&'static str] = &["app_id", "kid"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}/{}", self.app_id, self.kid))
    }
}

impl UnderSeal for AppKeyRow {
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.app_id)
            .text(&self.kid)
            .text(&self.kind)
            .bytes(&self.first)
            .bytes(&self.second)
            .number(self.created)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

impl TryFrom<AppKeyRow> for AppKey {
    type Error = StoreError;

    fn try_from(found: AppKeyRow) -> Result<Self, StoreError> {
        let name = found.name().into_owned();
        let row = Row { table: "service_app_key", id: &name };
        let key = match found.kind.as_str() {
            RSA => VerifyingKey::Rsa(PublicKey { modulus: found.first, exponent: found.second }),
            curve => {
                VerifyingKey::Ec { curve: row.value("kind", Curve::parse(curve))?, x: found.first, y: found.second }
            }
        };
        Ok(Self {
            kid: row.value("kid", ClientKid::parse(&found.kid))?,
            key,
            created: row.time("created", found.created)?,
        })
    }
}

/// As it is written, without its seal.
impl AppKeyRow {
    pub fn new(app: &ServiceAppId, key: &AppKey) -> Self {
        let (kind, first, second) = match &key.key {
            VerifyingKey::Rsa(key) => (RSA, &key.modulus, &key.exponent),
            VerifyingKey::Ec { curve, x, y } => (curve.as_str(), x, y),
        };
        Self {
            app_id: app.as_str().to_owned(),
            kid: key.kid.as_str().to_owned(),
            kind: kind.to_owned(),
            first: first.clone(),
            second: second.clone(),
            created: key.created.unix(),
            seal: None,
        }
    }
}
