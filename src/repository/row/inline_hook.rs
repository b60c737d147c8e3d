//! Inline hooks as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::http_url::HttpUrl;
use crate::domain::id::{HookKeyId, InlineHookId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::{
    Channel, ChannelAuth, Header, HookStatus, HookType, HookVersion, InlineHook, OAuthClient, StoredInlineHook,
};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use crate::repository::error::StoreError;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct InlineHookRow {
    pub id: String,
    pub org_id: String,
    pub status: String,
    pub name: String,
    #[sqlx(rename = "type")]
    pub hook_type: String,
    pub version: String,
    pub uri: String,
    pub headers: String,
    pub auth: String,
    pub auth_header: Option<String>,
    pub client_id: Option<String>,
    pub token_url: Option<String>,
    pub scope: Option<String>,
    pub hook_key_id: Option<String>,
    pub sealed_secret: Option<Vec<u8>>,
    pub created: i64,
    pub last_updated: i64,
    pub seal: Option<Vec<u8>>,
}

/// A header in the column `headers`.
#[derive(Deserialize)]
pub struct HeaderJson {
    pub key: String,
    pub value: String,
}

impl Named for InlineHookRow {
    const TABLE: &'static str = "inline_hook";
    const NAME: &'static [&'static str] = &["id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}

impl UnderSeal for InlineHookRow {
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.id)
            .text(&self.org_id)
            .text(&self.status)
            .text(&self.name)
            .text(&self.hook_type)
            .text(&self.version)
            .text(&self.uri)
            .text(&self.headers)
            .text(&self.auth)
            .maybe(self.auth_header.as_deref(), Content::text)
            .maybe(self.client_id.as_deref(), Content::text)
            .maybe(self.token_url.as_deref(), Content::text)
            .maybe(self.scope.as_deref(), Content::text)
            .maybe(self.hook_key_id.as_deref(), Content::text)
            .maybe(self.sealed_secret.as_deref(), Content::bytes)
            .number(self.created)
            .number(self.last_updated)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
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

/// As it is written, without its seal.
impl From<&StoredInlineHook> for InlineHookRow {
    fn from(stored: &StoredInlineHook) -> Self {
        let hook = &stored.hook;
        let auth = &hook.channel.auth;
        let (kind, auth_header) = match auth {
            ChannelAuth::None => ("none", None),
            ChannelAuth::Header { key } => ("header", Some(key.clone())),
            ChannelAuth::ClientSecretPost(_) => ("client_secret_post", None),
            ChannelAuth::PrivateKeyJwt { .. } => ("private_key_jwt", None),
        };
        let header = |Header { key, value }: &Header| serde_json::json!({ "key": key, "value": value });
        let client = auth.client();
        Self {
            id: hook.id.as_str().to_owned(),
            org_id: hook.org_id.as_str().to_owned(),
            status: hook.status.as_str().to_owned(),
            name: hook.name.as_str().to_owned(),
            hook_type: hook.hook_type.as_str().to_owned(),
            version: hook.version.as_str().to_owned(),
            uri: hook.channel.uri.as_str().to_owned(),
            headers: hook.channel.headers.iter().map(header).collect::<serde_json::Value>().to_string(),
            auth: kind.to_owned(),
            auth_header,
            client_id: client.map(|client| client.client_id.clone()),
            token_url: client.map(|client| client.token_url.as_str().to_owned()),
            scope: client.and_then(|client| client.scope.clone()),
            hook_key_id: auth.hook_key_id().map(|id| id.as_str().to_owned()),
            sealed_secret: stored.sealed_secret.as_ref().map(|sealed| sealed.as_bytes().to_vec()),
            created: hook.created.unix(),
            last_updated: hook.last_updated.unix(),
            seal: None,
        }
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
