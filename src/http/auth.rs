//! Authentication (who is it, told by the middleware) and authorization (may they, told by a handler's first argument).

use super::Shared;
use super::error::ApiError;
use crate::domain::caller::Caller;
use crate::domain::scope::Scope;
use crate::vault::error::VaultError;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// What the middleware found out about the sender, kept with the request.
pub enum Authentication {
    Missing,
    Failed(VaultError),
    Caller(Caller),
}

impl Authentication {
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Caller(caller) => Some(caller),
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
    let Some(token) = value.to_str().ok().and_then(api_token) else {
        return Authentication::Failed(VaultError::BadCredential);
    };
    match shared.vault.registry().authenticate(host(request.request()), token).await {
        Ok(caller) => Authentication::Caller(caller),
        Err(error) => Authentication::Failed(error),
    }
}

/// The host that the client asked for: the request line's where it has one, else the header's (RFC 9112, clause 3.2.2).
pub fn host(request: &HttpRequest) -> Option<&str> {
    host_of(request.uri().authority().map(|authority| authority.as_str()), request.headers())
}

fn host_of<'a>(authority: Option<&'a str>, headers: &'a HeaderMap) -> Option<&'a str> {
    authority.or_else(|| headers.get(HOST)?.to_str().ok())
}

/// `SSWS` in any case, then white space or none, then the token (wire.md §4).
fn api_token(value: &str) -> Option<&str> {
    const SCHEME: &str = "SSWS";
    let value = value.trim();
    let scheme = value.get(..SCHEME.len()).filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME))?;
    Some(value[scheme.len()..].trim_start())
}

/// What a route asks of its caller.
pub trait Requirement: 'static {
    /// `None` where any valid credential will do.
    const SCOPE: Option<Scope>;
}

pub struct InlineHooksRead;
pub struct InlineHooksManage;
pub struct KeysUse;
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

impl Requirement for AnyCredential {
    const SCOPE: Option<Scope> = None;
}

/// A caller who was found to fulfil `R`. It is the first argument of every guarded handler, so that it is decided
/// before a body is looked at.
pub struct Granted<R> {
    caller: Caller,
    requirement: PhantomData<R>,
}

impl<R> Granted<R> {
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl<R: Requirement> FromRequest for Granted<R> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authentication = request.extensions_mut().remove::<Authentication>();
        ready(match authentication {
            Some(Authentication::Caller(caller)) => {
                if R::SCOPE.is_none_or(|scope| caller.scopes.allow(scope)) {
                    Ok(Self { caller, requirement: PhantomData })
                } else {
                    Err(ApiError::ScopeTooSmall)
                }
            }
            Some(Authentication::Failed(error)) => Err(error.into()),
            Some(Authentication::Missing) | None => Err(VaultError::NoCredential.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_have_any_case_and_no_space() {
        let token = format!("00{}", "a-_Z".repeat(10));
        for value in [format!("SSWS {token}"), format!("SSWS{token}"), format!("ssws \t{token} ")] {
            assert_eq!(api_token(&value).unwrap(), token, "{value}");
        }
        for value in [token.clone(), format!("Bearer {token}"), "SSW".into(), "é".into()] {
            assert!(api_token(&value).is_none(), "{value}");
        }
    }
}
