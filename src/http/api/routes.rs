//! The table of all routes. There is no other way to register one.

use crate::domain::scope::Scope;
use crate::http::api::hook_key;
use crate::http::api::inline_hook;
use crate::http::api::key_reference;
use crate::http::api::signing;
use crate::http::api::user;
use crate::http::edge::authentication::{Granted, Requirement};
use crate::http::edge::error::ApiError;
use crate::http::openapi;
use crate::http::public::jwks;
use crate::http::public::oauth_metadata;
use crate::http::public::organization;
use crate::http::public::probe;
use crate::http::public::token_endpoint;
use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route as ActixRoute, guard, web};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Public,
    /// Everyone, and every page in a browser.
    Published,
    /// Everyone, every page in a browser, and not rate limited.
    Discovery,
    /// Everyone, and not rate limited.
    Probe,
    /// Whoever has a valid credential with the scope, or with any where there is none.
    Guarded(Option<Scope>),
}

/// One method of one path.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    handler: ActixRoute,
}

impl Route {
    /// The methods that it answers.
    fn methods(&self) -> Vec<Method> {
        match self.access {
            Access::Guarded(_) => vec![self.method.clone()],
            Access::Published | Access::Discovery => vec![self.method.clone(), Method::HEAD, Method::OPTIONS],
            Access::Public if self.method != Method::GET => vec![self.method.clone()],
            Access::Public | Access::Probe => vec![self.method.clone(), Method::HEAD],
        }
    }
}

/// All routes. Where two paths match a request, the earlier one gets it.
#[must_use]
pub fn all() -> Vec<Route> {
    const HOOK_KEYS: &str = "/api/v1/hook-keys";
    const HOOK_KEY: &str = "/api/v1/hook-keys/{id}";
    const INLINE_HOOKS: &str = "/api/v1/inlineHooks";
    const INLINE_HOOK: &str = "/api/v1/inlineHooks/{id}";
    const REFERENCES: &str = "/vault/v1/hook-keys/{key}/references";
    const REFERENCE: &str = "/vault/v1/hook-keys/{key}/references/{consumer}";
    vec![
        guarded(Method::GET, HOOK_KEYS, hook_key::list),
        guarded(Method::POST, HOOK_KEYS, hook_key::create),
        guarded(Method::GET, "/api/v1/hook-keys/public/{keyId}", hook_key::public_key),
        guarded(Method::GET, HOOK_KEY, hook_key::get),
        guarded(Method::PUT, HOOK_KEY, hook_key::replace),
        guarded(Method::DELETE, HOOK_KEY, hook_key::delete),
        guarded(Method::GET, INLINE_HOOKS, inline_hook::list),
        guarded(Method::POST, INLINE_HOOKS, inline_hook::create),
        guarded(Method::GET, INLINE_HOOK, inline_hook::get),
        guarded(Method::POST, INLINE_HOOK, inline_hook::update),
        guarded(Method::PUT, INLINE_HOOK, inline_hook::replace),
        guarded(Method::DELETE, INLINE_HOOK, inline_hook::delete),
        guarded(Method::POST, "/api/v1/inlineHooks/{id}/lifecycle/activate", inline_hook::activate),
        guarded(Method::POST, "/api/v1/inlineHooks/{id}/lifecycle/deactivate", inline_hook::deactivate),
        guarded(Method::POST, "/api/v1/inlineHooks/{id}/execute", inline_hook::execute),
        guarded(Method::GET, REFERENCES, key_reference::list),
        guarded(Method::GET, REFERENCE, key_reference::get),
        guarded(Method::PUT, REFERENCE, key_reference::put),
        guarded(Method::DELETE, REFERENCE, key_reference::delete),
        guarded(Method::POST, "/vault/v1/hook-keys/{key}/client-assertions", signing::client_assertion),
        guarded(Method::POST, "/vault/v1/hook-keys/{key}/jwts", signing::jwt),
        open(Access::Published, "/.well-known/jwks.json", jwks::org_jwks),
        open(Access::Published, "/.well-known/jwks.pem", jwks::org_pem),
        open(Access::Published, "/vault/v1/hook-keys/{key}/jwks.json", jwks::key_jwks),
        open(Access::Published, "/vault/v1/hook-keys/{key}/jwks.pem", jwks::key_pem),
        public_post(token_endpoint::TOKEN_PATH, token_endpoint::token),
        open(Access::Discovery, oauth_metadata::KEYS_PATH, oauth_metadata::keys),
        open(Access::Discovery, "/.well-known/oauth-authorization-server", oauth_metadata::authorization_server),
        open(Access::Discovery, "/.well-known/openid-configuration", oauth_metadata::openid_configuration),
        guarded(Method::GET, "/api/v1/users/me", user::me),
        open(Access::Public, "/.well-known/okta-organization", organization::metadata),
        open(Access::Probe, "/healthz", probe::alive),
        open(Access::Probe, "/readyz", probe::ready),
        open(Access::Public, "/openapi.json", openapi::openapi_json),
        open(Access::Public, "/docs", openapi::page),
        open(Access::Public, "/docs/{file}", openapi::asset),
    ]
}

