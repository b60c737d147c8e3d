//! Inline hooks in PostgreSQL.

use super::error::store_error;
use super::query::{query, query_as, query_scalar};
use super::transaction::PostgresTx;
use crate::domain::id::{InlineHookId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::{InlineHook, MAX_HOOKS_PER_ORG, StoredInlineHook};
use crate::domain::name::Name;
use crate::repository::error::{Conflict, Refusable, StoreError};
use crate::repository::inline_hook::{InlineHookRead, InlineHookWrite};
use crate::repository::page::{Page, Seq};
use crate::repository::row::found::{Found, Placed};
use crate::repository::row::inline_hook::InlineHookRow;
use async_trait::async_trait;

/// The columns of an [`InlineHookRow`], perhaps with more; what follows in each query picks the rows. A hook is looked for by its
/// own id alone, as a key is.
macro_rules! select_inline_hook {
    ($rest:literal) => {
        select_inline_hook!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $more,
            "id, org_id, status, name, type, version, uri, headers, auth, auth_header, client_id, token_url, scope,
                    hook_key_id, sealed_secret, created, last_updated, seal
             FROM inline_hook ",
            $rest
        )
    };
}

#[async_trait]
impl InlineHookRead for PostgresTx {
    async fn inline_hook_list(&mut self, org: &OrgId) -> Result<Vec<Result<InlineHook, StoreError>>, StoreError> {
        let rows: Vec<Found<InlineHookRow>> = query_as(select_inline_hook!("WHERE org_id = $1 ORDER BY seq"))
            .bind(org.as_str())
            .fetch_all(self.connection()?)
            .await
            .map_err(store_error)?;
        let stored: Vec<Result<StoredInlineHook, _>> = self.seals_for(&rows).await?.read_each(rows);
        Ok(stored.into_iter().map(|stored| stored.map(|stored| stored.hook)).collect())
    }

    async fn inline_hook_find(
        &mut self,
        org: &OrgId,
        id: &InlineHookId,
    ) -> Result<Option<StoredInlineHook>, StoreError> {
        let row: Option<Found<InlineHookRow>> = query_as(select_inline_hook!("WHERE id = $1"))
            .bind(id.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        let found: Option<StoredInlineHook> = self.seals_for(&row).await?.read_one(row)?;
        Ok(found.filter(|stored| stored.hook.org_id == *org))
    }

    async fn inline_hook_find_by_name(
        &mut self,
        org: &OrgId,
        name: &Name,
    ) -> Result<Option<StoredInlineHook>, StoreError> {
        let row: Option<Found<InlineHookRow>> = query_as(select_inline_hook!("WHERE org_id = $1 AND name = $2"))
            .bind(org.as_str())
            .bind(name.as_str())
            .fetch_optional(self.connection()?)
            .await
            .map_err(store_error)?;
        self.seals_for(&row).await?.read_one(row)
    }

    async fn inline_hook_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<StoredInlineHook, StoreError>, Seq>, StoreError> {
        let rows: Vec<Placed<Seq, InlineHookRow>> =
            query_as(select_inline_hook!("seq, ", "WHERE seq >= $1 ORDER BY seq LIMIT $2"))
                .bind(from.unwrap_or(Seq::LEAST).0)
                .bind(i64::from(limit) + 1)
                .fetch_all(self.connection()?)
                .await
                .map_err(store_error)?;
        self.read_page(rows, limit).await
    }
}

/// The columns that insert and update share, in this order: status to last_updated, and the seal.
fn bind<'q>(
    query: sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>,
    row: InlineHookRow,
    seal: Vec<u8>,
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    query
        .bind(row.status)
        .bind(row.name)
        .bind(row.hook_type)
        .bind(row.version)
        .bind(row.uri)
        .bind(row.headers)
        .bind(row.auth)
        .bind(row.auth_header)
        .bind(row.client_id)
        .bind(row.token_url)
        .bind(row.scope)
        .bind(row.hook_key_id)
        .bind(row.sealed_secret)
        .bind(row.last_updated)
        .bind(seal)
}

