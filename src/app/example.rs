//! An example that works: a key, a hook whose calls it signs, and the receiver of these calls, for `dev`.

mod receiver;

use super::parts::Parts;
use super::serving::listen;
use super::start_error::StartError;
use crate::crypto::random::Purpose;
use crate::domain::actor::Actor;
use crate::domain::hook_key::HookKey;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::inline_hook::InlineHook;
use crate::domain::inline_hook::draft::{ChannelDraft, HookDraft};
use crate::vault::Vault;
use crate::vault::error::VaultError;
use crate::vault::keys::publishing::PublishedKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use receiver::Receiver;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// What the hook is called.
pub const EXAMPLE_HOOK: &str = "Example hook";

const KEY: &str = "Example key";

/// Who the vault is at the receiver's token endpoint.
const CLIENT_ID: &str = "hookvault-example";

/// Makes what is missing of the example in the default org, and serves its receiver on this machine until the process ends.
///
/// # Errors
/// [`StartError`].
pub async fn start_example(vault: &Vault, parts: &Parts) -> Result<(), StartError> {
    let org = vault.registry().org_pick(None).await?.id;
    let key = ensure_key(vault, &org).await?;
    let hooks = vault.inline_hook_list(&org, None).await?;
    let hook = hooks.into_iter().find(|hook| hook.name.as_str() == EXAMPLE_HOOK);
    let listener = listen_as_before(hook.as_ref())?;
    let url = format!("http://{}", listener.local_addr()?);
    ensure_hook(vault, &org, hook, key.key(), &url).await?;
    let access_token = URL_SAFE_NO_PAD.encode(parts.random.bytes::<32>(Purpose::Secret));
    let receiver =
        Receiver::new(key.public_key().clone(), CLIENT_ID, format!("{url}/token"), access_token, parts.clock.clone());
    receiver.serve(listener)?;
    Ok(())
}

async fn ensure_key(vault: &Vault, org: &OrgId) -> Result<PublishedKey, VaultError> {
    match vault.hook_key_get_by_id_or_name(org, KEY).await {
        Err(VaultError::NotFound { .. }) => vault.hook_key_create(&Actor::Vault, org, KEY).await,
        found => found,
    }
}

/// On the port of the last time, or on another where somebody else has that one now.
fn listen_as_before(hook: Option<&InlineHook>) -> Result<TcpListener, StartError> {
    let at = |port| listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match hook.and_then(|hook| hook.channel.uri.as_url().port()) {
        Some(port) => at(port).or_else(|_| at(0)),
        None => at(0),
    }
}

/// Makes the hook, or lets it call the receiver where it is now.
async fn ensure_hook(
    vault: &Vault,
    org: &OrgId,
    hook: Option<InlineHook>,
    key: &HookKey,
    url: &str,
) -> Result<(), VaultError> {
    let channel = ChannelDraft {
        kind: Some("OAUTH".into()),
        version: Some("1.0.0".into()),
        uri: Some(format!("{url}/hook")),
        auth_type: Some("private_key_jwt".into()),
        client_id: Some(CLIENT_ID.into()),
        token_url: Some(format!("{url}/token")),
        hook_key: Some(key.id.to_string()),
        ..ChannelDraft::default()
    };
    let draft = HookDraft {
        name: Some(EXAMPLE_HOOK.into()),
        hook_type: Some("com.okta.oauth2.tokens.transform".into()),
        version: Some("1.0.0".into()),
        channel,
    };
    match hook {
        None => vault.inline_hook_create(&Actor::Vault, org, &draft).await.map(drop),
        Some(hook) if is_as_wanted(&hook, key, url) => Ok(()),
        Some(hook) => vault.inline_hook_replace(&Actor::Vault, org, hook.id.as_str(), draft).await.map(drop),
    }
}

fn is_as_wanted(hook: &InlineHook, key: &HookKey, url: &str) -> bool {
    let channel = &hook.channel;
    let client = channel.auth.client().is_some_and(|client| client.token_url.as_str() == format!("{url}/token"));
    client && channel.uri.as_str() == format!("{url}/hook") && channel.auth.hook_key_id() == Some(&key.id)
}
