//! What somebody wants a hook to be, before it is checked; and the check.

mod channel;
mod check;
mod content;

pub use channel::{AuthSchemeDraft, ChannelDraft, HeaderDraft};
pub use content::{HookContent, SecretSource};

use super::{CHANNEL_VERSION, Channel, ChannelAuth, HookType, HookVersion, InlineHook, OAuthClient};
use crate::domain::id::HookKeyId;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::name::Name;
use crate::domain::outbound::OutboundPolicy;
use crate::domain::secret::Secret;
pub use check::MAX_TEXT;
use check::{Check, header_name, printable_text};

/// Every member as it was sent, or `None` where it was not. What can be taken away has two layers: `Some(None)` is a null.
#[derive(Default)]
pub struct HookDraft {
    pub name: Option<String>,
    pub hook_type: Option<String>,
    pub version: Option<String>,
    pub channel: ChannelDraft,
}

/// What a draft is measured against.
#[derive(Clone, Copy)]
pub enum Base<'a> {
    /// Nothing: the draft must be whole.
    New,
    /// A hook that it replaces: the draft must be whole, secrets included. Type and version stay where it leaves them out:
    /// the SDKs' models of a replacement have no type.
    Replaced(&'a InlineHook),
    /// A hook that it changes: what the draft leaves out stays, secrets included.
    Changed(&'a InlineHook),
}

impl<'a> Base<'a> {
    const fn hook(self) -> Option<&'a InlineHook> {
        match self {
            Self::New => None,
            Self::Replaced(hook) | Self::Changed(hook) => Some(hook),
        }
    }

    const fn kept(self) -> Option<&'a InlineHook> {
        match self {
            Self::New | Self::Replaced(_) => None,
            Self::Changed(hook) => Some(hook),
        }
    }
}

impl HookDraft {
    /// The secret that the draft brings, if it brings one.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        let scheme = self.channel.auth_scheme.as_ref().and_then(Option::as_ref);
        scheme.and_then(|scheme| scheme.value.as_ref()).or(self.channel.client_secret.as_ref())
    }

    /// # Arguments
    /// `key`: the hook key that [`ChannelDraft::hook_key`] names.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the members.
    pub fn complete(
        &self,
        base: Base<'_>,
        key: Option<&HookKeyId>,
        policy: &OutboundPolicy,
    ) -> Result<HookContent, Vec<InvalidField>> {
        let mut check = Check { errors: Vec::new(), policy };
        let kept = base.kept();
        let name = check.parsed("name", self.name.as_deref(), kept.map(|hook| &hook.name), Name::parse);
        let known = base.hook();
        let hook_type =
            check.parsed("type", self.hook_type.as_deref(), known.map(|hook| &hook.hook_type), HookType::parse);
        if let (Some(wanted), Some(hook)) = (hook_type, known)
            && wanted != hook.hook_type
        {
            check.errors.push(Invalid::Immutable.at("type"));
        }
        let version =
            check.parsed("version", self.version.as_deref(), known.map(|hook| &hook.version), HookVersion::parse);
        let channel = self.channel.complete(&mut check, kept.map(|hook| &hook.channel), key);
        match (name, hook_type, version, channel) {
            (Some(name), Some(hook_type), Some(version), Some((channel, secret))) if check.errors.is_empty() => {
                Ok(HookContent { name, hook_type, version, channel, secret })
            }
            _ => Err(check.errors),
        }
    }
}

impl ChannelDraft {
    fn complete(
        &self,
        check: &mut Check<'_>,
        kept: Option<&Channel>,
        key: Option<&HookKeyId>,
    ) -> Option<(Channel, SecretSource)> {
        let kept_kind = kept.map(|channel| channel.auth.client().is_some());
        let is_oauth = check.parsed("channel.type", self.kind.as_deref(), kept_kind.as_ref(), |text| match text {
            "HTTP" => Ok(false),
            "OAUTH" => Ok(true),
            _ => Err(Invalid::OneOf("HTTP, OAUTH")),
        })?;
        check.constant("channel.version", self.version.as_deref(), CHANNEL_VERSION);
        let uri = check.url("channel.config.uri", self.uri.as_deref(), kept.map(|channel| &channel.uri));
        let headers = match (&self.headers, kept) {
            (Some(sent), _) => {
                let bearer: &[&str] = if is_oauth { &["authorization"] } else { &[] };
                check.headers(sent, bearer)
            }
            (None, Some(kept)) => {
                // Those of an HTTP channel may have one that an OAUTH channel has not.
                if is_oauth && kept.headers.iter().any(|header| header.key.eq_ignore_ascii_case("authorization")) {
                    check.errors.push(Invalid::ReservedHeader.at("channel.config.headers.key"));
                }
                kept.headers.clone()
            }
            (None, None) => Vec::new(),
        };
        check.constant("channel.config.method", self.method.as_deref(), "POST");
        // What a channel of the other kind had does not stay.
        let kept = kept.map(|channel| &channel.auth).filter(|auth| auth.client().is_some() == is_oauth);
        let (auth, secret) = if is_oauth { self.oauth(check, kept, key)? } else { self.http(check, kept)? };
        if let ChannelAuth::Header { key } = &auth
            && headers.iter().any(|header| header.key.eq_ignore_ascii_case(key))
        {
            check.errors.push(Invalid::Duplicate.at("channel.config.headers.key"));
        }
        Some((Channel { uri: uri?, headers, auth }, secret))
    }

