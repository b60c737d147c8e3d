//! The wire forms of an inline hook (wire.md §6): what is sent, and what is answered, members in the recorded order.

use crate::domain::inline_hook::draft::{AuthSchemeDraft, ChannelDraft, HeaderDraft, HookDraft};
use crate::domain::inline_hook::{CHANNEL_VERSION, Channel, ChannelAuth, Header, HookStatus, InlineHook};
use crate::domain::secret::Secret;
use crate::http::api::links::{Link, Links};
use crate::http::openapi::value::{self, HookStatusSchema, HookTypeSchema, HookVersionSchema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What create, update and replace take, each member by itself: `inline_hook_schema` describes them, the domain checks them.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub struct InlineHookBody {
    name: Option<String>,
    #[serde(rename = "type")]
    hook_type: Option<String>,
    version: Option<String>,
    channel: Option<ChannelBody>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub struct ChannelBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    version: Option<String>,
    config: Option<ConfigBody>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
pub struct ConfigBody {
    uri: Option<String>,
    headers: Option<Vec<HeaderBody>>,
    method: Option<String>,
    /// A null takes it away, and likewise a scope.
    #[serde(default, deserialize_with = "nullable")]
    auth_scheme: Option<Option<AuthSchemeBody>>,
    auth_type: Option<String>,
    client_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    client_secret: Option<Secret>,
    token_url: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    scope: Option<Option<String>>,
    hook_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub struct HeaderBody {
    key: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub struct AuthSchemeBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    value: Option<Secret>,
}

/// A member that is there: null is something else than nothing.
fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(member: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(member).map(Some)
}

/// The error of a wrong type would show the value.
fn secret<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Secret>, D::Error> {
    match Value::deserialize(member)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Secret::new(text))),
        _ => Err(D::Error::custom("expected a string")),
    }
}

impl From<InlineHookBody> for HookDraft {
    fn from(body: InlineHookBody) -> Self {
        let InlineHookBody { name, hook_type, version, channel } = body;
        Self { name, hook_type, version, channel: channel.map(ChannelDraft::from).unwrap_or_default() }
    }
}

impl From<ChannelBody> for ChannelDraft {
    fn from(body: ChannelBody) -> Self {
        let config = body.config.unwrap_or_default();
        let header = |header: HeaderBody| HeaderDraft { key: header.key, value: header.value };
        let scheme =
            |scheme: AuthSchemeBody| AuthSchemeDraft { kind: scheme.kind, key: scheme.key, value: scheme.value };
        Self {
            kind: body.kind,
            version: body.version,
            uri: config.uri,
            method: config.method,
            headers: config.headers.map(|headers| headers.into_iter().map(header).collect()),
            auth_scheme: config.auth_scheme.map(|given| given.map(scheme)),
            auth_type: config.auth_type,
            client_id: config.client_id,
            client_secret: config.client_secret,
            token_url: config.token_url,
            scope: config.scope,
            hook_key: config.hook_key_id,
        }
    }
}

/// A hook as the API shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHook)]
pub struct InlineHookWire {
    #[schema(pattern = "^cal[0-9A-Za-z]{17}$")]
    id: String,
    #[schema(value_type = HookStatusSchema)]
    status: &'static str,
    name: String,
    #[serde(rename = "type")]
    #[schema(value_type = HookTypeSchema)]
    hook_type: &'static str,
    #[schema(value_type = HookVersionSchema)]
    version: &'static str,
    channel: ChannelWire,
    #[schema(format = DateTime)]
    created: String,
    #[schema(format = DateTime)]
    last_updated: String,
    #[serde(rename = "_links")]
    links: Links,
}

/// Without its secret.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type")]
#[schema(as = InlineHookChannel)]
pub enum ChannelWire {
    #[serde(rename = "HTTP")]
    Http {
        #[schema(schema_with = value::channel_version)]
        version: &'static str,
        config: HttpConfigWire,
    },
    #[serde(rename = "OAUTH")]
    OAuth {
        #[schema(schema_with = value::channel_version)]
        version: &'static str,
        config: OAuthConfigWire,
    },
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookHttpConfig)]
pub struct HttpConfigWire {
    #[schema(format = "uri")]
    uri: String,
    headers: Vec<HeaderWire>,
    #[schema(schema_with = value::post)]
    method: &'static str,
    #[schema(required)]
    auth_scheme: Option<AuthSchemeWire>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookOAuthConfig)]
