//! A vault of 1,000 orgs with 20 keys each, moved to PostgreSQL and back: `cargo bench --bench moving`, for a quarter of an hour. Fails
//! where a key is missing, or does not sign what its public half verifies.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench prints, waits until a server is ready, and ends where something fails"
)]

mod support {
    #[path = "../../tests/support/cluster.rs"]
    pub mod cluster;
    pub mod fill;
    pub mod load;
    #[path = "../../tests/support/seal.rs"]
    pub mod seal;
    pub mod server;
    #[path = "../../tests/support/somebody.rs"]
    pub mod somebody;
}

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::path::Path;
use std::time::Instant;
use support::cluster::{Cluster, HINT};
use support::fill::fill;
use support::load::{Client, median, request};
use support::server::{Server, hookvault, write_master_key};

const ORGS: usize = 1000;
const KEYS: usize = 20;

/// What it prints on stdout and stderr.
fn call(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = hookvault(folder).args(arguments).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{arguments:?}: {err}");
    (out, err)
}

fn move_vault(folder: &Path, from: &str, to: &str) {
    let started = Instant::now();
    let (moved, _) = call(folder, &["move", "--database-url", from, "--to", to]);
    println!("  {:.1?}", started.elapsed());
    print!("{moved}");
    let started = Instant::now();
    let (damaged, told) = call(folder, &["check", "--master-key-file", "master.key", "--database-url", to]);
    assert_eq!(damaged, "");
    println!("  check of {:.1?}: {}", started.elapsed(), told.trim());
}

/// Whether a public key verifies a JWT.
fn verify(jwt: &str, jwk: &Value) {
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let number = |member: &str| decoded(jwk[member].as_str().expect("a member"));
    let (message, signature) = jwt.rsplit_once('.').expect("a JWT");
    RsaPublicKeyComponents { n: number("n"), e: number("e") }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decoded(signature))
        .expect("the signature is good");
}

/// Signs with each key, and verifies that with the public half which the API shows.
fn sign_with_each(folder: &Path, url: &str) {
    let server =
        Server::start(folder, &["--database-url", url, "--rate-limit", "off", "--key-pool", "0", "--log", "warn"]);
    let mut client = Client::connect(&server.address);
    let (mut signed, mut times) = (0, Vec::new());
    for number in 0..ORGS {
        let (org, host) = (format!("org {number}"), format!("org{number}.example.com"));
        let create = ["token", "create", "--org", &org, "--name", url, "--scope", "okta.inlineHooks.read"];
        let (token, _) =
            call(folder, &[&create[..], &["--scope", "hookvault.keys.use", "--database-url", url]].concat());
        let (_, listed) = client.ask(&request("GET", "/api/v1/hook-keys", &host, token.trim(), ""));
        let keys: Value = serde_json::from_slice(listed).expect("a list");
        for key in keys.as_array().expect("a list") {
            let id = key["id"].as_str().expect("an id");
            let public = request(
                "GET",
                &format!("/api/v1/hook-keys/public/{}", key["keyId"].as_str().expect("a kid")),
                &host,
                token.trim(),
                "",
            );
            let public: Value = serde_json::from_slice(client.ask(&public).1).expect("a key");
            let body = r#"{"clientId":"a","audience":"https://a.example"}"#;
            let path = format!("/vault/v1/hook-keys/{id}/client-assertions");
            let started = Instant::now();
            let (status, answer) = client.ask(&request("POST", &path, &host, token.trim(), body));
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(answer));
            let answer: Value = serde_json::from_slice(answer).expect("an assertion");
            verify(answer["client_assertion"].as_str().expect("a JWT"), &public);
            signed += 1;
        }
    }
    assert_eq!(signed, ORGS * KEYS);
    println!("  {signed} keys signed, and their public halves verified it; {:.2} ms each", median(times));
}

fn main() {
    let Some(cluster) = Cluster::start(&[]) else {
        println!("there is no PostgreSQL here: {HINT}");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_master_key(folder);
    let [first, back] = ["hookvault.db", "back.db"].map(|name| format!("sqlite://{}", folder.join(name).display()));
    let database = cluster.address().replace('%', "postgres");
    drop(Server::start(folder, &["--database-url", &first]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(fill(&first, ORGS, KEYS));
    println!("{ORGS} orgs of {KEYS} keys, to PostgreSQL:");
    move_vault(folder, &first, &database);
    sign_with_each(folder, &database);
    println!("and back:");
    move_vault(folder, &database, &back);
    sign_with_each(folder, &back);
}
