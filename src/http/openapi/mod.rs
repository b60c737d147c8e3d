//! The OpenAPI document, from the handlers and the table of routes, and the page that shows it.

use crate::domain::scope::Scope;
use crate::http::Shared;
use crate::http::api::hook_key;
use crate::http::api::inline_hook;
use crate::http::api::key_reference;
use crate::http::api::routes::{self, Access, Route};
use crate::http::api::signing;
use crate::http::api::user;
use crate::http::edge::error::{self, ApiError, ErrorBody, ErrorCause, OAuthErrorBody};
use crate::http::public::jwks;
use crate::http::public::oauth_metadata;
use crate::http::public::organization;
use crate::http::public::probe;
use crate::http::public::token_endpoint;
use actix_web::http::header::{self, ContentType};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, OAuth2, Scopes, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Server};

const API_TOKEN: &str = "apiToken";
const OAUTH: &str = "oauth2";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "hookvault",
        description = "A vault for the RSA keys that sign calls to hooks. It speaks the Okta Key Management API.\n\n\
                       Two dialects: to official clients that parse the live form, `isUsed` is a boolean and a public \
                       key stands alone; to all others `isUsed` is the string that the reference documents, and a \
                       public key stands under `_embedded` as well.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "Hook keys", description = "Key pairs that sign calls to hooks"),
        (name = "Inline hooks", description = "Hooks that use keys, and calls of them"),
        (name = "Uses of keys", description = "Who uses a key, which then cannot be deleted"),
        (name = "Signing", description = "Signatures for other programs"),
        (name = "OAuth 2.0", description = "Access tokens for service apps"),
        (name = "Public keys", description = "What verifiers read"),
        (name = "Vault", description = "What official clients ask at start"),
        (name = "Operations", description = "For those who run the service"),
    ),
    paths(
        hook_key::list,
        hook_key::create,
        hook_key::public_key,
        hook_key::get,
        hook_key::replace,
        hook_key::delete,
        inline_hook::list,
        inline_hook::create,
        inline_hook::get,
        inline_hook::update,
        inline_hook::replace,
        inline_hook::delete,
        inline_hook::activate,
        inline_hook::deactivate,
        inline_hook::execute,
        key_reference::list,
        key_reference::get,
        key_reference::put,
        key_reference::delete,
        signing::client_assertion,
        signing::jwt,
        jwks::org_jwks,
        jwks::org_pem,
        jwks::key_jwks,
        jwks::key_pem,
        token_endpoint::token,
        oauth_metadata::keys,
        oauth_metadata::authorization_server,
        oauth_metadata::openid_configuration,
        user::me,
        organization::metadata,
        probe::alive,
        probe::ready,
    ),
    components(schemas(ErrorBody, ErrorCause, OAuthErrorBody))
)]
struct Handlers;

/// Paths of the table that are about the document, not in it.
const NOT_DESCRIBED: [&str; 3] = ["/openapi.json", "/docs", "/docs/{file}"];

/// The whole document: what the handlers say, and for each route who may call it and how it fails.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = Handlers::openapi();
    document.servers = Some(vec![Server::new("/")]);
    let key = ApiKey::Header(ApiKeyValue::with_description("Authorization", "`SSWS ` and an API token"));
    if let Some(components) = document.components.as_mut() {
        components.add_security_scheme(API_TOKEN, SecurityScheme::ApiKey(key));
        let scopes = Scopes::from_iter(Scope::ALL.iter().map(|scope| (scope.as_str(), "")));
        let flow = Flow::ClientCredentials(ClientCredentials::new(token_endpoint::TOKEN_PATH, scopes));
        components.add_security_scheme(OAUTH, SecurityScheme::OAuth2(OAuth2::new([flow])));
    }
    for route in routes::all() {
        if let Some(operation) =
            document.paths.paths.get_mut(route.path).and_then(|item| operation(item, &route.method))
        {
            describe(operation, &route);
        }
    }
    document
}

/// Whether a route belongs into the document.
#[must_use]
pub fn is_described(path: &str) -> bool {
    !NOT_DESCRIBED.contains(&path)
}

fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