pub struct OAuthConfigWire {
    #[schema(format = "uri")]
    uri: String,
    headers: Vec<HeaderWire>,
    #[schema(schema_with = value::post)]
    method: &'static str,
    #[schema(schema_with = value::nothing, required)]
    auth_scheme: (),
    client_id: String,
    #[schema(format = "uri")]
    token_url: String,
    #[schema(schema_with = value::auth_type)]
    auth_type: &'static str,
    #[schema(required)]
    scope: Option<String>,
    /// With `private_key_jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^HKY[0-9A-Za-z]{17}$")]
    hook_key_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = InlineHookHeader)]
pub struct HeaderWire {
    key: String,
    value: String,
}

/// Without its value.
#[derive(Serialize, ToSchema)]
#[schema(as = InlineHookAuthScheme)]
pub struct AuthSchemeWire {
    #[serde(rename = "type")]
    #[schema(schema_with = value::header)]
    kind: &'static str,
    key: String,
}

impl InlineHookWire {
    /// # Arguments
    /// `base`: the address of the org, for links.
    pub fn new(hook: &InlineHook, base: &str) -> Self {
        Self {
            id: hook.id.to_string(),
            status: hook.status.as_str(),
            name: hook.name.to_string(),
            hook_type: hook.hook_type.as_str(),
            version: hook.version.as_str(),
            channel: ChannelWire::from(&hook.channel),
            created: hook.created.to_wire(),
            last_updated: hook.last_updated.to_wire(),
            links: links(hook, base),
        }
    }
}

impl From<&Channel> for ChannelWire {
    fn from(channel: &Channel) -> Self {
        let version = CHANNEL_VERSION;
        let uri = channel.uri.to_string();
        let header = |header: &Header| HeaderWire { key: header.key.clone(), value: header.value.clone() };
        let headers = channel.headers.iter().map(header).collect();
        let http = |uri, headers, auth_scheme| Self::Http {
            version,
            config: HttpConfigWire { uri, headers, method: "POST", auth_scheme },
        };
        let (client, auth_type, hook_key_id) = match &channel.auth {
            ChannelAuth::None => return http(uri, headers, None),
            ChannelAuth::Header { key } => {
                return http(uri, headers, Some(AuthSchemeWire { kind: "HEADER", key: key.clone() }));
            }
            ChannelAuth::ClientSecretPost(client) => (client, "client_secret_post", None),
            ChannelAuth::PrivateKeyJwt { client, hook_key_id } => (client, "private_key_jwt", Some(hook_key_id)),
        };
        Self::OAuth {
            version,
            config: OAuthConfigWire {
                uri,
                headers,
                method: "POST",
                auth_scheme: (),
                client_id: client.client_id.clone(),
                token_url: client.token_url.to_string(),
                auth_type,
                scope: client.scope.clone(),
                hook_key_id: hook_key_id.map(ToString::to_string),
            },
        }
    }
}

/// What can be done with the hook as it is. `self` has its address alone (wire.md §6).
fn links(hook: &InlineHook, base: &str) -> Links {
    let own = format!("{base}/api/v1/inlineHooks/{}", hook.id);
    let to = |suffix: &str, allow: &[&'static str]| Link::new(format!("{own}{suffix}"), allow);
    match hook.status {
        HookStatus::Active => Links::new([
            ("self", Link::plain(own.clone())),
            ("execute", to("/execute", &["POST"])),
            ("deactivate", to("/lifecycle/deactivate", &["POST"])),
        ]),
        HookStatus::Inactive => Links::new([
            ("activate", to("/lifecycle/activate", &["POST"])),
            ("self", Link::plain(own.clone())),
            ("delete", to("", &["DELETE"])),
        ]),
    }
}
