//! Authentication (who is it, told by the middleware) and authorization (may they, told by a handler's first argument).

use crate::domain::actor::{Actor, RequestFacts};
use crate::domain::audit::{Event, EventKind, Outcome, Target as Audited};
use crate::domain::caller::Caller;
use crate::domain::org::Org;
use crate::domain::scope::Scope;
use crate::http::edge::error::ApiError;
use crate::http::edge::host::host;
use crate::http::edge::org_url::{Target, org_url, target};
use crate::http::shared::Shared;
use crate::vault::error::{CredentialError, VaultError};
use crate::vault::oauth::SingleUse;
use crate::vault::oauth::access_token::{AccessRequest, Scheme};
use crate::vault::oauth::error::AccessTokenError;
use crate::vault::read_model::Version;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

/// What the middleware found out about the sender, kept with the request.
pub enum Authentication {
    Missing,
    Failed(ApiError),
    Caller {
        caller: Caller,
        /// The address of the org, for callers with an access token.
        realm: Option<String>,
        /// The state of the org in which it was found out, where that is known.
        version: Option<Version>,
        /// For a token that is bound to a key: what counts once it was used up.
        proof: Option<SingleUse>,
    },
}

impl Authentication {
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Caller { caller, .. } => Some(caller),
            Self::Missing | Self::Failed(_) => None,
        }
    }

    /// The proof that a caller has used up.
    #[must_use]
    pub fn proof(&self) -> Option<&SingleUse> {
        match self {
            Self::Caller { proof, .. } => proof.as_ref(),
            Self::Missing | Self::Failed(_) => None,
        }
    }
}

/// Finds out who sent the request. Failures are kept, not answered: a public route does not mind them.
pub async fn authenticate(request: &ServiceRequest, shared: &Shared) -> Authentication {
    let Some(value) = request.headers().get(AUTHORIZATION).filter(|value| !value.as_bytes().trim_ascii().is_empty())
    else {
        return Authentication::Missing;
    };
    let host = host(request.request());
    match value.to_str().ok().and_then(credential) {
        None => Authentication::Failed(VaultError::BadCredential(CredentialError::Malformed).into()),
        Some((None, token)) => match shared.vault.registry().authenticate(host, token).await {
            Ok((caller, version)) => Authentication::Caller { caller, realm: None, version, proof: None },
            Err(error) => Authentication::Failed(error.into()),
        },
        Some((Some(scheme), token)) => {
            let registry = shared.vault.registry();
            let found = async {
                let version = registry.version().await?;
                let org = registry.org_of_host_as_of(host, version).await?;
                let version = registry.version_of(&org.id, version);
                Ok::<_, VaultError>((org, version))
            };
            match found.await {
                Ok((org, version)) => access_token(request, shared, &org, version, scheme, token).await,
                Err(error) => Authentication::Failed(error.into()),
            }
        }
    }
}

async fn access_token(
    request: &ServiceRequest,
    shared: &Shared,
    org: &Arc<Org>,
    version: Option<Version>,
    scheme: Scheme,
    token: &str,
) -> Authentication {
    let Ok(Target { org: realm, any_port, url }) = target(shared, org, request.request()) else {
        let realm = org_url(shared, org, None);
        return Authentication::Failed(ApiError::AccessToken { error: AccessTokenError::AddressUnknown, realm });
    };
    let access = AccessRequest {
        org,
        issuer: &realm,
        any_port,
        scheme,
        token,
        proofs: &proofs(request.headers()),
        method: request.method().as_str(),
        url: &url,
    };
    match shared.vault.access_token_authenticate(access).await {
        Ok((caller, proof)) => Authentication::Caller { caller, realm: Some(realm), version, proof },
        Err(VaultError::AccessToken(error)) => Authentication::Failed(ApiError::AccessToken { error, realm }),
        Err(VaultError::Proof(error)) => Authentication::Failed(ApiError::Proof { error, realm }),
        Err(error) => Authentication::Failed(error.into()),
    }
}

/// Uses up the proof of a caller who has one: a request is about to be looked at, and was not refused for its number.
pub async fn use_proof(authentication: Authentication, facts: &Arc<RequestFacts>, shared: &Shared) -> Authentication {
    let Authentication::Caller { caller, realm: Some(realm), version, proof: Some(proof) } = authentication else {
        return authentication;
    };
    match shared.vault.proof_use(&Actor::client(&caller.credential, facts), &proof).await {
        Ok(()) => Authentication::Caller { caller, realm: Some(realm), version, proof: Some(proof) },
        Err(VaultError::Proof(error)) => Authentication::Failed(ApiError::Proof { error, realm }),
        Err(error) => Authentication::Failed(error.into()),
    }
}