/// Whether requests for this path go uncounted, whoever sends them.
#[must_use]
pub fn is_uncounted(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz") || is_discovery(path)
}

fn is_discovery(path: &str) -> bool {
    matches!(
        path,
        oauth_metadata::KEYS_PATH | "/.well-known/oauth-authorization-server" | "/.well-known/openid-configuration"
    )
}

/// Whether pages of any origin may read what this path answers, errors included.
#[must_use]
pub fn is_published(path: &str) -> bool {
    let Some((folder, "jwks.json" | "jwks.pem")) = path.rsplit_once('/') else { return is_discovery(path) };
    let key = folder.strip_prefix("/vault/v1/hook-keys/");
    folder == "/.well-known" || key.is_some_and(|key| !key.contains('/'))
}

/// Registers all routes, and what answers everything else.
pub fn configure(config: &mut ServiceConfig) {
    let mut routes = all();
    while let Some(path) = routes.first().map(|route| route.path) {
        let here: Vec<_> = routes.extract_if(.., |route| route.path == path).collect();
        let allowed: Vec<_> = here.iter().flat_map(Route::methods).collect();
        let mut resource = web::resource(path);
        for route in here {
            if matches!(route.access, Access::Published | Access::Discovery) {
                resource = resource.route(web::method(Method::OPTIONS).to(jwks::preflight));
            }
            resource = resource.route(route.handler);
        }
        config.service(resource.default_service(web::to(move || unknown_method(allowed.clone()))));
    }
    config.default_service(web::to(unknown_path));
}

async fn unknown_method(allowed: Vec<Method>) -> Result<HttpResponse, ApiError> {
    Err(ApiError::UnknownMethod { allowed })
}

async fn unknown_path() -> Result<HttpResponse, ApiError> {
    Err(ApiError::UnknownPath)
}

/// A route whose handler takes a [`Granted`] first: what that asks for is what the table says.
fn guarded<F, Args>(method: Method, path: &'static str, handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + GrantedFirst + 'static,
    F::Output: Responder + 'static,
{
    Route { access: Access::Guarded(Args::SCOPE), handler: web::method(method.clone()).to(handler), method, path }
}

/// A GET route for everyone; load balancers ask with HEAD.
fn open<F, Args>(access: Access, path: &'static str, handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let handler = web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler);
    Route { access, handler, method: Method::GET, path }
}

/// A POST route for everyone.
fn public_post<F, Args>(path: &'static str, handler: F) -> Route
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Route { access: Access::Public, handler: web::post().to(handler), method: Method::POST, path }
}

/// Arguments of a handler of which the first is a [`Granted`].
trait GrantedFirst {
    const SCOPE: Option<Scope>;
}

macro_rules! granted_first {
    ($($rest:ident)*) => {
        impl<R: Requirement, $($rest),*> GrantedFirst for (Granted<R>, $($rest,)*) {
            const SCOPE: Option<Scope> = R::SCOPE;
        }
    };
}

granted_first!();
granted_first!(A);
granted_first!(A B);
granted_first!(A B C);
granted_first!(A B C D);