/// Adds the security requirement, and the examples: of success and of each error that the route can answer with.
fn describe(operation: &mut Operation, route: &Route) {
    if let Access::Guarded(scope) = route.access {
        let scopes: Vec<_> = scope.iter().map(|scope| scope.as_str()).collect();
        let text = match scope {
            Some(scope) => format!("Needs the scope `{scope}`."),
            None => "Needs any valid credential.".to_owned(),
        };
        let description = operation.description.take().map_or(text.clone(), |given| format!("{given}\n\n{text}"));
        operation.description = Some(description);
        operation.security =
            Some([API_TOKEN, OAUTH].map(|scheme| SecurityRequirement::new(scheme, scopes.clone())).into());
    }
    if let Some(example) = example(route)
        && let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200")
        && let Some(RefOr::T(content)) = response.content.get_mut("application/json")
    {
        content.example = Some(example);
    }
    let mut contents: BTreeMap<StatusCode, ContentBuilder> = BTreeMap::new();
    let needed = if let Access::Guarded(needed) = route.access { needed } else { None };
    for (name, from, answer) in error::examples(needed) {
        if !can_be_raised_by(from, route) {
            continue;
        }
        let body = answer.body("oaegRIfbw2PTMWy0XIIvWM_bg".to_owned());
        let example = ExampleBuilder::new().value(serde_json::to_value(body).ok()).build();
        let schema = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Error")));
        let content = contents.remove(&answer.status).unwrap_or_else(schema);
        contents.insert(answer.status, content.examples_from_iter([(name, example)]));
    }
    if route.path == token_endpoint::TOKEN_PATH {
        for (name, status, body) in error::oauth_examples() {
            let example = ExampleBuilder::new().value(serde_json::to_value(body).ok()).build();
            let schema = || ContentBuilder::new().schema(Some(Ref::from_schema_name("OAuthError")));
            let content = contents.remove(&status).unwrap_or_else(schema);
            contents.insert(status, content.examples_from_iter([(name, example)]));
        }
    }
    for (status, content) in contents {
        let response = ResponseBuilder::new()
            .description(status.canonical_reason().unwrap_or_default())
            .content("application/json", content.build());
        operation.responses.responses.insert(status.as_str().to_owned(), response.build().into());
    }
}

/// What the resource's own code answers with.
fn example(route: &Route) -> Option<serde_json::Value> {
    [
        hook_key::example,
        inline_hook::example,
        key_reference::example,
        signing::example,
        jwks::example,
        token_endpoint::example,
    ]
    .into_iter()
    .find_map(|example| example(&route.method, route.path))
}

fn can_be_raised_by(origin: error::RaisedBy, route: &Route) -> bool {
    let of_keys = route.path.starts_with("/api/v1/hook-keys");
    let of_hooks = route.path.starts_with("/api/v1/inlineHooks");
    let executes = route.path.ends_with("/execute");
    let takes_json = matches!(route.method, Method::POST | Method::PUT)
        && !route.path.contains("/lifecycle/")
        && route.path != token_endpoint::TOKEN_PATH;
    match origin {
        error::RaisedBy::All => true,
        error::RaisedBy::Limited => !matches!(route.access, Access::Probe | Access::Discovery),
        error::RaisedBy::Guarded => matches!(route.access, Access::Guarded(_)),
        error::RaisedBy::Named => route.path.contains('{'),
        error::RaisedBy::Body => takes_json,
        error::RaisedBy::NameBody => takes_json && (of_keys || of_hooks) && !executes,
        error::RaisedBy::CreateKey => of_keys && route.method == Method::POST,
        error::RaisedBy::DeleteKey => of_keys && route.method == Method::DELETE,
        error::RaisedBy::HookList => of_hooks && route.method == Method::GET && !route.path.contains('{'),
        error::RaisedBy::ReferenceWrite => route.path.contains("{consumer}") && route.method != Method::GET,
        error::RaisedBy::HookBody => takes_json && of_hooks && !executes,
        error::RaisedBy::DeleteHook => of_hooks && route.method == Method::DELETE,
        error::RaisedBy::ExecuteHook => executes,
        error::RaisedBy::Signing => route.path.ends_with("/jwts"),
    }
}

/// The document itself.
pub async fn openapi_json(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(shared.document.clone())
}

/// The document in the form in which it is sent.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn document() -> serde_json::Result<web::Bytes> {
    serde_json::to_vec(&openapi()).map(web::Bytes::from)
}

/// The page. Everything that it loads is in the binary.
///
/// # Errors
/// [`ApiError::Framework`] where the page cannot be made.
pub async fn page() -> Result<HttpResponse, ApiError> {
    file("index.html")
}

/// A file of the page.
///
/// # Errors
/// [`ApiError::UnknownPath`] for a name that is none.
pub async fn asset(name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    file(&name)
}

fn file(name: &str) -> Result<HttpResponse, ApiError> {
    // The validator would be asked over the network.
    let config = utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none");
    let found = utoipa_swagger_ui::serve(name, Arc::new(config))
        .map_err(|error| ApiError::Framework(error.to_string()))?
        .ok_or(ApiError::UnknownPath)?;
    let mut bytes = found.bytes.into_owned();
    if name == "index.html" {
        // The page stands at /docs, its files below it.
        bytes = String::from_utf8_lossy(&bytes)
            .replace("\"./", "\"/docs/")
            .replace("\"index.css", "\"/docs/index.css")
            .into_bytes();
    }
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        ))
        .body(bytes))
}
