//! The table of all routes. There is no other way to register one, and all facts of a route stand here or with its handler:
//! the document, the middleware and the test of access read them from the table.

use crate::http::api::hook_key;
use crate::http::api::inline_hook;
use crate::http::api::key_import;
use crate::http::api::key_reference;
use crate::http::api::key_rotation;
use crate::http::api::log;
use crate::http::api::route::{Route, guarded, operation, public};
use crate::http::api::signing;
use crate::http::api::user;
use crate::http::edge::error::ApiError;
use crate::http::edge::path_facts::PathTable;
use crate::http::openapi::page;
use crate::http::openapi::refusal::Refusal;
use crate::http::public::home;
use crate::http::public::jwks;
use crate::http::public::oauth_metadata;
use crate::http::public::organization;
use crate::http::public::probe;
use crate::http::public::token_endpoint;
use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, web};

/// All routes. Where two paths match a request, the earlier one gets it.
#[must_use]
pub fn all() -> Vec<Route> {
    use Refusal as R;
    const KEY_BODY: &[Refusal] = &[R::NameBlank, R::NameTaken, R::PrivateKey, R::UnknownKey];
    const HOOK_BODY: &[Refusal] = &[R::NameBlank, R::NameTaken, R::PlainHttp, R::UnknownHookKey, R::UnknownHook];
    vec![
        guarded!(hook_key::list).example(hook_key::example::list),
        guarded!(hook_key::create).example(hook_key::example::with_key).refuses(&[
            R::NameBlank,
            R::NameTaken,
            R::KeyCapReached,
        ]),
        guarded!(hook_key::public_key).example(hook_key::example::public_key).refuses(&[R::UnknownKey]),
        guarded!(hook_key::get).example(hook_key::example::without_key).refuses(&[R::UnknownKey]),
        guarded!(hook_key::replace).example(hook_key::example::with_key).refuses(KEY_BODY),
        guarded!(hook_key::delete).refuses(&[R::KeyInUse, R::UnknownKey]),
        guarded!(inline_hook::list).example(inline_hook::example::list).refuses(&[R::UnknownHookType]),
        guarded!(inline_hook::create).example(inline_hook::example::active).refuses(&[
            R::NameBlank,
            R::NameTaken,
            R::PlainHttp,
            R::UnknownHookKey,
            R::HookCapReached,
        ]),
        guarded!(inline_hook::get).example(inline_hook::example::active).refuses(&[R::UnknownHook]),
        guarded!(inline_hook::update).example(inline_hook::example::active).refuses(HOOK_BODY),
        guarded!(inline_hook::replace).example(inline_hook::example::active).refuses(HOOK_BODY),
        guarded!(inline_hook::delete).refuses(&[R::HookActive, R::UnknownHook]),
        guarded!(inline_hook::activate).example(inline_hook::example::active).refuses(&[R::UnknownHook]),
        guarded!(inline_hook::deactivate).example(inline_hook::example::inactive).refuses(&[R::UnknownHook]),
        guarded!(inline_hook::execute).example(inline_hook::example::executed).refuses(&[
            R::HookInactive,
            R::CallFailed,
            R::UnknownHook,
        ]),
        guarded!(key_import::import).example(hook_key::example::with_key).refuses(&[
            R::NameBlank,
            R::NameTaken,
            R::KeyCapReached,
            R::BadKey,
        ]),
        guarded!(key_rotation::rotate).example(key_rotation::example).refuses(&[
            R::RotationUnderWay,
            R::RotationTooFast,
            R::UnknownKey,
        ]),
        guarded!(key_rotation::get).example(key_rotation::example).refuses(&[R::UnknownKey]),
        guarded!(key_rotation::put).example(key_rotation::example).refuses(&[R::RotatesTooOften, R::UnknownKey]),
        guarded!(key_reference::list).example(key_reference::example::list).refuses(&[R::UnknownKey]),
        guarded!(key_reference::get).example(key_reference::example::one).refuses(&[R::UnknownUse]),
        guarded!(key_reference::put).example(key_reference::example::one).refuses(&[
            R::UseOfVault,
            R::UseCapReached,
            R::UnknownKey,
        ]),
        guarded!(key_reference::delete).refuses(&[R::UseOfVault, R::UnknownUse]),
        guarded!(signing::client_assertion).example(signing::example::client_assertion).refuses(&[R::UnknownKey]),
        guarded!(signing::jwt).example(signing::example::jwt).refuses(&[R::ClaimOfVault, R::UnknownKey]),
        guarded!(log::list).example(log::example::list).refuses(&[R::BadQuery]),
        public!(jwks::org_jwks).open_to_pages().example(jwks::example),
        public!(jwks::org_pem).open_to_pages(),
        public!(jwks::key_jwks).open_to_pages().example(jwks::example).refuses(&[R::UnknownKey]),
        public!(jwks::key_pem).open_to_pages().refuses(&[R::UnknownKey]),
        public!(token_endpoint::token).example(token_endpoint::example).refuses(&[R::TokenRequest]),
        public!(oauth_metadata::keys).open_to_pages().uncounted(),
        public!(oauth_metadata::authorization_server).open_to_pages().uncounted().refuses(&[R::AddressUnknown]),
        public!(oauth_metadata::openid_configuration).open_to_pages().uncounted().refuses(&[R::AddressUnknown]),
        guarded!(user::me).refuses(&[R::NoUser]),
        public!(organization::metadata),
        public!(probe::alive).uncounted(),
        public!(probe::ready).uncounted(),
        Route::undescribed("/", home::page),
        Route::undescribed("/page.css", home::style),
        Route::undescribed("/favicon.svg", home::icon),
        Route::undescribed("/favicon.ico", home::icon),
        Route::undescribed("/openapi.json", page::document),
        Route::undescribed("/docs", page::index),
        Route::undescribed("/docs/", page::index),
        Route::undescribed("/docs/start.js", page::start),
        Route::undescribed("/docs/{file}", page::asset),
    ]
}

/// What the middleware needs to know of a path.
#[must_use]
pub fn path_table() -> PathTable {
    PathTable::new(all().into_iter().map(|route| (route.path, route.facts)))
}

/// Registers all routes, and what answers everything else.
pub fn configure(config: &mut ServiceConfig) {
    let mut routes = all();
    while let Some(path) = routes.first().map(|route| route.path.clone()) {
        let here: Vec<_> = routes.extract_if(.., |route| route.path == path).collect();
        let allowed: Vec<_> = here.iter().flat_map(Route::methods).collect();
        let mut resource = web::resource(path);
        for route in here {
            if route.facts.open_to_pages {
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
