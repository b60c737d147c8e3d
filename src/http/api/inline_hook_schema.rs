//! What the inline hooks API takes, for the document: one form for each operation and each kind of channel. What comes is read
//! as `inline_hook_wire` has it and checked by the domain, which names all that is wrong at once.

use crate::http::openapi::value::{
    self, HeaderNameSchema, HookTypeSchema, HookUrlSchema, HookVersionSchema, NameSchema, PrintableSchema,
};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A hook that is to be.
#[derive(ToSchema)]
#[schema(as = InlineHookCreate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct HookCreate {
    /// Unique in the org.
    name: NameSchema,
    /// Cannot be changed afterwards.
    #[serde(rename = "type")]
    kind: HookTypeSchema,
    version: HookVersionSchema,
    channel: Channel,
}

/// A hook in place of another: secrets are sent again, the status stays.
#[derive(ToSchema)]
#[schema(as = InlineHookReplace)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct HookReplace {
    /// Unique in the org.
    name: NameSchema,
    /// That of the hook, if anything.
    #[serde(rename = "type")]
    kind: Option<HookTypeSchema>,
    /// That of the hook where nothing is said.
    version: Option<HookVersionSchema>,
    channel: Channel,
}

/// Where a hook is called, and how the vault proves who it is.
#[derive(ToSchema)]
#[serde(tag = "type")]
#[schema(as = InlineHookChannelRequest)]
pub enum Channel {
    /// Without proof, or with a secret in a header.
    #[serde(rename = "HTTP")]
    Http {
        #[schema(schema_with = value::optional_channel_version)]
        version: Option<String>,
        config: HttpConfig,
    },
    /// With an access token from a token endpoint.
    #[serde(rename = "OAUTH")]
    OAuth {
        #[schema(schema_with = value::optional_channel_version)]
        version: Option<String>,
        config: OAuthConfig,
    },
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookHttpConfigRequest)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct HttpConfig {
    uri: HookUrlSchema,
    headers: Option<Headers>,
    #[schema(schema_with = value::optional_post)]
    method: Option<String>,
    auth_scheme: Option<AuthScheme>,
    #[schema(schema_with = value::nothing)]
    auth_type: Option<()>,
    #[schema(schema_with = value::nothing)]
    client_id: Option<()>,
    #[schema(schema_with = value::nothing)]
    client_secret: Option<()>,
    #[schema(schema_with = value::nothing)]
    token_url: Option<()>,
    #[schema(schema_with = value::nothing)]
    hook_key_id: Option<()>,
}

#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = InlineHookOAuthConfigRequest)]
pub enum OAuthConfig {
    Secret(SecretConfig),
    Key(KeyConfig),
}

/// The client of the token endpoint has a secret (RFC 6749, clause 2.3.1).
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookClientSecretConfigRequest)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct SecretConfig {
    uri: HookUrlSchema,
    headers: Option<Headers>,
    #[schema(schema_with = value::optional_post)]
    method: Option<String>,
    #[schema(schema_with = value::nothing)]
    auth_scheme: Option<()>,
    #[schema(schema_with = value::client_secret_post)]
    auth_type: String,
    client_id: PrintableSchema,
    #[schema(schema_with = value::secret)]
    client_secret: String,
    token_url: HookUrlSchema,
    #[schema(schema_with = value::hook_scope)]
    scope: Option<String>,
    #[schema(schema_with = value::nothing)]
    hook_key_id: Option<()>,
}

/// The client of the token endpoint signs with a hook key (RFC 7523).
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookPrivateKeyConfigRequest)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct KeyConfig {
    uri: HookUrlSchema,
    headers: Option<Headers>,
    #[schema(schema_with = value::optional_post)]
    method: Option<String>,
    #[schema(schema_with = value::nothing)]
    auth_scheme: Option<()>,
    #[schema(schema_with = value::private_key_jwt)]
    auth_type: String,
    client_id: PrintableSchema,
    #[schema(schema_with = value::nothing)]
    client_secret: Option<()>,
    token_url: HookUrlSchema,
    #[schema(schema_with = value::hook_scope)]
    scope: Option<String>,
    /// The id of a hook key, or its name.
    hook_key_id: NameSchema,
}

/// No name twice, in whatever case, and that of the secret not at all; with OAUTH, no `Authorization`.
#[derive(ToSchema)]
#[schema(as = InlineHookHeadersRequest, max_items = 32)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct Headers(Vec<Header>);

#[derive(ToSchema)]
#[schema(as = InlineHookHeaderRequest)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct Header {
    key: HeaderNameSchema,
    /// Printable ASCII; empty where nothing is said.
    #[schema(schema_with = value::header_value)]
    value: Option<String>,
}

/// A secret in a header.
#[derive(ToSchema)]
#[schema(as = InlineHookAuthSchemeRequest)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct AuthScheme {
    #[schema(schema_with = value::optional_header)]
    #[serde(rename = "type")]
    kind: Option<String>,
    key: HeaderNameSchema,
    #[schema(schema_with = value::secret)]
    value: String,
}

