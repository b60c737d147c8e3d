//! What the memory of a running server holds of what it should have forgotten.

use crate::support::app::{MASTER_KEY, other_program};
use crate::support::memory::Secrets;
use crate::support::process::{Installation, Served};
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::domain::hook_key::place;
use hookvault::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use hookvault::domain::sealed::Sealed;
use pkcs8::DecodePrivateKey as _;
use rsa::traits::PrivateKeyParts as _;
use std::path::Path;
use std::time::{Duration, Instant};

const KEYS: usize = 24;

/// The primes of all keys in a database, first byte first and last byte first, as libraries keep them.
async fn primes(database: &Path) -> Vec<Vec<u8>> {
    let envelope = Envelope::new(&MasterKey::parse(MASTER_KEY).unwrap(), Random::system());
    let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as("SELECT org_id, id, sealed_pkcs8 FROM hook_key")
        .fetch_all(&mut other_program(database).await)
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
fn assert_forgotten(secrets: &Secrets, server: &Served, what: &str) {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let left = secrets.count_in(server.id());
        if left == 0 {
            return;
        }
        assert!(Instant::now() < until, "{left} parts of {what} are still in memory");
    }
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
    assert_forgotten(&secrets, &server, "primes");
}
