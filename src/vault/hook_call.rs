//! Calling a hook (wire.md §6).
//!
//! 1. Where the channel says so, a client assertion is signed (RFC 7523) or the client secret opened.
//! 2. With it the token endpoint is asked for an access token (RFC 6749, clause 4.4), unless one is still good.
//! 3. The hook is called with the token, or with its secret header.
//!
//! All of it together has 3 s. What fails to connect, or answers with a 5xx, is tried once more; some types are not.

pub mod error;
pub mod trace;

use super::Vault;
use super::error::VaultError;
use crate::domain::hook_url::HookUrl;
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::{ChannelAuth, HookStatus, InlineHook, OAuthClient, StoredInlineHook};
use crate::domain::name::Name;
use crate::domain::secret::Secret;
pub use crate::outbound::OutboundError;
use crate::outbound::{Answer, Body};
pub use error::{CallError, Failure, OAuthError, Party};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use trace::Step;

/// For everything together (wire.md §6).
pub const BUDGET: Duration = Duration::from_secs(3);

/// How long the assertion for a token endpoint lives, in seconds (wire.md §6).
const ASSERTION_TTL: u64 = 60;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A finished call.
pub struct HookCall {
    pub hook: InlineHook,
    /// The `kid` that an assertion was signed with.
    pub key_id: Option<KeyId>,
    /// Oldest first.
    pub steps: Vec<Step>,
    /// The hook's answer: a JSON object.
    pub outcome: Result<Vec<u8>, CallError>,
}

/// What a token endpoint answers (RFC 6749, clause 5.1).
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<Value>,
}

/// What it answers instead (clause 5.2).
#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
    error_description: Option<String>,
}

impl Vault {
    /// Calls an active hook with a JSON payload, and returns its answer, a JSON object.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::HookInactive`], [`VaultError::Call`], or what keeps the vault from signing.
    pub async fn inline_hook_execute(&self, org: &OrgId, id: &str, payload: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let stored = self.stored_hook(org, id).await?;
        if stored.hook.status == HookStatus::Inactive {
            return Err(VaultError::HookInactive);
        }
        Ok(self.call(stored, payload).await?.outcome?)
    }

    /// Calls a hook, active or not, by its id or name, and tells everything that happened.
    ///
    /// # Errors
    /// As [`Self::inline_hook_execute`], but a call in vain is part of the result.
    pub async fn inline_hook_test(&self, org: &OrgId, hook: &str, payload: Vec<u8>) -> Result<HookCall, VaultError> {
        let stored = self.stored_hook_by_id_or_name(org, hook).await?;
        self.call(stored, payload).await
    }

    async fn call(&self, stored: StoredInlineHook, payload: Vec<u8>) -> Result<HookCall, VaultError> {
        let mut call = Call {
            vault: self,
            deadline: Instant::now() + BUDGET,
            retries: u32::from(stored.hook.hook_type.is_retried()),
            key_id: None,
            steps: Vec::new(),
        };
        let outcome = match call.run(&stored, payload).await {
            Ok(answer) => Ok(answer),
            Err(VaultError::Call(error)) => Err(*error),
            Err(error) => return Err(error),
        };
        Ok(HookCall { key_id: call.key_id, steps: call.steps, hook: stored.hook, outcome })
    }

    fn open_secret(&self, stored: &StoredInlineHook) -> Result<Secret, VaultError> {
        // The database holds one wherever the channel needs it.
        let sealed = stored.sealed_secret.as_ref().ok_or(VaultError::Empty)?;
        let opened = self.envelope.open(stored.hook.secret_place(), sealed).map_err(VaultError::KeyUnusable)?;
        Ok(Secret::new(String::from_utf8_lossy(&opened).into_owned()))
    }
}

/// A call under way.
struct Call<'a> {
    vault: &'a Vault,
    deadline: Instant,
    /// How many requests may be made once more.
    retries: u32,
    key_id: Option<KeyId>,
    steps: Vec<Step>,
}