/// What is to change. The hook that comes of it must be one that could be created: a channel that gets another type, or another way
/// of proof, brings all that it needs, and what is for another one stays null.
#[derive(ToSchema)]
#[schema(as = InlineHookUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct HookUpdate {
    /// Unique in the org.
    name: Option<NameSchema>,
    /// That of the hook, if anything.
    #[serde(rename = "type")]
    kind: Option<HookTypeSchema>,
    version: Option<HookVersionSchema>,
    channel: Option<ChannelUpdate>,
}

#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = InlineHookChannelUpdate)]
pub enum ChannelUpdate {
    Http(HttpChannelUpdate),
    OAuth(OAuthChannelUpdate),
    Same(SameChannelUpdate),
}

#[derive(ToSchema)]
#[schema(as = InlineHookHttpChannelUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct HttpChannelUpdate {
    #[schema(schema_with = value::http)]
    #[serde(rename = "type")]
    kind: String,
    #[schema(schema_with = value::optional_channel_version)]
    version: Option<String>,
    config: Option<HttpConfigUpdate>,
}

#[derive(ToSchema)]
#[schema(as = InlineHookOAuthChannelUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct OAuthChannelUpdate {
    #[schema(schema_with = value::oauth)]
    #[serde(rename = "type")]
    kind: String,
    #[schema(schema_with = value::optional_channel_version)]
    version: Option<String>,
    config: Option<OAuthConfigUpdate>,
}

/// The channel keeps its type.
#[derive(ToSchema)]
#[schema(as = InlineHookSameChannelUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct SameChannelUpdate {
    #[schema(schema_with = value::nothing)]
    #[serde(rename = "type")]
    kind: Option<()>,
    #[schema(schema_with = value::optional_channel_version)]
    version: Option<String>,
    config: Option<ConfigUpdate>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookHttpConfigUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct HttpConfigUpdate {
    uri: Option<HookUrlSchema>,
    /// In place of those that were there.
    headers: Option<Headers>,
    #[schema(schema_with = value::optional_post)]
    method: Option<String>,
    /// Null takes it away.
    auth_scheme: Option<AuthSchemeUpdate>,
    #[schema(schema_with = value::nothing)]
    auth_type: Option<()>,
    #[schema(schema_with = value::nothing)]
    client_id: Option<()>,
    #[schema(schema_with = value::nothing)]
    client_secret: Option<()>,
    #[schema(schema_with = value::nothing)]
    token_url: Option<()>,
    #[schema(schema_with = value::nothing)]
    hook_key_id: Option<()>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookOAuthConfigUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct OAuthConfigUpdate {
    uri: Option<HookUrlSchema>,
    /// In place of those that were there.
    headers: Option<Headers>,
    #[schema(schema_with = value::optional_post)]
    method: Option<String>,
    #[schema(schema_with = value::nothing)]
    auth_scheme: Option<()>,
    #[schema(schema_with = value::optional_auth_type)]
    auth_type: Option<String>,
    client_id: Option<PrintableSchema>,
    /// With `client_secret_post`.
    #[schema(schema_with = value::optional_secret)]
    client_secret: Option<String>,
    token_url: Option<HookUrlSchema>,
    /// Null takes it away.
    #[schema(schema_with = value::hook_scope)]
    scope: Option<String>,
    /// With `private_key_jwt`: the id of a hook key, or its name.
    hook_key_id: Option<NameSchema>,
}

/// What applies depends on the type of the channel.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InlineHookConfigUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct ConfigUpdate {
    uri: Option<HookUrlSchema>,
    /// In place of those that were there.
    headers: Option<Headers>,
    #[schema(schema_with = value::optional_post)]
    method: Option<String>,
    /// For `HTTP`. Null takes it away.
    auth_scheme: Option<AuthSchemeUpdate>,
    #[schema(schema_with = value::optional_auth_type)]
    auth_type: Option<String>,
    client_id: Option<PrintableSchema>,
    #[schema(schema_with = value::optional_secret)]
    client_secret: Option<String>,
    token_url: Option<HookUrlSchema>,
    #[schema(schema_with = value::hook_scope)]
    scope: Option<String>,
    /// The id of a hook key, or its name.
    hook_key_id: Option<NameSchema>,
}

/// What is left out stays, if there is one.
#[derive(ToSchema)]
#[schema(as = InlineHookAuthSchemeUpdate)]
#[expect(dead_code, reason = "it describes the body and is never made")]
pub struct AuthSchemeUpdate {
    #[schema(schema_with = value::optional_header)]
    #[serde(rename = "type")]
    kind: Option<String>,
    key: Option<HeaderNameSchema>,
    #[schema(schema_with = value::optional_secret)]
    value: Option<String>,
}

/// A body that creates a hook, or replaces one.
pub fn example() -> Value {
    json!({
        "name": "My hook",
        "type": "com.okta.oauth2.tokens.transform",
        "version": "1.0.0",
        "channel": {
            "type": "HTTP",
            "version": "1.0.0",
            "config": {
                "uri": "https://hooks.example.com/tokens",
                "headers": [{"key": "X-Stage", "value": "production"}],
                "method": "POST",
                "authScheme": {"type": "HEADER", "key": "Authorization", "value": "a secret that the hook knows"},
            },
        },
    })
}
