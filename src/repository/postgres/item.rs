//! New seals for what is there, in PostgreSQL.

use super::error::store_error;
use super::migrate;
use super::planted::{BESIDE, Planted, planted};
use super::query::{query, query_as};
use super::transaction::PostgresTx;
use crate::domain::id::PrefixedId as _;
use crate::repository::error::StoreError;
use crate::repository::item::{Item, ItemRead, ItemWrite, Renewal};
use crate::repository::row::TABLES;
use crate::repository::row::api_token::ApiTokenRow;
use crate::repository::row::audit::{AuditEntryRow, AuditHeadRow, AuditKeyRow};
use crate::repository::row::found::Found;
use crate::repository::row::hook_key::HookKeyRow;
use crate::repository::row::hook_key_version::HookKeyVersionRow;
use crate::repository::row::inline_hook::InlineHookRow;
use crate::repository::row::key_reference::ReferenceRow;
use crate::repository::row::org::OrgRow;
use crate::repository::row::seal::UnderSeal;
use crate::repository::row::service_app::{AppKeyRow, ServiceAppRow};
use crate::repository::row::signing_key::SigningKeyRow;
use crate::repository::store::Emptying;
use async_trait::async_trait;
use sqlx::AssertSqlSafe;

impl PostgresTx {
    /// The row, where it is to be sealed anew.
    async fn due<R: UnderSeal>(&mut self, row: Option<Found<R>>, renewal: Renewal) -> Result<Option<R>, StoreError> {
        let seals = self.seals_for(&row).await?;
        let row = seals.checked(row)?;
        Ok(row.filter(|row| renewal == Renewal::SealAndValue || !seals.are_current(row.seal())))
    }

    /// Removes everything that there is, whatever refers to what, and whether or not it can be read: nothing of it is looked at. First what
    /// another hand has put at the tables, which would run with this and with all that comes: returns what that was.
    pub async fn clear(&mut self, emptying: Emptying) -> Result<Vec<String>, StoreError> {
        let planted = planted(self.connection()?).await?;
        for Planted { removal, .. } in &planted {
            // PostgreSQL has quoted the names in it.
            self.execute(sqlx::query(AssertSqlSafe(removal.clone())).persistent(false)).await?;
        }
        match emptying {
            Emptying::Rows => {
                let truncate = format!("TRUNCATE {}", TABLES.join(", "));
                self.execute(sqlx::query(AssertSqlSafe(truncate)).persistent(false)).await?;
            }
            Emptying::Tables => {
                let drop = format!("DROP TABLE IF EXISTS {}, {}", TABLES.join(", "), BESIDE.join(", "));
                self.execute(sqlx::query(AssertSqlSafe(drop)).persistent(false)).await?;
                let made = migrate::run(self.connection()?).await;
                made.map_err(|error| StoreError::Other(error.into()))?;
            }
        }
        self.erases();
        Ok(planted.into_iter().map(|planted| planted.what).collect())
    }
}

#[async_trait]
impl ItemRead for PostgresTx {
    async fn row_count(&mut self, table: &'static str) -> Result<u64, StoreError> {
        // A name of ours, nothing else.
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .persistent(false)
            .fetch_one(self.connection()?)
            .await
            .map_err(store_error)?;
        Ok(rows.unsigned_abs())
    }
}

