//! The wire forms of an inline hook (wire.md §6): what is sent, and what is answered, members in the recorded order.

use crate::domain::inline_hook::draft::{AuthSchemeDraft, ChannelDraft, HeaderDraft, HookDraft};
use crate::domain::inline_hook::{CHANNEL_VERSION, ChannelAuth, HookStatus, InlineHook};
use crate::domain::secret::Secret;
use crate::http::api::links::{Link, Links};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What create, update and replace take. Which members are needed is told by the errors.
#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
#[schema(as = InlineHookRequest)]
pub struct InlineHookBody {
    /// Unique in the org.
    #[schema(min_length = 1, max_length = 255, example = "My hook")]
    name: Option<String>,
    /// Cannot be changed afterwards.
    #[serde(rename = "type")]
    #[schema(example = "com.okta.oauth2.tokens.transform")]
    hook_type: Option<String>,
    #[schema(example = "1.0.0")]
    version: Option<String>,
    channel: Option<ChannelBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
#[schema(as = InlineHookChannelRequest)]
pub struct ChannelBody {
    /// `HTTP` or `OAUTH`.
    #[serde(rename = "type")]
    #[schema(example = "OAUTH")]
    kind: Option<String>,
    #[schema(example = "1.0.0")]
    version: Option<String>,
    config: Option<ConfigBody>,
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
#[schema(as = InlineHookChannelConfigRequest)]
pub struct ConfigBody {
    /// An https URL of at most 1024 characters.
    #[schema(example = "https://hooks.example.com/tokens")]
    uri: Option<String>,
    headers: Option<Vec<HeaderBody>>,
    /// `POST`.
    #[schema(example = "POST")]
    method: Option<String>,
    /// For an HTTP channel; null takes it away.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<AuthSchemeBody>)]
    auth_scheme: Option<Option<AuthSchemeBody>>,
    /// For an OAUTH channel, like all that follows: `client_secret_post` or `private_key_jwt`.
    #[schema(example = "private_key_jwt")]
    auth_type: Option<String>,
    #[schema(example = "hookvault")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>, write_only)]
    client_secret: Option<Secret>,
    #[schema(example = "https://login.example.com/token")]
    token_url: Option<String>,
    /// Scopes separated by spaces; null takes them away.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, example = "hooks")]
    scope: Option<Option<String>>,
    /// The id of a hook key, or its name.
    #[schema(example = "HKYr9awje8zXYgZF41d7")]
    hook_key_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
#[schema(as = InlineHookHeaderRequest)]
pub struct HeaderBody {
    key: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
#[schema(as = InlineHookAuthSchemeRequest)]
pub struct AuthSchemeBody {
    /// `HEADER`.
    #[serde(rename = "type")]
    kind: Option<String>,
    #[schema(example = "Authorization")]
    key: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    #[schema(value_type = Option<String>, write_only)]
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
    /// `ACTIVE` or `INACTIVE`.
    status: &'static str,
    name: String,
    #[serde(rename = "type")]
    hook_type: &'static str,
    version: &'static str,
    channel: ChannelWire,
    #[schema(format = DateTime)]
    created: String,
    #[schema(format = DateTime)]
    last_updated: String,
    #[serde(rename = "_links")]
    #[schema(value_type = Object)]
    links: Links,
}

#[derive(Serialize, ToSchema)]
#[schema(as = InlineHookChannel)]
pub struct ChannelWire {
    /// `HTTP` or `OAUTH`.
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
    config: ConfigWire,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookChannelConfig)]
pub struct ConfigWire {
    uri: String,
    headers: Vec<HeaderWire>,
    method: &'static str,
    auth_scheme: Option<AuthSchemeWire>,
    #[serde(flatten)]
    oauth: Option<OAuthWire>,
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
    kind: &'static str,
    key: String,
}

/// What an OAUTH channel has besides, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookOAuthConfig)]
pub struct OAuthWire {
    client_id: String,
    token_url: String,
    auth_type: &'static str,
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hook_key_id: Option<String>,
}

impl InlineHookWire {
    /// # Arguments
    /// `base`: the address of the org, for links.
    pub fn new(hook: &InlineHook, base: &str) -> Self {
        let channel = &hook.channel;
        let scheme = |key: &String| AuthSchemeWire { kind: "HEADER", key: key.clone() };
        let (auth_scheme, auth_type) = match &channel.auth {
            ChannelAuth::None => (None, ""),
            ChannelAuth::Header { key } => (Some(scheme(key)), ""),
            ChannelAuth::ClientSecretPost(_) => (None, "client_secret_post"),
            ChannelAuth::PrivateKeyJwt { .. } => (None, "private_key_jwt"),
        };
        let oauth = channel.auth.client().map(|client| OAuthWire {
            client_id: client.client_id.clone(),
            token_url: client.token_url.to_string(),
            auth_type,
            scope: client.scope.clone(),
            hook_key_id: channel.auth.hook_key_id().map(ToString::to_string),
        });
        let header = |header: &crate::domain::inline_hook::Header| HeaderWire {
            key: header.key.clone(),
            value: header.value.clone(),
        };
        Self {
            id: hook.id.to_string(),
            status: hook.status.as_str(),
            name: hook.name.to_string(),
            hook_type: hook.hook_type.as_str(),
            version: hook.version.as_str(),
            channel: ChannelWire {
                kind: if oauth.is_some() { "OAUTH" } else { "HTTP" },
                version: CHANNEL_VERSION,
                config: ConfigWire {
                    uri: channel.uri.to_string(),
                    headers: channel.headers.iter().map(header).collect(),
                    method: "POST",
                    auth_scheme,
                    oauth,
                },
            },
            created: hook.created.to_wire(),
            last_updated: hook.last_updated.to_wire(),
            links: links(hook, base),
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