impl Call<'_> {
    async fn run(&mut self, stored: &StoredInlineHook, payload: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let channel = &stored.hook.channel;
        let mut headers: Vec<_> =
            channel.headers.iter().map(|header| (header.key.clone(), header.value.clone())).collect();
        let mut shown: Vec<_> = headers.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        match &channel.auth {
            ChannelAuth::None => {}
            ChannelAuth::Header { key } => {
                let secret = self.vault.open_secret(stored)?;
                shown.push(format!("{key}: {}", trace::hidden(secret.expose())));
                headers.push((key.clone(), secret.expose().to_owned()));
            }
            ChannelAuth::ClientSecretPost(client) | ChannelAuth::PrivateKeyJwt { client, .. } => {
                let token = self.access_token(stored, client).await?;
                shown.push(format!("Authorization: Bearer {}", trace::hidden(token.expose())));
                headers.push(("Authorization".into(), format!("Bearer {}", token.expose())));
            }
        }
        shown.push(String::from_utf8_lossy(&payload).into_owned());
        let body = || Body::Json(payload.clone());
        let answer = self.post(Party::Hook, &channel.uri, &headers, body, &shown).await?;
        let failure = |failure| CallError { party: Party::Hook, url: channel.uri.clone(), failure };
        if answer.status == 401 {
            // Perhaps the token was withdrawn: the next call brings a new one.
            self.vault.access_tokens.forget(&stored.hook.id);
        }
        check_status(&answer, None).map_err(failure)?;
        if answer.body.is_empty() {
            // Nothing to say, as with a 204.
            return Ok(b"{}".to_vec());
        }
        serde_json::from_slice::<Map<String, Value>>(&answer.body)
            .map_err(|error| failure(Failure::NotJson(error.to_string())))?;
        Ok(answer.body)
    }

    async fn access_token(&mut self, stored: &StoredInlineHook, client: &OAuthClient) -> Result<Secret, VaultError> {
        let vault = self.vault;
        if let Some(token) = vault.access_tokens.get(stored, vault.clock().elapsed()) {
            return Ok(token);
        }
        let mut form = vec![("grant_type", "client_credentials".to_owned()), ("client_id", client.client_id.clone())];
        form.extend(client.scope.clone().map(|scope| ("scope", scope)));
        match stored.hook.channel.auth.hook_key_id() {
            Some(key) => {
                form.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
                form.push(("client_assertion", self.assertion(&stored.hook, client, key).await?));
            }
            None => form.push(("client_secret", vault.open_secret(stored)?.expose().to_owned())),
        }
        let shown: Vec<_> = form
            .iter()
            .map(|(name, value)| match *name {
                "client_assertion" | "client_secret" => format!("{name}={}", trace::hidden(value)),
                _ => format!("{name}={value}"),
            })
            .collect();
        let url = &client.token_url;
        let answer = self.post(Party::TokenEndpoint, url, &[], || Body::Form(form.clone()), &shown).await?;
        let failure = |failure| CallError { party: Party::TokenEndpoint, url: url.clone(), failure };
        let refusal = serde_json::from_slice::<TokenRefusal>(&answer.body).ok();
        let oauth = refusal.map(|refusal| OAuthError::new(&refusal.error, refusal.error_description.as_deref()));
        check_status(&answer, oauth).map_err(failure)?;
        let answer: TokenAnswer =
            serde_json::from_slice(&answer.body).map_err(|error| failure(Failure::NotJson(error.to_string())))?;
        if let Some(kind) = answer.token_type.filter(|kind| !kind.eq_ignore_ascii_case("Bearer")) {
            return Err(failure(Failure::TokenType(kind)).into());
        }
        let usable = |token: &String| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        let token = answer.access_token.filter(usable).ok_or_else(|| failure(Failure::NoAccessToken))?;
        let token = Secret::new(token);
        // Some endpoints send the number as text; without it nobody knows how long the token lives.
        let lifetime = answer.expires_in.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
        if let Some(seconds) = lifetime {
            vault.access_tokens.put(stored, &token, vault.clock().elapsed(), Duration::from_secs(seconds));
        }
        Ok(token)
    }

    async fn assertion(
        &mut self,
        hook: &InlineHook,
        client: &OAuthClient,
        key: &HookKeyId,
    ) -> Result<String, VaultError> {
        let vault = self.vault;
        let started = vault.clock().elapsed();
        let id = Value::from(client.client_id.as_str());
        let claims = [("iss", id.clone()), ("sub", id), ("aud", client.token_url.as_str().into())];
        let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let signed = vault.sign_claims(&hook.org_id, key, claims, ASSERTION_TTL).await?;
        self.key_id = Some(signed.key_id);
        self.steps.push(Step {
            title: format!("Client assertion, signed with the key {key} (kid {})", signed.key_id),
            sent: Vec::new(),
            received: vec![Value::Object(signed.claims).to_string()],
            took: vault.clock().elapsed().saturating_sub(started),
        });
        if let Ok(consumer) = Name::parse(hook.id.as_str()) {
            vault.key_reference_touch(&hook.org_id, key, &consumer).await;
        }
        Ok(signed.jwt)
    }

    /// One request, or two where the first one fails in a way that may pass. Each is a step.
    async fn post(
        &mut self,
        party: Party,
        url: &HookUrl,
        headers: &[(String, String)],
        body: impl Fn() -> Body,
        shown: &[String],
    ) -> Result<Answer, CallError> {
        loop {
            let started = self.vault.clock().elapsed();
            let answer = timeout_at(self.deadline, self.vault.outbound.post(url, headers, body())).await;
            let received = match &answer {
                Ok(answer) => trace::received(answer),
                Err(_) => vec!["no answer in time".to_owned()],
            };
            self.steps.push(Step {
                title: format!("Request to {party}, POST {url}"),
                sent: shown.to_vec(),
                received,
                took: self.vault.clock().elapsed().saturating_sub(started),
            });
            let failure = match answer {
                Err(_) => Failure::TimedOut { seconds: BUDGET.as_secs() },
                Ok(answer) if self.retries > 0 && may_pass(&answer) => {
                    self.retries -= 1;
                    continue;
                }
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Failure::Outbound(error),
            };
            return Err(CallError { party, url: url.clone(), failure });
        }
    }
}

/// Whether a second try may do better: the connection failed, or the other side did.
fn may_pass(answer: &Result<Answer, OutboundError>) -> bool {
    match answer {
        Ok(answer) => answer.status >= 500,
        Err(OutboundError::Connect(_) | OutboundError::Closed(_)) => true,
        Err(
            OutboundError::NotAllowed(_)
            | OutboundError::Unresolvable(_)
            | OutboundError::Tls(_)
            | OutboundError::TooLarge,
        ) => false,
    }
}

fn check_status(answer: &Answer, oauth: Option<OAuthError>) -> Result<(), Failure> {
    match answer.status {
        200..300 => Ok(()),
        status @ 300..400 => Err(Failure::Redirect { status }),
        status => Err(Failure::Status { status, oauth }),
    }
}
