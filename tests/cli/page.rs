//! The first page of `dev`: its lines, its token among them, are for the person at this machine alone.

use crate::support::process::{Served, hookvault, http_client};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn token_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("hookvault-data/token")).unwrap().trim().to_owned()
}

/// The page, as somebody asks for it who sends these headers.
async fn page(url: &str, headers: &[(&str, &str)]) -> String {
    let request = headers.iter().fold(http_client().get(url), |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn the_page_of_dev_has_the_lines_of_its_screen() {
    let folder = tempdir().unwrap();
    let server = Served::start(hookvault(folder.path()).args(["dev", "--listen", "127.0.0.1:0"]));
    let (url, token) = (&server.url, token_of(folder.path()));
    let shown = page(url, &[]).await;
    for line in [
        format!("<p>hookvault is running at {url} (documents: {url}/docs)</p>"),
        format!("export V={url} T={token}"),
        format!("curl -H 'Authorization: SSWS {token}' -H 'Content-Type: application/json' -d"),
    ] {
        assert!(shown.contains(&line), "{line} in {shown}");
    }
    assert!(page(url, &[("host", "localhost:1234")]).await.contains(&token));
}

#[tokio::test]
async fn the_page_of_dev_has_no_token_for_whoever_may_be_elsewhere() {
    let folder = tempdir().unwrap();
    let server = Served::start(hookvault(folder.path()).args(["dev", "--listen", "127.0.0.1:0"]));
    let token = token_of(folder.path());
    for headers in [
        // A page from elsewhere whose name was pointed here.
        ("host", "evil.example"),
        ("host", "localhost.evil.example"),
        ("host", "192.0.2.1:8080"),
        ("host", "localhost@evil.example"),
        // A proxy on this machine.
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        let shown = page(&server.url, &[headers]).await;
        assert!(shown.contains("It is ready.") && !shown.contains(&token), "{headers:?}: {shown}");
    }
    drop(server);
    let public = ["dev", "--listen", "127.0.0.1:0", "--public-url", "https://keys.example.com"];
    let server = Served::start(hookvault(folder.path()).args(public));
    assert!(!page(&server.url, &[]).await.contains(&token));
}
