//! Service apps in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::PublicKey;
use crate::domain::id::{ClientKid, OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::domain::verifying_key::{Curve, VerifyingKey};
use crate::repository::error::{Conflict, StoreError};
use crate::repository::service_app::{ServiceAppRead, ServiceAppWrite};
use async_trait::async_trait;

#[derive(sqlx::FromRow)]
struct ServiceAppRow {
    id: String,
    org_id: String,
    name: String,
    scopes: String,
    dpop_bound: bool,
    active: bool,
    created: i64,
    last_updated: i64,
    activations: i64,
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
struct AppKeyRow {
    kid: String,
    kind: String,
    first: Vec<u8>,
    second: Vec<u8>,
    created: i64,
}

const RSA: &str = "RSA";

impl TryFrom<AppKeyRow> for AppKey {
    type Error = StoreError;

    fn try_from(found: AppKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "service_app_key", id: &found.kid };
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

#[async_trait]
impl ServiceAppRead for SqliteTx {
    async fn service_app_list(&mut self) -> Result<Vec<ServiceApp>, StoreError> {
        let rows: Vec<ServiceAppRow> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations
             FROM service_app ORDER BY seq",
        )
        .fetch_all(&mut *self.0)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(ServiceApp::try_from).collect()
    }

    async fn service_app_find(&mut self, id: &ServiceAppId) -> Result<Option<ServiceApp>, StoreError> {
        let row: Option<ServiceAppRow> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations
             FROM service_app WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *self.0)
        .await
        .map_err(store_error)?;
        row.map(ServiceApp::try_from).transpose()
    }

    async fn service_app_key_list(&mut self, id: &ServiceAppId) -> Result<Vec<AppKey>, StoreError> {
        let rows: Vec<AppKeyRow> = sqlx::query_as(
            "SELECT kid, kind, first, second, created FROM service_app_key WHERE app_id = ? ORDER BY seq",
        )
        .bind(id.as_str())
        .fetch_all(&mut *self.0)
        .await
        .map_err(store_error)?;
        rows.into_iter().map(AppKey::try_from).collect()
    }
}

#[async_trait]
impl ServiceAppWrite for SqliteTx {
    async fn service_app_insert(&mut self, app: &ServiceApp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO service_app (id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(app.id.as_str())
        .bind(app.org_id.as_str())
        .bind(app.name.as_str())
        .bind(app.scopes.to_string())
        .bind(app.dpop_bound)
        .bind(app.active)
        .bind(app.created.unix())
        .bind(app.last_updated.unix())
        .bind(app.activations)
        .execute(&mut *self.0)
        .await
        .map_err(|error| conflict_or(error, &[("service_app.org_id, service_app.name", Conflict::ServiceAppName)]))?;
        Ok(())
    }

    async fn service_app_set_active(
        &mut self,
        id: &ServiceAppId,
        active: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE service_app SET active = ?1, last_updated = ?2, activations = activations + ?1
             WHERE id = ?3 AND active <> ?1",
        )
        .bind(active)
        .bind(now.unix())
        .bind(id.as_str())
        .execute(&mut *self.0)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn service_app_delete(&mut self, id: &ServiceAppId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM service_app WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn service_app_key_insert(&mut self, id: &ServiceAppId, key: &AppKey) -> Result<(), StoreError> {
        let (kind, first, second) = match &key.key {
            VerifyingKey::Rsa(key) => (RSA, &key.modulus, &key.exponent),
            VerifyingKey::Ec { curve, x, y } => (curve.as_str(), x, y),
        };
        sqlx::query(
            "INSERT INTO service_app_key (app_id, kid, kind, first, second, created) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(id.as_str())
        .bind(key.kid.as_str())
        .bind(kind)
        .bind(first.as_slice())
        .bind(second.as_slice())
        .bind(key.created.unix())
        .execute(&mut *self.0)
        .await
        .map_err(|error| {
            conflict_or(error, &[("service_app_key.app_id, service_app_key.kid", Conflict::ServiceAppKeyId)])
        })?;
        Ok(())
    }

    async fn service_app_key_delete(&mut self, id: &ServiceAppId, kid: &ClientKid) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM service_app_key WHERE app_id = ? AND kid = ?")
            .bind(id.as_str())
            .bind(kid.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }
}
