//! The channel of a draft: every member as it was sent, or `None` where it was not.

use crate::domain::secret::Secret;

#[derive(Default)]
pub struct ChannelDraft {
    /// `HTTP` or `OAUTH`.
    pub kind: Option<String>,
    pub version: Option<String>,
    pub uri: Option<String>,
    pub method: Option<String>,
    pub headers: Option<Vec<HeaderDraft>>,
    pub auth_scheme: Option<Option<AuthSchemeDraft>>,
    pub auth_type: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub token_url: Option<String>,
    pub scope: Option<Option<String>>,
    /// The id of a hook key, or its name.
    pub hook_key: Option<String>,
}

#[derive(Default)]
pub struct HeaderDraft {
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Default)]
pub struct AuthSchemeDraft {
    pub kind: Option<String>,
    pub key: Option<String>,
    pub value: Option<Secret>,
}
