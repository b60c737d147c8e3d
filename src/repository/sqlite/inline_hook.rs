//! Inline hooks in SQLite.

use super::SqliteTx;
use super::error::{conflict_or, store_error};
use super::row::Row;
use crate::domain::http_url::HttpUrl;
use crate::domain::id::{HookKeyId, InlineHookId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::{
    Channel, ChannelAuth, Header, HookStatus, HookType, HookVersion, InlineHook, MAX_HOOKS_PER_ORG, OAuthClient,
    StoredInlineHook,
};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use crate::repository::error::{Conflict, StoreError};
use crate::repository::inline_hook::{InlineHookRead, InlineHookWrite};
use crate::repository::page::{Page, Seq};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(sqlx::FromRow)]
struct InlineHookRow {
    id: String,
    org_id: String,
    status: String,
    name: String,
    #[sqlx(rename = "type")]
    hook_type: String,
    version: String,
    uri: String,
    headers: String,
    auth: String,
    auth_header: Option<String>,
    client_id: Option<String>,
    token_url: Option<String>,
    scope: Option<String>,
    hook_key_id: Option<String>,
    sealed_secret: Option<Vec<u8>>,
    created: i64,
    last_updated: i64,
}

/// The same with its place in the order of creation.
#[derive(sqlx::FromRow)]
struct PlacedRow {
    seq: i64,
    #[sqlx(flatten)]
    hook: InlineHookRow,
}

/// A header in the column `headers`.
#[derive(Serialize, Deserialize)]
struct HeaderJson {
    key: String,
    value: String,
}

impl TryFrom<InlineHookRow> for StoredInlineHook {
    type Error = StoreError;

    fn try_from(found: InlineHookRow) -> Result<Self, StoreError> {
        let row = Row { table: "inline_hook", id: &found.id };
        let headers: Vec<HeaderJson> =
            serde_json::from_str(&found.headers).map_err(|error| row.corrupt("headers", error))?;
        let hook = InlineHook {
            id: row.value("id", InlineHookId::parse(&found.id))?,
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            status: row.value("status", HookStatus::parse(&found.status))?,
            name: row.value("name", Name::known(&found.name))?,
            hook_type: row.value("type", HookType::parse(&found.hook_type))?,
            version: row.value("version", HookVersion::parse(&found.version))?,
            channel: Channel {
                uri: row.value("uri", HttpUrl::parse(&found.uri))?,
                headers: headers.into_iter().map(|HeaderJson { key, value }| Header { key, value }).collect(),
                auth: auth(&row, &found)?,
            },
            created: row.time("created", found.created)?,
            last_updated: row.time("last_updated", found.last_updated)?,
        };
        Ok(Self { hook, sealed_secret: found.sealed_secret.map(Sealed::from_bytes) })
    }
}

fn auth(row: &Row<'_>, found: &InlineHookRow) -> Result<ChannelAuth, StoreError> {
    let there = |column: &'static str, value: &Option<String>| row.value(column, value.clone().ok_or(Invalid::Blank));
    let client = || {
        Ok(OAuthClient {
            client_id: there("client_id", &found.client_id)?,
            token_url: row.value("token_url", HttpUrl::parse(&there("token_url", &found.token_url)?))?,
            scope: found.scope.clone(),
        })
    };
    match found.auth.as_str() {
        "none" => Ok(ChannelAuth::None),
        "header" => Ok(ChannelAuth::Header { key: there("auth_header", &found.auth_header)? }),
        "client_secret_post" => Ok(ChannelAuth::ClientSecretPost(client()?)),
        "private_key_jwt" => {
            let id = there("hook_key_id", &found.hook_key_id)?;
            Ok(ChannelAuth::PrivateKeyJwt {
                client: client()?,
                hook_key_id: row.value("hook_key_id", HookKeyId::parse(&id))?,
            })
        }
        _ => Err(row.corrupt("auth", Invalid::OneOf("none, header, client_secret_post, private_key_jwt"))),
    }
}

/// The columns of an [`InlineHookRow`], perhaps with more; what follows in each query picks the rows.
macro_rules! select_inline_hook {
    ($rest:literal) => {
        select_inline_hook!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $more,
            "id, org_id, status, name, type, version, uri, headers, auth, auth_header, client_id, token_url, scope,
                    hook_key_id, sealed_secret, created, last_updated
             FROM inline_hook ",
            $rest
        )
    };
}

const NAME_TAKEN: (&str, Conflict) = ("inline_hook.org_id, inline_hook.name", Conflict::InlineHookName);

/// No free slot leaves NULL.
const CAP_REACHED: [(&str, Conflict); 2] =
    [("inline_hook.slot", Conflict::InlineHookCap), ("inline_hook.org_id, inline_hook.slot", Conflict::InlineHookCap)];

/// Orgs do not go away: it is the key.
const KEY_MISSING: (&str, Conflict) = ("FOREIGN KEY constraint failed", Conflict::HookKeyMissing);

#[async_trait]
impl InlineHookRead for SqliteTx {
    async fn inline_hook_list(&mut self, org: &OrgId) -> Result<Vec<InlineHook>, StoreError> {
        let rows: Vec<InlineHookRow> = sqlx::query_as(select_inline_hook!("WHERE org_id = ? ORDER BY seq"))
            .bind(org.as_str())
            .fetch_all(&mut *self.0)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(|row| Ok(StoredInlineHook::try_from(row)?.hook)).collect()
    }

