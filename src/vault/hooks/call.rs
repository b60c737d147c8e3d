//! Calling a hook (wire.md §6).
//!
//! 1. Where the channel says so, a client assertion is signed (RFC 7523) or the client secret opened.
//! 2. With it the token endpoint is asked for an access token (RFC 6749, clause 4.4), unless one is still good.
//! 3. The hook is called with the token, or with its secret header.
//!
//! All of it together has 3 s. One request of a call is made again where its connection fails or it is answered with a 5xx; of
//! some types none is.

pub mod error;
pub mod trace;

use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Outcome, Target};
use crate::domain::http_url::HttpUrl;
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::{ChannelAuth, HookStatus, InlineHook, OAuthClient, StoredInlineHook};
use crate::domain::name::Name;
use crate::domain::secret::Secret;
pub use crate::outbound::OutboundError;
use crate::outbound::{Answer, Body};
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::hooks::inline_hook::target;
use crate::vault::keys::signing::{ASSERTION_TTL, ASSERTION_TYPE, assertion_claims};
pub use error::{CallError, Failure, NotAnObject, OAuthError, Party};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use trace::Step;

/// For everything together (wire.md §6).
pub const BUDGET: Duration = Duration::from_secs(3);

/// With less than this, that a second try runs out of time says nothing of the other side.
const FAIR_CHANCE: Duration = Duration::from_secs(1);

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

impl Vault {
    /// Calls an active hook with a JSON payload, and returns its answer, a JSON object.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::HookInactive`], [`VaultError::Call`], or what keeps the vault from signing.
    pub async fn inline_hook_execute(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &str,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, VaultError> {
        let stored = self.stored_hook(org, id).await?;
        if stored.hook.status == HookStatus::Inactive {
            return Err(VaultError::HookInactive);
        }
        Ok(self.call(actor, stored, payload).await?.outcome?)
    }

    /// Calls a hook, active or not, by its id or name, and tells everything that happened.
    ///
    /// # Errors
    /// As [`Self::inline_hook_execute`], but a call in vain is part of the result.
    pub async fn inline_hook_test(
        &self,
        actor: &Actor,
        org: &OrgId,
        hook: &str,
        payload: Vec<u8>,
    ) -> Result<HookCall, VaultError> {
        let stored = self.stored_hook_by_id_or_name(org, hook).await?;
        self.call(actor, stored, payload).await
    }

    async fn call(&self, actor: &Actor, stored: StoredInlineHook, payload: Vec<u8>) -> Result<HookCall, VaultError> {
        let mut call = Call {
            vault: self,
            actor,
            deadline: Instant::now() + BUDGET,
            retries: u32::from(stored.hook.hook_type.is_retried()),
            key_id: None,
            steps: Vec::new(),
            secrets: Vec::new(),
        };
        let run = call.run(&stored, &payload).await;
        let told = match &run {
            Ok(_) => Outcome::Success,
            Err(error) => Outcome::Failure(error.to_string()),
        };
        let event = Event::new(EventKind::InlineHookExecuted, [target(&stored.hook)]).ending(told);
        self.audit_use(&stored.hook.org_id, actor, event);
        let outcome = match run {
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
    actor: &'a Actor,
    deadline: Instant,
    /// How many requests may be made once more.
    retries: u32,
    key_id: Option<KeyId>,
    steps: Vec<Step>,
    /// Everything that was sent and nobody may see.
    secrets: Vec<Secret>,
}

/// A request that is ready, and its lines for people.
struct Request {
    headers: Vec<(String, String)>,
    body: Body,
    shown: Vec<String>,
}

impl Call<'_> {
    async fn run(&mut self, stored: &StoredInlineHook, payload: &[u8]) -> Result<Vec<u8>, VaultError> {
        let uri = &stored.hook.channel.uri;
        let (headers, shown) = self.headers(stored, payload).await?;
        let request = async |_: &mut Self| {
            Ok(Request { headers: headers.clone(), body: Body::Json(payload.to_vec()), shown: shown.clone() })
        };
        let answer = self.ask(Party::Hook, uri, request).await?;
        let failure = |failure| CallError { party: Party::Hook, url: uri.clone(), failure };
        if answer.status == 401 {
            // Perhaps the token was withdrawn: the next call brings a new one.
            self.vault.token_cache.forget(&stored.hook.id);
        }
        check_status(&answer, None).map_err(failure)?;
        if answer.body.is_empty() {
            // Nothing to say, as with a 204.
            return Ok(b"{}".to_vec());
        }
        object(&answer.body).map_err(failure)?;
        Ok(answer.body)
    }

    /// The headers of the hook's request, with what proves who is calling; and the lines of the request.
    async fn headers(
        &mut self,
        stored: &StoredInlineHook,
        payload: &[u8],
    ) -> Result<(Vec<(String, String)>, Vec<String>), VaultError> {
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
                self.secrets.push(secret);
            }
            ChannelAuth::ClientSecretPost(client) | ChannelAuth::PrivateKeyJwt { client, .. } => {
                let token = self.access_token(stored, client).await?;
                shown.push(format!("Authorization: Bearer {}", trace::hidden(token.expose())));
                headers.push(("Authorization".into(), format!("Bearer {}", token.expose())));
                self.secrets.push(token);
            }
        }
        shown.push(String::from_utf8_lossy(payload).into_owned());
        Ok((headers, shown))
    }

