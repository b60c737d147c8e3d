//! The token endpoint: an access token for a client that proves who it is (RFC 6749, clause 4.4).

use super::error::{ProofError, TokenRequestError as Refused};
use super::replay::SingleUse;
use super::{access_token, assertion, proof};
use crate::domain::actor::{Actor, RequestFacts};
use crate::domain::audit::{Event, EventKind, Outcome, Target};
use crate::domain::caller::Credential;
use crate::domain::id::PrefixedId as _;
use crate::domain::org::Org;
use crate::domain::scope::{Scope, Scopes};
use crate::repository::store::Serial;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::keys::signing::ASSERTION_TYPE;
use std::sync::Arc;

/// What a token endpoint is asked. The parameters are as they came.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    pub org: &'a Org,
    /// The org's address, which is the issuer.
    pub issuer: &'a str,
    /// The address of the endpoint itself.
    pub token_url: &'a str,
    pub grant_type: Option<&'a str>,
    pub scope: Option<&'a str>,
    pub client_id: Option<&'a str>,
    /// Whether the client tried to prove who it is by a secret.
    pub has_secret: bool,
    pub assertion_type: Option<&'a str>,
    pub assertion: Option<&'a str>,
    /// The `DPoP` headers.
    pub proofs: &'a [&'a str],
    /// For the audit trail.
    pub facts: &'a Arc<RequestFacts>,
}

/// An access token with what belongs to it. There is no `Debug`: it is a credential.
pub struct Granted {
    pub access_token: String,
    pub scopes: Scopes,
    /// For a token that is bound to a key: the nonce for the client's next proof.
    pub next_nonce: Option<String>,
}

impl Vault {
    /// An assertion that proves who the client is, and a proof that counts, are used up by any answer but a failure of the store.
    ///
    /// # Errors
    /// [`VaultError::TokenRequest`] or one of the store.
    pub async fn token_grant(&self, request: TokenRequest<'_>) -> Result<Granted, VaultError> {
        if request.grant_type != Some("client_credentials") {
            return Err(Refused::GrantType.into());
        }
        let assertion = match (request.assertion, request.assertion_type) {
            (None, None) if request.has_secret => {
                return Err(Refused::Client("client secrets are not used here").into());
            }
            (None, None) => return Err(Refused::NoCredentials.into()),
            (Some(_), _) if request.has_secret => {
                return Err(Refused::Client("there are two ways of proving who the client is").into());
            }
            (_, kind) if kind != Some(ASSERTION_TYPE) => return Err(Refused::AssertionType.into()),
            (None, _) => return Err(Refused::NoCredentials.into()),
            (Some(assertion), _) => assertion,
        };
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.read().await?;
        let found =
            assertion::authenticate(&mut *tx, &request.org.id, assertion, request.client_id, request.token_url, now);
        let assertion::Client { app, single_use } = found.await?;
        drop(tx);

        // The rest is decided before anything is used up: what fails for our own reasons can be sent again as it is.
        let proof = if app.dpop_bound { Some(self.proof_for_token(&request)) } else { None };
        let scopes = allowed(request.scope, &app.scopes);
        let granted = match (proof.as_ref(), &scopes) {
            (Some(Err(error)), _) => Err(Refused::from(error.clone())),
            (_, Err(error)) => Err(error.clone()),
            (proof, Ok(scopes)) => {
                let thumbprint = proof.and_then(|proof| proof.as_ref().ok()).map(|proof| proof.thumbprint.as_str());
                let claims = access_token::Claims::new(self, request.issuer, &app, scopes, thumbprint);
                Ok((self.access_token_sign(&request.org.id, claims).await?, scopes.clone()))
            }
        };
        // Also for an answer that asks for a nonce, or refuses for another reason (wire.md §5).
        let proof = proof.and_then(Result::ok).map(|proof| proof.single_use);
        let actor = Actor::client(&Credential::ServiceApp(app.id.clone()), request.facts);
        self.use_up(&actor, single_use, proof).await?;
        let told = match &granted {
            Ok(_) => Outcome::Success,
            Err(refused) => Outcome::Deny(refused.to_string()),
        };
        let target = Target::new("PublicClientApp", &app.id, Some(&app.name));
        let target = match &granted {
            Ok((_, scopes)) => target.with("scopes", scopes),
            Err(_) => target.with("asked_for", request.scope.unwrap_or_default()),
        };
        self.audit_use(&request.org.id, &actor, Event::new(EventKind::AccessTokenGranted, [target]).ending(told));
        let (access_token, scopes) = granted?;
        tracing::info!(app = app.id.as_str(), %scopes, bound = app.dpop_bound, "issued an access token");
        let next_nonce = app.dpop_bound.then(|| proof::nonce(&self.envelope, &request.org.id, now));
        Ok(Granted { access_token, scopes, next_nonce })
    }

    /// Uses up both, in one transaction. An assertion that was used before leaves the proof alone.
    async fn use_up(
        &self,
        actor: &Actor,
        assertion: Option<SingleUse>,
        proof: Option<SingleUse>,
    ) -> Result<(), VaultError> {
        if assertion.is_none() && proof.is_none() {
            return Ok(());
        }
        let mut tx = self.registry.store.write(actor, Serial::No).await?;
        if let Some(assertion) = assertion
            && !assertion.record(&mut *tx).await?
        {
            return Err(Refused::AlreadyUsed.into());
        }
        let fresh = match proof {
            Some(proof) => proof.record(&mut *tx).await?,
            None => true,
        };
        self.commit(tx, Record::SingleUse("the grant has an entry of its own")).await?;
        if fresh { Ok(()) } else { Err(Refused::from(ProofError::AlreadyUsed).into()) }
    }

    fn proof_for_token(&self, request: &TokenRequest<'_>) -> Result<proof::Proof, ProofError> {
        let (org, now) = (&request.org.id, self.registry.clock.now());
        let text = proof::single(request.proofs)?;
        let context = proof::Request { org, method: "POST", url: request.token_url, access_token: None, now };
        let proof = proof::check(text, context)?;
        match &proof.nonce {
            Some(nonce) if proof::is_fresh(&self.envelope, org, nonce, now) => Ok(proof),
            _ => Err(ProofError::Nonce(proof::nonce(&self.envelope, org, now))),
        }
    }
}

/// Which of the scopes asked for a client gets (RFC 6749, clause 3.3): those that it may have, and at least one.
fn allowed(asked: Option<&str>, granted: &Scopes) -> Result<Scopes, Refused> {
    let names: Vec<_> = asked.unwrap_or_default().split_ascii_whitespace().collect();
    if names.is_empty() {
        return Err(Refused::NoScopes);
    }
    let known: Result<Scopes, _> = names.into_iter().map(Scope::parse).collect();
    // Who may manage may ask for less.
    let allowed = known.map_err(|_| Refused::UnknownScope)?.within(granted);
    if allowed.is_empty() { Err(Refused::NoneAllowed) } else { Ok(allowed) }
}
