//! Every route, with no credential, a wrong one, and one that is too small. Which routes there are is read from the
//! table that registers them: a new one that is not guarded as it says fails here.

use crate::support::answer::Answer;
use crate::support::app::{Caller, LOGS, MANAGE, READ, TestApp, USE};
use hookvault::domain::actor::Actor;
use hookvault::domain::name::Name;
use hookvault::domain::scope::{Scope, Scopes};
use hookvault::http::api::route::{Access, Route};
use hookvault::http::api::routes;
use hookvault::http::edge::path_facts::PathFacts;
use hookvault::http::openapi::document;
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

/// The route's path with something in the place of each parameter.
fn concrete(route: &Route) -> String {
    let parameters = ["{id}", "{keyId}", "{key}", "{consumer}", "{file}"];
    parameters.iter().fold(route.path.clone(), |path, name| path.replace(name, "HKY00000000000000000"))
}

async fn call(caller: &Caller<'_>, route: &Route) -> Answer {
    let path = concrete(route);
    // Bodies that are wrong, too: who may not call learns nothing about them.
    let body = matches!(route.method.as_str(), "POST" | "PUT").then(|| ("application/json", b"{".to_vec()));
    caller.send(route.method.as_str().parse().unwrap(), &path, body).await
}

/// Scopes that are all but enough: every single one that does not include what is needed.
fn too_small(needed: Scope) -> Vec<&'static str> {
    match needed {
        Scope::InlineHooksRead => vec![USE, LOGS],
        Scope::InlineHooksManage => vec![READ, USE, LOGS],
        Scope::KeysUse => vec![READ, MANAGE, LOGS],
        Scope::LogsRead => vec![READ, MANAGE, USE],
    }
}

#[tokio::test]
async fn every_route_refuses_no_wrong_and_too_small_credentials() {
    let app = TestApp::start().await;
    let revoked = app.token(MANAGE).await;
    app.vault.registry().api_token_revoke(&Actor::Vault, "token 0").await.unwrap();
    let wrong = [
        app.anon().with("authorization", &format!("SSWS 00{}", "a".repeat(40))),
        app.anon().with("authorization", "SSWS none"),
        app.anon().with("authorization", "Basic YTpi"),
        app.anon().with("authorization", &format!("Bearer 00{}", "a".repeat(40))),
        app.anon().with("authorization", "Bearer"),
        app.anon().with("authorization", "DPoP eyJhbGciOiJub25lIn0.e30."),
        revoked,
    ];
    for route in routes::all() {
        let name = format!("{} {}", route.method, route.path);
        match route.access {
            Access::Public => {
                for caller in [app.anon()].iter().chain(&wrong) {
                    let answer = call(caller, &route).await;
                    assert!(![401, 403].contains(&answer.status), "{name}: {answer}");
                }
            }
            Access::Guarded(needed) => {
                assert_eq!(call(&app.anon(), &route).await.failure(), "403 E0000005", "{name}");
                for caller in &wrong {
                    assert_eq!(call(caller, &route).await.failure(), "401 E0000011", "{name}");
                }
                for scopes in needed.into_iter().flat_map(too_small) {
                    let answer = call(&app.token(scopes).await, &route).await;
                    assert_eq!(answer.failure(), "403 E0000006", "{name} with {scopes}");
                }
                let answer = call(&app.token(needed.map_or(READ, Scope::as_str)).await, &route).await;
                assert!(![401, 403].contains(&answer.status), "{name} with what it needs: {answer}");
            }
        }
    }
}