/// The DPoP proofs of a request. What is no text is no proof, but counts as one.
pub fn proofs(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all("dpop").map(|value| value.to_str().unwrap_or_default()).collect()
}

/// The scheme in any case, then white space or none, then the token (wire.md §4). API tokens have no scheme of OAuth.
fn credential(value: &str) -> Option<(Option<Scheme>, &str)> {
    const SCHEMES: [(&str, Option<Scheme>); 3] =
        [("SSWS", None), ("Bearer", Some(Scheme::Bearer)), ("DPoP", Some(Scheme::DPoP))];
    let value = value.trim();
    SCHEMES.into_iter().find_map(|(name, scheme)| {
        let (given, token) = value.split_at_checked(name.len())?;
        given.eq_ignore_ascii_case(name).then(|| (scheme, token.trim_start()))
    })
}

/// What a route asks of its caller.
pub trait Requirement: 'static {
    /// `None` where any valid credential will do.
    const SCOPE: Option<Scope>;
}

pub struct InlineHooksRead;
pub struct InlineHooksManage;
pub struct KeysUse;
pub struct LogsRead;
pub struct AnyCredential;

impl Requirement for InlineHooksRead {
    const SCOPE: Option<Scope> = Some(Scope::InlineHooksRead);
}

impl Requirement for InlineHooksManage {
    const SCOPE: Option<Scope> = Some(Scope::InlineHooksManage);
}

impl Requirement for KeysUse {
    const SCOPE: Option<Scope> = Some(Scope::KeysUse);
}

impl Requirement for LogsRead {
    const SCOPE: Option<Scope> = Some(Scope::LogsRead);
}

impl Requirement for AnyCredential {
    const SCOPE: Option<Scope> = None;
}

/// A caller who was found to fulfil `R`. It is the first argument of every guarded handler, so that it is decided
/// before a body is looked at.
pub struct Granted<R> {
    caller: Caller,
    version: Option<Version>,
    facts: Arc<RequestFacts>,
    requirement: PhantomData<R>,
}

impl<R> Granted<R> {
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// A state of the org that the answer may be of: it was the last one since the request came.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The caller as the one who changes something.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::client(&self.caller.credential, &self.facts)
    }
}

impl<R: Requirement> FromRequest for Granted<R> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authentication = request.extensions_mut().remove::<Authentication>();
        let facts = facts_of(request);
        ready(match authentication {
            Some(Authentication::Caller { caller, realm, version, .. }) => match R::SCOPE {
                Some(needed) if !caller.scopes.allow(needed) => {
                    tell_refused(request, &caller, &facts, needed);
                    Err(ApiError::ScopeTooSmall { needed, realm })
                }
                _ => Ok(Self { caller, version, facts, requirement: PhantomData }),
            },
            Some(Authentication::Failed(error)) => Err(error),
            Some(Authentication::Missing) | None => Err(VaultError::NoCredential.into()),
        })
    }
}

/// What is known of a request.
pub fn facts_of(request: &HttpRequest) -> Arc<RequestFacts> {
    request.extensions().get::<Arc<RequestFacts>>().cloned().unwrap_or_default()
}

/// Tells the audit trail of a caller who lacks a right.
fn tell_refused(request: &HttpRequest, caller: &Caller, facts: &Arc<RequestFacts>, needed: Scope) {
    let Some(shared) = request.app_data::<Data<Shared>>() else { return };
    let target = Audited::of("Request", &format!("{} {}", facts.method, facts.path), None).with("scope", needed);
    let outcome = Outcome::Deny(format!("the scope {needed} is missing"));
    let event = Event::new(EventKind::AccessDenied, [target]).ending(outcome);
    shared.vault.audit_use(&caller.org.id, &Actor::client(&caller.credential, facts), event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_have_any_case_and_no_space() {
        let token = format!("00{}", "a-_Z".repeat(10));
        for value in [format!("SSWS {token}"), format!("SSWS{token}"), format!("ssws \t{token} ")] {
            assert_eq!(credential(&value), Some((None, token.as_str())), "{value}");
        }
        assert_eq!(credential("bearer a.b.c"), Some((Some(Scheme::Bearer), "a.b.c")));
        assert_eq!(credential("Bearera.b.c"), Some((Some(Scheme::Bearer), "a.b.c")));
        assert_eq!(credential("DPoP a.b.c"), Some((Some(Scheme::DPoP), "a.b.c")));
        for value in [token.clone(), format!("Basic {token}"), "SSW".into(), "é".into(), "Bearé".into()] {
            assert_eq!(credential(&value), None, "{value}");
        }
    }
}
