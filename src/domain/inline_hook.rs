//! Inline hooks: where to call, and how to prove who is calling (wire.md §6).

pub mod draft;

use super::clock::Timestamp;
use super::http_url::HttpUrl;
use super::id::{HookKeyId, InlineHookId, OrgId, PrefixedId as _};
use super::invalid::Invalid;
use super::name::Name;
use super::sealed::{Place, Sealed};

/// How many inline hooks an org may hold. The database enforces it by itself.
pub const MAX_HOOKS_PER_ORG: u32 = 100;

/// The only version of a channel.
pub const CHANNEL_VERSION: &str = "1.0.0";

/// What a reference to a key is called where an inline hook is behind it.
pub const CONSUMER_KIND: &str = "inline hook";

/// An inline hook as everyone with the right scope may see it. Its secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineHook {
    pub id: InlineHookId,
    pub org_id: OrgId,
    pub status: HookStatus,
    pub name: Name,
    pub hook_type: HookType,
    pub version: HookVersion,
    pub channel: Channel,
    pub created: Timestamp,
    pub last_updated: Timestamp,
}

/// With its secret as it is at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInlineHook {
    pub hook: InlineHook,
    /// The value of the header or the client secret; there is one exactly where the channel needs it.
    pub sealed_secret: Option<Sealed>,
}

impl InlineHook {
    /// A hook for documents.
    ///
    /// # Panics
    /// Never: the values are well-formed.
    #[must_use]
    pub fn example() -> Self {
        let moment = Timestamp::from_unix(1_761_311_167).expect("a moment in 2025");
        let url = |text| HttpUrl::parse(text).expect("a well-formed URL");
        let client = OAuthClient {
            client_id: "hookvault".into(),
            token_url: url("https://login.example.com/token"),
            scope: Some("hooks".into()),
        };
        Self {
            id: InlineHookId::parse("cal7v2xu1m0dCtvO10g7").expect("a well-formed id"),
            org_id: OrgId::parse("00o1emaHnQYHs1HLm0g4").expect("a well-formed id"),
            status: HookStatus::Active,
            name: Name::parse("My hook").expect("a well-formed name"),
            hook_type: HookType::TokensTransform,
            version: HookVersion("1.0.0"),
            channel: Channel {
                uri: url("https://hooks.example.com/tokens"),
                headers: vec![Header { key: "X-Stage".into(), value: "production".into() }],
                auth: ChannelAuth::PrivateKeyJwt {
                    client,
                    hook_key_id: HookKeyId::parse("HKYr9awje8zXYgZF41d7").expect("a well-formed id"),
                },
            },
            created: moment,
            last_updated: moment,
        }
    }

    /// The place that the sealed secret is bound to.
    #[must_use]
    pub fn secret_place(&self) -> Place<'_> {
        secret_place(&self.org_id, &self.id)
    }
}

/// The place that the secret of a hook is bound to.
#[must_use]
pub fn secret_place<'a>(org_id: &'a OrgId, id: &'a InlineHookId) -> Place<'a> {
    Place { org: org_id.as_str(), table: "inline_hook", row: id.as_str(), column: "sealed_secret" }
}

/// Where a hook is called, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub uri: HttpUrl,
    /// Sent with every call.
    pub headers: Vec<Header>,
    pub auth: ChannelAuth,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub key: String,
    pub value: String,
}

/// How the vault proves who it is. The first two make an HTTP channel, the others an OAUTH one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelAuth {
    None,
    /// A secret value in this header.
    Header {
        key: String,
    },
    /// An access token, for a client secret (RFC 6749, clause 2.3.1).
    ClientSecretPost(OAuthClient),
    /// An access token, for an assertion signed with a hook key (RFC 7523).
    PrivateKeyJwt {
        client: OAuthClient,
        hook_key_id: HookKeyId,
    },
}

impl ChannelAuth {
    #[must_use]
    pub fn client(&self) -> Option<&OAuthClient> {
        match self {
            Self::None | Self::Header { .. } => None,
            Self::ClientSecretPost(client) | Self::PrivateKeyJwt { client, .. } => Some(client),
        }
    }

    #[must_use]
    pub fn hook_key_id(&self) -> Option<&HookKeyId> {
        match self {
            Self::PrivateKeyJwt { hook_key_id, .. } => Some(hook_key_id),
            Self::None | Self::Header { .. } | Self::ClientSecretPost(_) => None,
        }
    }

    /// Whether a secret of the hook's own belongs to it.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        matches!(self, Self::Header { .. } | Self::ClientSecretPost(_))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthClient {
    pub client_id: String,
    pub token_url: HttpUrl,
    pub scope: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookStatus {
    Active,
    Inactive,
}

impl HookStatus {
    pub const ALL: [Self; 2] = [Self::Active, Self::Inactive];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }

    /// # Errors
    /// [`Invalid::OneOf`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(Invalid::OneOf("ACTIVE, INACTIVE"))
    }
}

/// What a hook is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookType {
    ImportTransform,
    TokensTransform,
    SamlTransform,
    TelephonyProvider,
    PasswordImport,
    PreRegistration,
}

impl HookType {
    pub const ALL: [Self; 6] = [
        Self::ImportTransform,
        Self::TokensTransform,
        Self::SamlTransform,
        Self::TelephonyProvider,
        Self::PasswordImport,
        Self::PreRegistration,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImportTransform => "com.okta.import.transform",
            Self::TokensTransform => "com.okta.oauth2.tokens.transform",
            Self::SamlTransform => "com.okta.saml.tokens.transform",
            Self::TelephonyProvider => "com.okta.telephony.provider",
            Self::PasswordImport => "com.okta.user.credential.password.import",
            Self::PreRegistration => "com.okta.user.pre-registration",
        }
    }

    /// # Errors
    /// [`Invalid::OneOf`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(Invalid::OneOf(
            "com.okta.import.transform, com.okta.oauth2.tokens.transform, com.okta.saml.tokens.transform, \
             com.okta.telephony.provider, com.okta.user.credential.password.import, com.okta.user.pre-registration",
        ))
    }

    /// Whether a failed call is tried once more: somebody waits for a token or a code, and may get two.
    #[must_use]
    pub const fn is_retried(self) -> bool {
        !matches!(self, Self::TokensTransform | Self::TelephonyProvider)
    }
}

/// The version of a hook's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookVersion(&'static str);

impl HookVersion {
    pub const ALL: [Self; 3] = [Self("1.0.0"), Self("1.0.1"), Self("1.0.2")];

    /// # Errors
    /// [`Invalid::OneOf`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|known| known.0 == text).ok_or(Invalid::OneOf("1.0.0, 1.0.1, 1.0.2"))
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}