#[async_trait]
impl ItemWrite for PostgresTx {
    async fn item_reseal(&mut self, item: &Item, renewal: Renewal) -> Result<bool, StoreError> {
        let update = match item {
            Item::MasterKeys(_) | Item::UsedTokenId(_) | Item::AuditNode(_) => return Ok(false),
            Item::AuditHead(head) => {
                let select =
                    query_as("SELECT org_id, size, forgotten, seal FROM audit_head WHERE org_id = $1 FOR UPDATE")
                        .bind(head.org_id.as_str());
                let row: Option<Found<AuditHeadRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE audit_head SET seal = $1 WHERE org_id = $2").bind(seal).bind(head.org_id.as_str())
            }
            Item::AuditEntry(entry) => {
                let select = query_as(
                    "SELECT org_id, number, published, kind, entry, leaf, seal FROM audit_entry WHERE org_id = $1 AND number = $2 FOR UPDATE",
                )
                .bind(entry.org_id.as_str())
                .bind(entry.number.cast_signed());
                let row: Option<Found<AuditEntryRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE audit_entry SET seal = $1 WHERE org_id = $2 AND number = $3")
                    .bind(seal)
                    .bind(entry.org_id.as_str())
                    .bind(entry.number.cast_signed())
            }
            Item::AuditKey(key) => {
                let select = query_as(
                    "SELECT org_id, public_key, sealed_seed, created, seal FROM audit_key WHERE org_id = $1 FOR UPDATE",
                )
                .bind(key.org_id.as_str());
                let row: Option<Found<AuditKeyRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE audit_key SET sealed_seed = $1, seal = $2 WHERE org_id = $3")
                    .bind(key.sealed_seed.as_bytes())
                    .bind(seal)
                    .bind(key.org_id.as_str())
            }
            Item::Org(org) => {
                let select =
                    query_as("SELECT id, name, domain, is_default, created, seal FROM org WHERE id = $1 FOR UPDATE")
                        .bind(org.id.as_str());
                let row: Option<Found<OrgRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE org SET seal = $1 WHERE id = $2").bind(seal).bind(org.id.as_str())
            }
            Item::HookKey(sealed) => {
                let select = query_as("SELECT id, org_id, key_id, name, created, last_updated, modulus, exponent, origin, born_by, born_with, signs_from, rotate_every, seal, NULL::text AS consumer_kind, NULL::text AS consumer_id, NULL::text AS consumer_name, NULL::bigint AS consumer_since, NULL::bytea AS consumer_seal FROM hook_key WHERE id = $1 FOR UPDATE").bind(sealed.key.id.as_str());
                let row: Option<Found<HookKeyRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE hook_key SET sealed_pkcs8 = $1, seal = $2 WHERE id = $3")
                    .bind(sealed.sealed_pkcs8.as_bytes())
                    .bind(seal)
                    .bind(sealed.key.id.as_str())
            }
            Item::HookKeyVersion(version) => {
                let select = query_as("SELECT key_id, org_id, hook_key_id, modulus, exponent, signs_from, grace, until, sealed_pkcs8, origin, born_by, born_with, seal FROM hook_key_version WHERE key_id = $1 FOR UPDATE").bind(version.key_id.to_string());
                let row: Option<Found<HookKeyVersionRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE hook_key_version SET sealed_pkcs8 = $1, seal = $2 WHERE key_id = $3")
                    .bind(HookKeyVersionRow::from(version).sealed_pkcs8)
                    .bind(seal)
                    .bind(version.key_id.to_string())
            }
            Item::InlineHook(stored) => {
                let select = query_as("SELECT id, org_id, status, name, type, version, uri, headers, auth, auth_header, client_id, token_url, scope, hook_key_id, sealed_secret, created, last_updated, seal FROM inline_hook WHERE id = $1 FOR UPDATE").bind(stored.hook.id.as_str());
                let row: Option<Found<InlineHookRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let secret = stored.sealed_secret.as_ref().map(|sealed| sealed.as_bytes().to_vec());
                let row = InlineHookRow { sealed_secret: secret, ..row };
                let seal = self.seals().of(&row);
                query("UPDATE inline_hook SET sealed_secret = $1, seal = $2 WHERE id = $3")
                    .bind(row.sealed_secret)
                    .bind(seal)
                    .bind(stored.hook.id.as_str())
            }
            Item::KeyReference(stored) => {
                let select = query_as("SELECT org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, last_used, seal FROM hook_key_reference WHERE org_id = $1 AND hook_key_id = $2 AND consumer_id = $3 FOR UPDATE").bind(stored.org_id.as_str()).bind(stored.hook_key_id.as_str()).bind(stored.reference.consumer_id.as_str());
                let row: Option<Found<ReferenceRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE hook_key_reference SET seal = $1 WHERE org_id = $2 AND hook_key_id = $3 AND consumer_id = $4").bind(seal).bind(stored.org_id.as_str()).bind(stored.hook_key_id.as_str()).bind(stored.reference.consumer_id.as_str())
            }
            Item::ApiToken(stored) => {
                let select = query_as("SELECT id, org_id, user_id, name, scopes, created, expires, revoked, hash, seal FROM api_token WHERE id = $1 FOR UPDATE").bind(stored.token.id.as_str());
                let row: Option<Found<ApiTokenRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE api_token SET seal = $1 WHERE id = $2").bind(seal).bind(stored.token.id.as_str())
            }
            Item::ServiceApp(app) => {
                let select = query_as("SELECT id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations, seal FROM service_app WHERE id = $1 FOR UPDATE").bind(app.id.as_str());
                let row: Option<Found<ServiceAppRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE service_app SET seal = $1 WHERE id = $2").bind(seal).bind(app.id.as_str())
            }
            Item::ClientKey(app, key) => {
                let select = query_as("SELECT app_id, kid, kind, first, second, created, seal FROM service_app_key WHERE app_id = $1 AND kid = $2 FOR UPDATE").bind(app.as_str()).bind(key.kid.as_str());
                let row: Option<Found<AppKeyRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE service_app_key SET seal = $1 WHERE app_id = $2 AND kid = $3")
                    .bind(seal)
                    .bind(app.as_str())
                    .bind(key.kid.as_str())
            }
            Item::SigningKey(sealed) => {
                let select = query_as("SELECT org_id, generation, key_id, modulus, exponent, created, signs_from, seal FROM signing_key WHERE key_id = $1 FOR UPDATE").bind(sealed.key.key_id.to_string());
                let row: Option<Found<SigningKeyRow>> =
                    select.fetch_optional(self.connection()?).await.map_err(store_error)?;
                let Some(row) = self.due(row, renewal).await? else { return Ok(false) };
                let seal = self.seals().of(&row);
                query("UPDATE signing_key SET sealed_pkcs8 = $1, seal = $2 WHERE key_id = $3")
                    .bind(sealed.sealed_pkcs8.as_bytes())
                    .bind(seal)
                    .bind(sealed.key.key_id.to_string())
            }
        };
        self.write(update).await.map(|()| true)
    }
}
