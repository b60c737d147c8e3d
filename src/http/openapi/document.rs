//! The OpenAPI document, made from the table of routes and what its handlers say.

use crate::http::api::route::{Access, Route};
use crate::http::api::routes;
use crate::http::edge::error::answer::{ErrorBody, ErrorCause};
use crate::http::edge::error::oauth::OAuthErrorBody;
use crate::http::openapi::refusal::{self, Example, Refusal};
use actix_web::http::StatusCode;
use actix_web::web;
use std::collections::BTreeMap;
use utoipa::OpenApi as _;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Server};

const API_TOKEN: &str = "apiToken";
const ACCESS_TOKEN: &str = "accessToken";
const JSON: &str = "application/json";

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
    components(schemas(ErrorBody, ErrorCause, OAuthErrorBody))
)]
struct Frame;

/// The whole document: what the handlers say, and for each route who may call it and how it fails.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = Frame::openapi();
    document.servers = Some(vec![Server::new("/")]);
    let key = ApiKeyValue::with_description(
        "Authorization",
        "`SSWS ` and an API token. On this page, the token alone will do.",
    );
    // Not as a flow of OAuth: forms for that ask for a client secret, and no client has one.
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
        "An access token, as `POST /oauth2/v1/token` gives it to a service app for an assertion (`private_key_jwt`)",
    ));
    if let Some(components) = document.components.as_mut() {
        components.add_security_scheme(API_TOKEN, SecurityScheme::ApiKey(ApiKey::Header(key)));
        components.add_security_scheme(ACCESS_TOKEN, SecurityScheme::Http(bearer.build()));
    }
    for mut route in routes::all() {
        let Some(mut described) = route.operation.take() else { continue };
        for operation in described.paths.paths.values_mut().filter_map(operation_of) {
            describe(operation, &route);
        }
        document.merge(described);
    }
    document
}

/// The document in the form in which it is sent.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn to_bytes() -> serde_json::Result<web::Bytes> {
    serde_json::to_vec(&openapi()).map(web::Bytes::from)
}

/// The one operation that a handler describes.
fn operation_of(item: &mut PathItem) -> Option<&mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().find_map(Option::as_mut)
}

/// Adds the security requirement, and the examples: of success and of each refusal.
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
            Some([API_TOKEN, ACCESS_TOKEN].map(|scheme| SecurityRequirement::new(scheme, scopes.clone())).into());
    }
    if let Some(Ok(example)) = route.example.as_ref().map(|example| example())
        && let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200")
        && let Some(RefOr::T(content)) = response.content.get_mut(JSON)
    {
        content.example = Some(example);
    }
    let mut contents: BTreeMap<StatusCode, ContentBuilder> = BTreeMap::new();
    for Example { name, status, schema, value } in refusals(operation, route) {
        let example = ExampleBuilder::new().value(value).build();
        let first = || ContentBuilder::new().schema(Some(Ref::from_schema_name(schema)));
        let content = contents.remove(&status).unwrap_or_else(first);
        contents.insert(status, content.examples_from_iter([(name, example)]));
    }
    for (status, content) in contents {
        let response = ResponseBuilder::new()
            .description(status.canonical_reason().unwrap_or_default())
            .content(JSON, content.build());
        operation.responses.responses.insert(status.as_str().to_owned(), response.build().into());
    }
}

fn refusals(operation: &Operation, route: &Route) -> Vec<Example> {
    let mut examples: Vec<_> = route.refusals.iter().copied().flat_map(Refusal::examples).collect();
    if let Some(RefOr::T(body)) = &operation.request_body
        && body.content.contains_key(JSON)
    {
        examples.extend(refusal::of_json());
    }
    if let Access::Guarded(needed) = route.access {
        examples.extend(refusal::of_guarded(needed));
    }
    if !route.facts.uncounted {
        examples.extend(refusal::of_counted());
    }
    examples.extend(refusal::of_all());
    examples
}