    async fn inline_hook_find(
        &mut self,
        org: &OrgId,
        id: &InlineHookId,
    ) -> Result<Option<StoredInlineHook>, StoreError> {
        let row: Option<InlineHookRow> = sqlx::query_as(select_inline_hook!("WHERE org_id = ? AND id = ?"))
            .bind(org.as_str())
            .bind(id.as_str())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(StoredInlineHook::try_from).transpose()
    }

    async fn inline_hook_find_by_name(
        &mut self,
        org: &OrgId,
        name: &Name,
    ) -> Result<Option<StoredInlineHook>, StoreError> {
        let row: Option<InlineHookRow> = sqlx::query_as(select_inline_hook!("WHERE org_id = ? AND name = ?"))
            .bind(org.as_str())
            .bind(name.as_str())
            .fetch_optional(&mut *self.0)
            .await
            .map_err(store_error)?;
        row.map(StoredInlineHook::try_from).transpose()
    }

    async fn inline_hook_page_sealed(
        &mut self,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<StoredInlineHook, StoreError>, Seq>, StoreError> {
        let rows: Vec<PlacedRow> = sqlx::query_as(select_inline_hook!(
            "seq, ",
            "WHERE sealed_secret IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?"
        ))
        .bind(after.map_or(i64::MIN, |Seq(seq)| seq))
        .bind(limit)
        .fetch_all(&mut *self.0)
        .await
        .map_err(store_error)?;
        let placed = |row: PlacedRow| (Seq(row.seq), StoredInlineHook::try_from(row.hook));
        Ok(Page::new(rows.into_iter().map(placed).collect(), limit))
    }
}

/// The columns that insert and update share, in this order: status to last_updated.
fn bind<'q>(
    query: sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    stored: &StoredInlineHook,
) -> sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    let hook = &stored.hook;
    let auth = &hook.channel.auth;
    let (kind, header) = match auth {
        ChannelAuth::None => ("none", None),
        ChannelAuth::Header { key } => ("header", Some(key.clone())),
        ChannelAuth::ClientSecretPost(_) => ("client_secret_post", None),
        ChannelAuth::PrivateKeyJwt { .. } => ("private_key_jwt", None),
    };
    let headers: serde_json::Value = hook
        .channel
        .headers
        .iter()
        .map(|Header { key, value }| serde_json::json!({ "key": key, "value": value }))
        .collect();
    let client = auth.client();
    query
        .bind(hook.status.as_str())
        .bind(hook.name.as_str().to_owned())
        .bind(hook.hook_type.as_str())
        .bind(hook.version.as_str())
        .bind(hook.channel.uri.as_str().to_owned())
        .bind(headers.to_string())
        .bind(kind)
        .bind(header)
        .bind(client.map(|client| client.client_id.clone()))
        .bind(client.map(|client| client.token_url.as_str().to_owned()))
        .bind(client.and_then(|client| client.scope.clone()))
        .bind(auth.hook_key_id().map(|id| id.as_str().to_owned()))
        .bind(stored.sealed_secret.as_ref().map(|sealed| sealed.as_bytes().to_vec()))
        .bind(hook.last_updated.unix())
}

#[async_trait]
impl InlineHookWrite for SqliteTx {
    async fn inline_hook_insert(&mut self, stored: &StoredInlineHook) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO inline_hook
                 (id, org_id, slot, created, status, name, type, version, uri, headers, auth, auth_header, client_id,
                  token_url, scope, hook_key_id, sealed_secret, last_updated)
             WITH RECURSIVE slots (slot) AS (VALUES (1) UNION ALL SELECT slot + 1 FROM slots WHERE slot < ?4)
             SELECT ?1, ?2,
                    (SELECT min(slot) FROM slots WHERE slot NOT IN (SELECT slot FROM inline_hook WHERE org_id = ?2)),
                    ?3, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18",
        )
        .bind(stored.hook.id.as_str().to_owned())
        .bind(stored.hook.org_id.as_str().to_owned())
        .bind(stored.hook.created.unix())
        .bind(MAX_HOOKS_PER_ORG);
        bind(query, stored)
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &[NAME_TAKEN, CAP_REACHED[0], CAP_REACHED[1], KEY_MISSING]))?;
        Ok(())
    }

    async fn inline_hook_update(&mut self, stored: &StoredInlineHook) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE inline_hook
             SET status = ?, name = ?, type = ?, version = ?, uri = ?, headers = ?, auth = ?, auth_header = ?,
                 client_id = ?, token_url = ?, scope = ?, hook_key_id = ?, sealed_secret = ?, last_updated = ?
             WHERE org_id = ? AND id = ?",
        );
        bind(query, stored)
            .bind(stored.hook.org_id.as_str().to_owned())
            .bind(stored.hook.id.as_str().to_owned())
            .execute(&mut *self.0)
            .await
            .map_err(|error| conflict_or(error, &[NAME_TAKEN, KEY_MISSING]))?;
        Ok(())
    }

    async fn inline_hook_delete(&mut self, org: &OrgId, id: &InlineHookId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM inline_hook WHERE org_id = ? AND id = ?")
            .bind(org.as_str())
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }
}