    fn http(&self, check: &mut Check<'_>, kept: Option<&ChannelAuth>) -> Option<(ChannelAuth, SecretSource)> {
        const KEY: &str = "channel.config.authScheme.key";
        // A secret that is set on the wrong hook must not seem to be set.
        check.absent("channel.config.authType", self.auth_type.is_some());
        check.absent("channel.config.clientId", self.client_id.is_some());
        check.absent("channel.config.clientSecret", self.client_secret.is_some());
        check.absent("channel.config.tokenUrl", self.token_url.is_some());
        check.absent("channel.config.hookKeyId", self.hook_key.is_some());
        let scheme = match &self.auth_scheme {
            Some(Some(scheme)) => scheme,
            // A null takes it away.
            Some(None) => return Some((ChannelAuth::None, SecretSource::None)),
            None => {
                let secret =
                    if kept.is_some_and(ChannelAuth::has_secret) { SecretSource::Kept } else { SecretSource::None };
                return Some((kept.cloned().unwrap_or(ChannelAuth::None), secret));
            }
        };
        let kept_key = match kept {
            Some(ChannelAuth::Header { key }) => Some(key),
            _ => None,
        };
        check.constant("channel.config.authScheme.type", scheme.kind.as_deref(), "HEADER");
        let key = check.parsed(KEY, scheme.key.as_deref(), kept_key, header_name);
        let secret = check.secret("channel.config.authScheme.value", scheme.value.as_ref(), kept_key.is_some());
        Some((ChannelAuth::Header { key: key? }, secret))
    }

    fn oauth(
        &self,
        check: &mut Check<'_>,
        kept: Option<&ChannelAuth>,
        key: Option<&HookKeyId>,
    ) -> Option<(ChannelAuth, SecretSource)> {
        let kept_client = kept.and_then(ChannelAuth::client);
        let kept_method = kept.map(|auth| auth.hook_key_id().is_some());
        check.absent("channel.config.authScheme", matches!(self.auth_scheme, Some(Some(_))));
        let client_id = check.parsed(
            "channel.config.clientId",
            self.client_id.as_deref(),
            kept_client.map(|client| &client.client_id),
            printable_text,
        );
        let token_url = check.url(
            "channel.config.tokenUrl",
            self.token_url.as_deref(),
            kept_client.map(|client| &client.token_url),
        );
        let is_private_key = check.parsed(
            "channel.config.authType",
            self.auth_type.as_deref(),
            kept_method.as_ref(),
            |text| match text {
                "client_secret_post" => Ok(false),
                "private_key_jwt" => Ok(true),
                _ => Err(Invalid::OneOf("client_secret_post, private_key_jwt")),
            },
        )?;
        let scope = match &self.scope {
            Some(Some(text)) => check.scope("channel.config.scope", text),
            Some(None) => None,
            None => kept_client.and_then(|client| client.scope.clone()),
        };
        let client = client_id.zip(token_url).map(|(client_id, token_url)| OAuthClient { client_id, token_url, scope });
        if is_private_key {
            check.absent("channel.config.clientSecret", self.client_secret.is_some());
            let kept_key = kept.and_then(ChannelAuth::hook_key_id);
            let hook_key_id = check.parsed("channel.config.hookKeyId", self.hook_key.as_deref(), kept_key, |_| {
                key.cloned().ok_or(Invalid::Id)
            });
            Some((ChannelAuth::PrivateKeyJwt { client: client?, hook_key_id: hook_key_id? }, SecretSource::None))
        } else {
            check.absent("channel.config.hookKeyId", self.hook_key.is_some());
            let is_kept = matches!(kept, Some(ChannelAuth::ClientSecretPost(_)));
            let secret = check.secret("channel.config.clientSecret", self.client_secret.as_ref(), is_kept);
            Some((ChannelAuth::ClientSecretPost(client?), secret))
        }
    }
}