    async fn access_token(&mut self, stored: &StoredInlineHook, client: &OAuthClient) -> Result<Secret, VaultError> {
        let vault = self.vault;
        if let Some(token) = vault.token_cache.get(stored, vault.clock().elapsed()) {
            return Ok(token);
        }
        let url = &client.token_url;
        // Made anew for a second try: an assertion is good for one use.
        let request = async |call: &mut Self| call.token_request(stored, client).await;
        let answer = self.ask(Party::TokenEndpoint, url, request).await?;
        let failure = |failure| CallError { party: Party::TokenEndpoint, url: url.clone(), failure };
        let body = object(&answer.body);
        let text = |name: &str| body.as_ref().ok()?.get(name)?.as_str();
        let hide = |text: &str| trace::hide(text, &self.secrets);
        let oauth =
            text("error").map(|code| OAuthError::new(&hide(code), text("error_description").map(hide).as_deref()));
        check_status(&answer, oauth.clone()).map_err(failure)?;
        if oauth.is_some() && text("access_token").is_none() {
            // A refusal under a status that says otherwise.
            return Err(failure(Failure::Status { status: answer.status, oauth }).into());
        }
        let body = body.map_err(failure)?;
        // RFC 6749, clause 5.1.
        let text = |name: &str| body.get(name)?.as_str();
        if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("Bearer")) {
            return Err(failure(Failure::TokenType(error::short(kind))).into());
        }
        let usable = |token: &&str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        let token = text("access_token").filter(usable).ok_or_else(|| failure(Failure::NoAccessToken))?;
        let token = Secret::new(token.to_owned());
        // Some endpoints send the number as text; without it nobody knows how long the token lives.
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        if let Some(seconds) = body.get("expires_in").and_then(number) {
            vault.token_cache.put(stored, &token, vault.clock().elapsed(), Duration::from_secs(seconds));
        }
        Ok(token)
    }

    /// RFC 6749, clause 4.4.2, with the client authentication of RFC 7523, clause 2.2, or of RFC 6749, clause 2.3.1.
    async fn token_request(&mut self, stored: &StoredInlineHook, client: &OAuthClient) -> Result<Request, VaultError> {
        let mut form = vec![("grant_type", "client_credentials".to_owned()), ("client_id", client.client_id.clone())];
        form.extend(client.scope.clone().map(|scope| ("scope", scope)));
        let mut shown: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (name, secret) = match stored.hook.channel.auth.hook_key_id() {
            Some(key) => {
                form.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
                shown.push(format!("client_assertion_type={ASSERTION_TYPE}"));
                ("client_assertion", self.assertion(&stored.hook, client, key).await?)
            }
            None => ("client_secret", self.vault.open_secret(stored)?),
        };
        shown.push(format!("{name}={}", trace::hidden(secret.expose())));
        form.push((name, secret.expose().to_owned()));
        self.secrets.push(secret);
        Ok(Request { headers: Vec::new(), body: Body::Form(form), shown })
    }

    async fn assertion(
        &mut self,
        hook: &InlineHook,
        client: &OAuthClient,
        key: &HookKeyId,
    ) -> Result<Secret, VaultError> {
        let vault = self.vault;
        let started = vault.clock().elapsed();
        let claims = assertion_claims(&client.client_id, client.token_url.as_str());
        let mut signed = vault.sign_claims(&hook.org_id, key, claims, ASSERTION_TTL).await?;
        let used = Target::new("HookKey", key, None).with("hook_key_id", key);
        vault.audit_use(&hook.org_id, self.actor, Event::new(EventKind::HookKeyUsed, [used, target(hook)]));
        // For people: without its query, as everywhere.
        signed.claims.insert("aud".into(), client.token_url.shown().into());
        self.key_id = Some(signed.key_id);
        self.steps.push(Step {
            title: format!("Client assertion, signed with the key {key} (kid {})", signed.key_id),
            sent: Vec::new(),
            received: vec![Value::Object(signed.claims).to_string()],
            took: vault.clock().elapsed().saturating_sub(started),
        });
        if let Ok(consumer) = Name::parse(hook.id.as_str()) {
            vault.key_reference_touch(self.actor, &hook.org_id, key, &consumer).await;
        }
        Ok(Secret::new(signed.jwt))
    }

    /// One request, or two where the first one fails in a way that may pass. Each is a step.
    async fn ask(
        &mut self,
        party: Party,
        url: &HttpUrl,
        mut request: impl AsyncFnMut(&mut Self) -> Result<Request, VaultError>,
    ) -> Result<Answer, VaultError> {
        let failure = |failure| CallError { party, url: url.clone(), failure };
        let ready = self.in_time(&mut request).await?;
        let first = self.attempt(party, url, ready).await;
        if self.retries == 0 || !may_pass(&first) {
            return Ok(first.map_err(failure)?);
        }
        self.retries -= 1;
        // Where no time was left for a second one, what the first one met is the better news.
        let ready = match self.in_time(&mut request).await {
            Err(VaultError::Busy(_)) => return Ok(first.map_err(failure)?),
            ready => ready?,
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        let answer = match self.attempt(party, url, ready).await {
            Err(Failure::TimedOut { .. }) if left < FAIR_CHANCE => first,
            second => second,
        };
        Ok(answer.map_err(failure)?)
    }

    /// The vault's own part has no more time than the others.
    async fn in_time(
        &mut self,
        request: &mut impl AsyncFnMut(&mut Self) -> Result<Request, VaultError>,
    ) -> Result<Request, VaultError> {
        let slow =
            |_| VaultError::Busy(StoreError::Busy("the vault itself took too long for the call of a hook".into()));
        timeout_at(self.deadline, request(self)).await.map_err(slow)?
    }

    async fn attempt(&mut self, party: Party, url: &HttpUrl, request: Request) -> Result<Answer, Failure> {
        let Request { headers, body, shown } = request;
        let started = self.vault.clock().elapsed();
        let answer = timeout_at(self.deadline, self.vault.outbound.post(url, &headers, body)).await;
        self.steps.push(Step {
            title: format!("Request to {party}, POST {}", url.shown()),
            sent: shown,
            received: match &answer {
                Ok(answer) => trace::received(party, answer, &self.secrets),
                Err(_) => vec!["no answer in time".to_owned()],
            },
            took: self.vault.clock().elapsed().saturating_sub(started),
        });
        match answer {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::TimedOut { seconds: BUDGET.as_secs() }),
        }
    }
}

/// Whether a second try may do better: the connection failed, or the other side did.
fn may_pass(answer: &Result<Answer, Failure>) -> bool {
    match answer {
        Ok(answer) => answer.status >= 500,
        Err(Failure::Outbound(OutboundError::Connect(_) | OutboundError::Closed(_))) => true,
        Err(_) => false,
    }
}

fn check_status(answer: &Answer, oauth: Option<OAuthError>) -> Result<(), Failure> {
    match answer.status {
        200..300 => Ok(()),
        status @ 300..400 => Err(Failure::Redirect { status }),
        status => Err(Failure::Status { status, oauth }),
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::NotAnObject(NotAnObject::OtherJson)),
        Err(error) => Err(Failure::NotAnObject(NotAnObject::NoJson { line: error.line(), column: error.column() })),
    }
}
