//! Service apps in SQLite.

use super::error::store_error;
use super::transaction::SqliteTx;
use crate::domain::clock::Timestamp;
use crate::domain::id::{ClientKid, OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::name::Name;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::repository::error::{Refusable, StoreError};
use crate::repository::page::{Page, Seq};
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::service_app::{AppKeyRow, ServiceAppRow};
use crate::repository::service_app::{ServiceAppRead, ServiceAppWrite};
use async_trait::async_trait;

#[async_trait]
impl ServiceAppRead for SqliteTx {
    async fn service_app_list(&mut self) -> Result<Vec<Result<ServiceApp, StoreError>>, StoreError> {
        let rows: Vec<Found<ServiceAppRow>> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal
             FROM service_app ORDER BY seq",
        )
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        Ok(self.seals_for(&rows).await?.read_each(rows))
    }

    async fn service_app_list_of_org(&mut self, org: &OrgId) -> Result<Vec<ServiceApp>, StoreError> {
        let rows: Vec<Found<ServiceAppRow>> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal
             FROM service_app WHERE org_id = ? ORDER BY seq",
        )
        .bind(org.as_str())
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn service_app_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<ServiceApp, StoreError>, Seq>, StoreError> {
        let rows: Vec<Placed<Seq, ServiceAppRow>> = sqlx::query_as(
            "SELECT seq, id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal
             FROM service_app WHERE seq >= ? ORDER BY seq LIMIT ?",
        )
        .bind(from.unwrap_or(Seq::LEAST).0)
        .bind(i64::from(limit) + 1)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.read_page(rows, limit).await
    }

    async fn service_app_find(&mut self, id: &ServiceAppId) -> Result<Option<ServiceApp>, StoreError> {
        let row: Option<Found<ServiceAppRow>> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal
             FROM service_app WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn service_app_list_by_name(&mut self, name: &Name, limit: u32) -> Result<Vec<ServiceApp>, StoreError> {
        let rows: Vec<Found<ServiceAppRow>> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal
             FROM service_app WHERE name = ? ORDER BY seq LIMIT ?",
        )
        .bind(name.as_str())
        .bind(limit)
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        self.seals_for(&rows).await?.read_all(rows)
    }

    async fn service_app_key_each(&mut self, id: &ServiceAppId) -> Result<Vec<Result<AppKey, StoreError>>, StoreError> {
        let rows: Vec<Found<AppKeyRow>> = sqlx::query_as(
            "SELECT app_id, kid, kind, first, second, created, seal FROM service_app_key WHERE app_id = ? ORDER BY seq",
        )
        .bind(id.as_str())
        .fetch_all(self.connection()?)
        .await
        .map_err(store_error)?;
        Ok(self.seals_for(&rows).await?.read_each(rows))
    }
}

#[async_trait]
impl ServiceAppWrite for SqliteTx {
    async fn service_app_insert(&mut self, app: &ServiceApp) -> Refusable<()> {
        let row = ServiceAppRow::from(app);
        let seal = self.seals().of(&row);
        let query = sqlx::query(
            "INSERT INTO service_app
                 (id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id)
        .bind(row.org_id)
        .bind(row.name)
        .bind(row.scopes)
        .bind(row.dpop_bound)
        .bind(row.active)
        .bind(row.created)
        .bind(row.last_updated)
        .bind(row.activations)
        .bind(seal);
        self.attempt(query).await
    }

    async fn service_app_set_active(
        &mut self,
        id: &ServiceAppId,
        active: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row: Option<Found<ServiceAppRow>> = sqlx::query_as(
            "SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal
             FROM service_app WHERE id = ?",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection()?)
        .await
        .map_err(store_error)?;
        let Some(row) = self.seals_for(&row).await?.checked(row)?.filter(|row| row.active != active) else {
            return Ok(());
        };
        let activations = row.activations + i64::from(active);
        let row = ServiceAppRow { active, last_updated: now.unix(), activations, ..row };
        let seal = self.seals().of(&row);
        let query =
            sqlx::query("UPDATE service_app SET active = ?, last_updated = ?, activations = ?, seal = ? WHERE id = ?")
                .bind(row.active)
                .bind(row.last_updated)
                .bind(row.activations)
                .bind(seal)
                .bind(row.id);
        self.write(query).await
    }

    async fn service_app_delete(&mut self, id: &ServiceAppId) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM service_app WHERE id = ? AND active = 0").bind(id.as_str());
        Ok(self.execute(query).await? > 0)
    }

    async fn service_app_remove(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("DELETE FROM service_app WHERE id = ? RETURNING org_id")
            .bind(id)
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)
    }

    async fn service_app_key_insert(&mut self, id: &ServiceAppId, key: &AppKey) -> Refusable<()> {
        let row = AppKeyRow::new(id, key);
        let seal = self.seals().of(&row);
        let query = sqlx::query(
            "INSERT INTO service_app_key (app_id, kid, kind, first, second, created, seal) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.app_id)
        .bind(row.kid)
        .bind(row.kind)
        .bind(row.first)
        .bind(row.second)
        .bind(row.created)
        .bind(seal);
        self.attempt(query).await
    }

    async fn service_app_key_delete(&mut self, id: &ServiceAppId, kid: &ClientKid) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM service_app_key WHERE app_id = ? AND kid = ?")
            .bind(id.as_str())
            .bind(kid.as_str());
        Ok(self.execute(query).await? > 0)
    }
}
