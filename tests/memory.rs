//! What the memory of a running server holds of what it should have forgotten.

use crate::support::app::{MASTER_KEY, sqlite_program};
use crate::support::memory::Secrets;
use crate::support::process::{Installation, Served};
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::domain::hook_key::place;
use hookvault::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use hookvault::domain::sealed::Sealed;
use pkcs8::DecodePrivateKey as _;
use rsa::traits::PrivateKeyParts as _;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KEYS: usize = 24;

/// The primes of all keys in a database, first byte first and last byte first, as libraries keep them.
async fn primes(database: &Path) -> Vec<Vec<u8>> {
    let envelope = Envelope::new(Arc::new(Keyring::new(&MasterKey::parse(MASTER_KEY).unwrap())), Random::system());
    let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as("SELECT org_id, id, sealed_pkcs8 FROM hook_key")
        .fetch_all(&mut sqlite_program(database).await)
        .await
        .unwrap();
    assert_eq!(rows.len(), KEYS);
    let mut primes = Vec::new();
    for (org, id, sealed) in rows {
        let place_of_key = (OrgId::parse(&org).unwrap(), HookKeyId::parse(&id).unwrap());
        let pkcs8 = envelope.open(place(&place_of_key.0, &place_of_key.1), &Sealed::from_bytes(sealed)).unwrap();
        let key = rsa::PrivateKey::from_pkcs8_der(&pkcs8).unwrap();
        for prime in key.primes() {
            let bytes = prime.to_be_bytes();
            primes.push(bytes.iter().rev().copied().collect());
            primes.push(bytes.to_vec());
        }
    }
    primes
}

/// Looks until nothing is left: what a closed connection held is freed a moment after its client has gone.
async fn assert_forgotten(secrets: &Secrets, server: &Served, what: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let left = secrets.count_in(server.id());
        if left == 0 {
            return;
        }
        assert!(Instant::now() < until, "{left} parts of {what} are still in memory");
        // The client's side of a connection ends on this thread.
        tokio::task::yield_now().await;
    }
}

/// Each request on a connection of its own, which ends with the answer.
fn client() -> reqwest::Client {
    reqwest::Client::builder().pool_max_idle_per_host(0).timeout(Duration::from_secs(60)).build().unwrap()
}

#[tokio::test]
async fn the_primes_of_deleted_keys_are_in_memory_no_more() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    let mut ids = Vec::new();
    for number in 0..KEYS {
        let (status, body) = client.create(&format!("key {number}")).await.unwrap();
        assert_eq!(status, 200, "{body}");
        let key: serde_json::Value = serde_json::from_str(&body).unwrap();
        ids.push(key["id"].as_str().unwrap().to_owned());
    }
    let primes = primes(&installation.database()).await;
    for id in &ids {
        assert_eq!(client.delete(id).await.unwrap().0, 204);
    }
    let secrets = Secrets::of(primes.iter().map(Vec::as_slice));
    assert_forgotten(&secrets, &server, "primes").await;
}

#[tokio::test]
async fn tokens_and_secrets_of_hooks_are_in_memory_no_longer_than_their_requests() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    let request = |method: reqwest::Method, path: &str| {
        let request = client().request(method, format!("{}{path}", server.url));
        request.header("authorization", format!("SSWS {}", installation.token))
    };

    // A token that is on its way is found, and so is one that is at rest afterwards where it was not wiped.
    let unknown = "00unknownUNKNOWNunknownUNKNOWNunknownUNKNO";
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(connection, "GET /api/v1/hook-keys HTTP/1.1\r\nHost: a\r\nAuthorization: SSWS {unknown}\r\n").unwrap();
    let on_its_way = Secrets::of([unknown.as_bytes()]);
    let until = Instant::now() + Duration::from_secs(10);
    while on_its_way.count_in(server.id()) == 0 {
        assert!(Instant::now() < until, "memory can be searched");
    }
    drop(connection);
    assert_forgotten(&on_its_way, &server, "the token of a connection that ended").await;

    let (header, password) =
        ("Bearer-of-the-hook-0123456789-abcdefghijkl", "client-secret-9876543210-zyxwvutsrqponmlk");
    let channels = [
        json!({"type": "HTTP", "version": "1.0.0", "config": {"uri": "https://hooks.example.com/",
            "authScheme": {"type": "HEADER", "key": "Authorization", "value": header}}}),
        json!({"type": "OAUTH", "version": "1.0.0", "config": {"uri": "https://hooks.example.com/",
            "authType": "client_secret_post", "clientId": "vault", "clientSecret": password,
            "tokenUrl": "https://login.example.com/token", "scope": "hooks"}}),
    ];
    for (number, channel) in channels.iter().enumerate() {
        let name = format!("hook {number}");
        let hook = json!({"name": name, "type": "com.okta.import.transform", "version": "1.0.0", "channel": channel});
        let created = request(reqwest::Method::POST, "/api/v1/inlineHooks").json(&hook).send().await.unwrap();
        assert_eq!(created.status(), 200);
    }
    for (what, secret) in [("header", header), ("client secret", password), ("API token", installation.token.as_str())]
    {
        assert_forgotten(&Secrets::of([secret.as_bytes()]), &server, what).await;
    }
}
