//! What a person sees in a browser. `tests/clients` drives a real one; what `dev` shows is in `tests/cli`.

use crate::support::app::TestApp;
use crate::support::process::http_client;
use flate2::read::GzDecoder;
use insta::assert_snapshot;
use reqwest::Method;
use std::io::Read as _;

/// The addresses that a page loads or leads to.
fn addresses(body: &str) -> Vec<&str> {
    let of = |attribute| body.split(attribute).skip(1).filter_map(|rest: &str| rest.split('"').next());
    of(" src=\"").chain(of(" href=\"")).collect()
}

#[tokio::test]
async fn the_first_page_says_what_this_is_and_leads_to_all_else() {
    let app = TestApp::start().await;
    let page = app.anon().get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_snapshot!(page.header("content-security-policy"), @"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    assert!(page.body.contains(concat!("hookvault <small>", env!("CARGO_PKG_VERSION"))), "{page}");
    assert!(page.body.contains("It is ready."), "{page}");
    assert!(!page.body.contains('{') && !page.body.contains("<pre>"), "{page}");
    let addresses = addresses(&page.body);
    for address in
        ["/docs", "/openapi.json", "/.well-known/jwks.json", "/healthz", "/readyz", "/favicon.svg", "/page.css"]
    {
        assert!(addresses.contains(&address), "{address} in {addresses:?}");
    }
    for address in addresses {
        assert!(address.starts_with('/') && !address.starts_with("//"), "{address}");
        assert_eq!(app.anon().get(address).await.status, 200, "{address}");
    }
    let head = app.anon().send(Method::HEAD, "/", None).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(app.anon().get("/favicon.ico").await.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn the_first_page_says_why_the_vault_is_not_ready_and_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let mut other = app.other_program().await;
    sqlx::query("UPDATE master_key SET probe = id").execute(&mut other).await.unwrap();
    let page = app.anon().get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("It is not ready: the database is damaged. Its log says more."), "{page}");
}

#[tokio::test]
async fn the_documents_are_a_page_that_loads_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let page = app.anon().get("/docs").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"), "{page}");
    assert_eq!(app.anon().get("/docs/").await.body, page.body);
    let addresses = addresses(&page.body);
    assert!(addresses.len() >= 4, "the page has scripts, a style and an icon: {addresses:?}");
    for address in addresses {
        assert!(address.starts_with("/docs/") || address == "/favicon.svg", "{address}");
        assert_eq!(app.anon().get(address).await.status, 200, "{address}");
    }
}

#[tokio::test]
async fn what_the_documents_load_comes_compressed_to_those_who_take_that_and_plain_to_others() {
    let app = TestApp::start().await;
    let plain = app.anon().get("/docs/swagger-ui.css").await;
    assert_eq!(plain.header("vary"), "accept-encoding");
    assert!(plain.body.starts_with(".swagger-ui"));
    for (accepted, is_compressed) in
        [("gzip", true), ("br, gzip;q=0.5", true), ("identity", false), ("gzip;q=0", false)]
    {
        let request = http_client().get(format!("http://{}/docs/swagger-ui.css", app.address));
        let answer = request.header("accept-encoding", accepted).send().await.unwrap();
        let encoding = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(encoding.as_deref(), is_compressed.then_some("gzip"), "{accepted}");
        let body = answer.bytes().await.unwrap();
        let mut opened = Vec::new();
        if is_compressed {
            assert!(body.len() < plain.body.len() / 2);
            GzDecoder::new(&*body).read_to_end(&mut opened).unwrap();
        } else {
            opened.extend_from_slice(&body);
        }
        assert!(opened == plain.body.as_bytes(), "{accepted}");
    }
}