#[async_trait]
impl InlineHookWrite for PostgresTx {
    async fn inline_hook_insert(&mut self, stored: &StoredInlineHook) -> Refusable<()> {
        // As for a key; and none that it names goes meanwhile.
        self.lock_org(&stored.hook.org_id).await?;
        if is_key_missing(self, stored).await? {
            return self.refuse(Conflict::HookKeyMissing);
        }
        let row = InlineHookRow::from(stored);
        let seal = self.seals().of(&row);
        let query = query(
            "INSERT INTO inline_hook
                 (id, org_id, slot, created, status, name, type, version, uri, headers, auth, auth_header, client_id,
                  token_url, scope, hook_key_id, sealed_secret, last_updated, seal)
             SELECT $1, $2,
                    (SELECT min(slot) FROM generate_series(1, $4) AS slot
                     WHERE slot NOT IN (SELECT slot FROM inline_hook WHERE org_id = $2)),
                    $3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19",
        )
        .bind(stored.hook.id.as_str().to_owned())
        .bind(stored.hook.org_id.as_str().to_owned())
        .bind(stored.hook.created.unix())
        .bind(i64::from(MAX_HOOKS_PER_ORG));
        self.attempt(bind(query, row, seal)).await
    }

    async fn inline_hook_update(&mut self, stored: &StoredInlineHook) -> Refusable<()> {
        self.lock_org(&stored.hook.org_id).await?;
        if is_key_missing(self, stored).await? {
            return self.refuse(Conflict::HookKeyMissing);
        }
        let row = InlineHookRow::from(stored);
        let seal = self.seals().of(&row);
        let query = query(
            "UPDATE inline_hook
             SET status = $1, name = $2, type = $3, version = $4, uri = $5, headers = $6, auth = $7, auth_header = $8,
                 client_id = $9, token_url = $10, scope = $11, hook_key_id = $12, sealed_secret = $13, last_updated = $14,
                 seal = $15
             WHERE org_id = $16 AND id = $17",
        );
        let query = bind(query, row, seal)
            .bind(stored.hook.org_id.as_str().to_owned())
            .bind(stored.hook.id.as_str().to_owned());
        let replaces = replaces_secret(self, stored).await?;
        let done = self.attempt(query).await?;
        if replaces {
            self.erases();
        }
        Ok(done)
    }

    async fn inline_hook_delete(&mut self, org: &OrgId, id: &InlineHookId) -> Result<bool, StoreError> {
        let secret: Option<bool> =
            query_scalar("SELECT sealed_secret IS NOT NULL FROM inline_hook WHERE org_id = $1 AND id = $2")
                .bind(org.as_str())
                .bind(id.as_str())
                .fetch_optional(self.connection()?)
                .await
                .map_err(store_error)?;
        let query = query("DELETE FROM inline_hook WHERE org_id = $1 AND id = $2").bind(org.as_str()).bind(id.as_str());
        if secret.is_some() {
            self.write(query).await?;
        }
        if secret == Some(true) {
            self.erases();
        }
        Ok(secret.is_some())
    }
}

/// Whether the hook names a key that its org does not have.
async fn is_key_missing(tx: &mut PostgresTx, stored: &StoredInlineHook) -> Result<bool, StoreError> {
    let Some(key) = stored.hook.channel.auth.hook_key_id() else { return Ok(false) };
    query_scalar("SELECT NOT EXISTS (SELECT 1 FROM hook_key WHERE org_id = $1 AND id = $2)")
        .bind(stored.hook.org_id.as_str())
        .bind(key.as_str())
        .fetch_one(tx.connection()?)
        .await
        .map_err(store_error)
}

/// Whether the hook has a sealed secret in the database that is another one now, or none.
async fn replaces_secret(tx: &mut PostgresTx, stored: &StoredInlineHook) -> Result<bool, StoreError> {
    let before = tx.inline_hook_find(&stored.hook.org_id, &stored.hook.id).await?;
    Ok(before.is_some_and(|before| before.sealed_secret.is_some() && before.sealed_secret != stored.sealed_secret))
}