#[test]
fn the_table_says_what_each_route_is() {
    let line = |route: &Route| {
        let access = match route.access {
            Access::Public => "public",
            Access::Guarded(None) => "any credential",
            Access::Guarded(Some(scope)) => scope.as_str(),
        };
        let facts = [
            (route.facts.uncounted, ", uncounted"),
            (route.facts.open_to_pages, ", open to pages"),
            (route.operation.is_none(), ", not in the document"),
        ];
        let facts: String = facts.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect();
        format!("{} {}: {access}{facts}", route.method, route.path)
    };
    let lines: Vec<_> = routes::all().iter().map(line).collect();
    assert_snapshot!(lines.join("\n"), @"
    GET /api/v1/hook-keys: okta.inlineHooks.read
    POST /api/v1/hook-keys: okta.inlineHooks.manage
    GET /api/v1/hook-keys/public/{keyId}: okta.inlineHooks.read
    GET /api/v1/hook-keys/{id}: okta.inlineHooks.read
    PUT /api/v1/hook-keys/{id}: okta.inlineHooks.manage
    DELETE /api/v1/hook-keys/{id}: okta.inlineHooks.manage
    GET /api/v1/inlineHooks: okta.inlineHooks.read
    POST /api/v1/inlineHooks: okta.inlineHooks.manage
    GET /api/v1/inlineHooks/{id}: okta.inlineHooks.read
    POST /api/v1/inlineHooks/{id}: okta.inlineHooks.manage
    PUT /api/v1/inlineHooks/{id}: okta.inlineHooks.manage
    DELETE /api/v1/inlineHooks/{id}: okta.inlineHooks.manage
    POST /api/v1/inlineHooks/{id}/lifecycle/activate: okta.inlineHooks.manage
    POST /api/v1/inlineHooks/{id}/lifecycle/deactivate: okta.inlineHooks.manage
    POST /api/v1/inlineHooks/{id}/execute: okta.inlineHooks.manage
    POST /vault/v1/hook-keys/import: okta.inlineHooks.manage
    POST /vault/v1/hook-keys/{key}/rotate: okta.inlineHooks.manage
    GET /vault/v1/hook-keys/{key}/rotation: okta.inlineHooks.read
    PUT /vault/v1/hook-keys/{key}/rotation: okta.inlineHooks.manage
    GET /vault/v1/hook-keys/{key}/references: okta.inlineHooks.read
    GET /vault/v1/hook-keys/{key}/references/{consumer}: okta.inlineHooks.read
    PUT /vault/v1/hook-keys/{key}/references/{consumer}: okta.inlineHooks.manage
    DELETE /vault/v1/hook-keys/{key}/references/{consumer}: okta.inlineHooks.manage
    POST /vault/v1/hook-keys/{key}/client-assertions: hookvault.keys.use
    POST /vault/v1/hook-keys/{key}/jwts: hookvault.keys.use
    GET /api/v1/logs: okta.logs.read
    GET /.well-known/jwks.json: public, open to pages
    GET /.well-known/jwks.pem: public, open to pages
    GET /vault/v1/hook-keys/{key}/jwks.json: public, open to pages
    GET /vault/v1/hook-keys/{key}/jwks.pem: public, open to pages
    POST /oauth2/v1/token: public
    GET /oauth2/v1/keys: public, uncounted, open to pages
    GET /.well-known/oauth-authorization-server: public, uncounted, open to pages
    GET /.well-known/openid-configuration: public, uncounted, open to pages
    GET /api/v1/users/me: any credential
    GET /.well-known/okta-organization: public
    GET /healthz: public, uncounted
    GET /readyz: public, uncounted
    GET /: public, not in the document
    GET /page.css: public, not in the document
    GET /favicon.svg: public, not in the document
    GET /favicon.ico: public, not in the document
    GET /openapi.json: public, not in the document
    GET /docs: public, not in the document
    GET /docs/: public, not in the document
    GET /docs/start.js: public, not in the document
    GET /docs/{file}: public, not in the document
    ");
}

#[test]
fn the_middleware_knows_each_path_as_the_table_has_it() {
    let paths = routes::path_table();
    for route in routes::all() {
        assert_eq!(paths.of(&concrete(&route)), route.facts, "{}", route.path);
    }
    assert_eq!(paths.of("/healthz/"), PathFacts::default());
    assert_eq!(paths.of("/vault/v1/hook-keys/a/b/jwks.json"), PathFacts::default());
}

#[tokio::test]
async fn the_documents_know_every_route_and_its_scope() {
    let documents = serde_json::to_value(document::openapi()).unwrap();
    for route in routes::all().iter().filter(|route| route.operation.is_some()) {
        let operation = &documents["paths"][&route.path][route.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{} {}", route.method, route.path);
        let expected = match route.access {
            Access::Guarded(scope) => {
                let scopes: Vec<_> = scope.iter().map(|scope| scope.as_str()).collect();
                json!([{"apiToken": scopes}, {"accessToken": scopes}])
            }
            Access::Public => json!(null),
        };
        assert_eq!(operation["security"], expected, "{} {}", route.method, route.path);
    }
    let described: usize =
        documents["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(described, routes::all().iter().filter(|route| route.operation.is_some()).count());
}

#[tokio::test]
async fn refusals_are_told_in_the_one_form() {
    let app = TestApp::start().await;
    let keys = "/api/v1/hook-keys";
    assert_snapshot!(app.anon().get(keys).await, @r#"
    403
    content-length: 260
    content-security-policy: default-src 'none'; frame-ancestors 'none'
    content-type: application/json
    referrer-policy: strict-origin-when-cross-origin
    x-content-type-options: nosniff
    x-okta-request-id: 07462f8d57dcc68ef55177aaec936593
    x-rate-limit-limit: 1200
    x-rate-limit-remaining: 1199
    x-rate-limit-reset: 1761311227

    {"errorCode":"E0000005","errorSummary":"Invalid session","errorLink":"E0000005","errorId":"oaehHtPjhji1mK0B4mi8NHPhg","errorCauses":[{"errorSummary":"Send an API token as `Authorization: SSWS <token>`, or an access token as `Authorization: Bearer <token>`."}]}
    "#);
    assert_snapshot!(app.anon().with("authorization", "SSWS x").get(keys).await.brief(), @r#"401 {"errorCode":"E0000011","errorSummary":"Invalid token provided","errorLink":"E0000011","errorId":"oaef8hhKpwyEt9iyn-nSkJumg","errorCauses":[{"errorSummary":"Send an API token as `Authorization: SSWS <token>`, or an access token as `Authorization: Bearer <token>`."}]}"#);
    assert_snapshot!(app.token(READ).await.post(keys, json!({"name": "a"})).await.brief(), @r#"403 {"errorCode":"E0000006","errorSummary":"You do not have permission to perform the requested action","errorLink":"E0000006","errorId":"oaeRNbdeTBWRR0WZi-pMgVVPg","errorCauses":[{"errorSummary":"The scope okta.inlineHooks.manage is needed."}]}"#);
}

#[tokio::test]
async fn why_a_token_does_not_count_is_for_the_log_alone() {
    let app = TestApp::start().await;
    app.new_org("other.example.com").await;
    let registry = app.vault.registry();
    let org = registry.org_pick(None).await.unwrap();
    let expires = registry.clock().now().after(Duration::from_secs(1)).unwrap();
    let (name, scopes) = (Name::parse("short").unwrap(), Scopes::parse(READ).unwrap());
    let (_, short) = registry.api_token_create(&Actor::Vault, &org.id, name, scopes, Some(expires)).await.unwrap();
    app.clock.advance(Duration::from_secs(1));
    let revoked = app.new_token(None, READ).await;
    registry.api_token_revoke(&Actor::Vault, "token 1").await.unwrap();
    let elsewhere = app.new_token(Some("other.example.com"), READ).await;
    let unknown = format!("00{}", "a".repeat(40));
    let mut told = Vec::new();
    for (token, logged) in [
        (short.expose(), "the credential has expired"),
        (&revoked, "the credential was revoked"),
        (&elsewhere, "the credential is of another org than the host's"),
        (&unknown, "the credential is unknown"),
    ] {
        assert_eq!(registry.authenticate(None, token).await.err().unwrap().to_string(), logged);
        told.push(app.anon().with("authorization", &format!("SSWS {token}")).get("/api/v1/hook-keys").await.cause());
    }
    assert_snapshot!(told[0], @"The token is unknown, expired, revoked, or of another org. The server's log says which, beside this errorId.");
    assert!(told.iter().all(|cause| *cause == told[0]), "{told:?}");
    // Who sends a token in another way than the API's is told how.
    let bare = app.anon().with("authorization", &app.new_token(None, READ).await).get("/api/v1/hook-keys").await;
    assert_eq!(bare.failure(), "401 E0000011");
    assert!(bare.cause().starts_with("Send an API token as `Authorization: SSWS <token>`"), "{bare}");
}

#[tokio::test]
async fn an_expired_token_is_refused_from_its_last_second_on() {
    let app = TestApp::start().await;
    let registry = app.vault.registry();
    let org = registry.org_pick(None).await.unwrap();
    let expires = registry.clock().now().after(Duration::from_secs(60)).unwrap();
    let (_, token) = registry
        .api_token_create(
            &Actor::Vault,
            &org.id,
            Name::parse("short").unwrap(),
            Scopes::parse(READ).unwrap(),
            Some(expires),
        )
        .await
        .unwrap();
    let caller = app.anon().with("authorization", &format!("SSWS {}", token.expose()));
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(caller.get("/api/v1/hook-keys").await.status, 200);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(caller.get("/api/v1/hook-keys").await.failure(), "401 E0000011");
}
