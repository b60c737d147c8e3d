//! Keys that others have made: taken where nothing speaks against them, refused with the reason, and never given back.

use crate::api::signing::verify;
use crate::support::app::{MANAGE, TestApp, USE};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

const IMPORT: &str = "/vault/v1/hook-keys/import";

const TESTDATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/crypto/import/testdata");

/// A private key in the form of a JWK, that jose has made.
pub fn good_jwk() -> String {
    fs::read_to_string(Path::new(TESTDATA).join("jose_2048.json")).unwrap()
}

/// Files with keys, good ones and bad ones, by name.
fn files() -> BTreeMap<String, String> {
    let names = fs::read_dir(TESTDATA).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let keys = names.filter(|name| name.ends_with(".pem") || name.ends_with(".json"));
    keys.map(|name| (name.clone(), fs::read_to_string(Path::new(TESTDATA).join(name)).unwrap())).collect()
}

#[tokio::test]
async fn a_key_is_taken_and_signs_or_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let (manager, user) = (app.token(MANAGE).await, app.token(USE).await);
    let mut told = Vec::new();
    for (file, text) in files() {
        let body = match serde_json::from_str(&text) {
            Ok(serde_json::Value::Object(jwk)) => json!({"name": file, "jwk": jwk}),
            _ => json!({"name": file, "key": text}),
        };
        let answer = manager.post(IMPORT, body).await;
        if answer.status != 200 {
            told.push(format!("{file}: {}", answer.cause()));
            continue;
        }
        let key = answer.json();
        let path = format!("/vault/v1/hook-keys/{}/jwts", key["id"].as_str().unwrap());
        let signed = user.post(&path, json!({"claims": {"sub": "x"}})).await.json()["jwt"].as_str().unwrap().to_owned();
        let (header, _) = verify(&signed, &key["_embedded"]);
        assert_eq!(header["kid"], key["keyId"], "{file}");
        assert!(!answer.body.contains("\"d\""), "{file}");
        told.push(format!("{file}: {} bits", key["_embedded"]["n"].as_str().unwrap().len() * 6 / 8 * 8));
        assert_eq!(manager.delete(&format!("/api/v1/hook-keys/{}", key["id"].as_str().unwrap())).await.status, 204);
    }
    assert_snapshot!(told.join("\n"), @r"
    bits_1024.pem: key: The key has 1024 bits; 2048 to 4096 are taken
    bits_2047.pem: key: The key has 2047 bits; 2048 to 4096 are taken
    bits_2050.pem: key: The key has 2050 bits, which are not whole bytes
    bits_4104.pem: key: The key has 4104 bits; 2048 to 4096 are taken
    certificate.pem: key: The key is a certificate, or a request for one; the private key is in another file
    close_primes.pem: key: The key has primes that are too close to each other (FIPS 186-5, clause A.1.1)
    common_prime.pem: 2048 bits
    composite_p.pem: key: The key has a `p` that is not prime
    composite_q.pem: key: The key has a `q` that is not prime
    cryptography_4096_pkcs1.pem: 4096 bits
    ec.pem: key: The key is for elliptic curves (EC); only RSA signs calls
    ec_pkcs8.pem: key: The key is for elliptic curves (EC); only RSA signs calls
    ed25519.pem: key: The key is for Ed25519; only RSA signs calls
    encrypted.pem: key: The key is encrypted with a password; `openssl pkey -in FILE` takes it off
    encrypted_old.pem: key: The key is encrypted with a password; `openssl pkey -in FILE` takes it off
    exponent_200_bits.pem: key: The key has an exponent of more than 32 bits, which many verifiers, and the vault, cannot use
    exponent_257_bits.pem: key: The key has an exponent of more than 256 bits (FIPS 186-5, clause A.1.1)
    exponent_3.pem: key: The key has an exponent below 65537 (FIPS 186-5, clause A.1.1)
    exponent_without_inverse.pem: key: The key has the wrong `e`: it does not fit the other numbers
    jose_2048.json: 2048 bits
    jwcrypto_3072.json: 3072 bits
    openssh.pem: key: The key is in the format of OpenSSH; `ssh-keygen -p -m PKCS8 -f FILE` rewrites the file
    openssl_2048.pem: 2048 bits
    openssl_2048_pkcs1.pem: 2048 bits
    openssl_2056.pem: 2056 bits
    openssl_3072.pem: 3072 bits
    openssl_4096.pem: 4096 bits
    openssl_exponent_32_bits.pem: 2048 bits
    pss.pem: key: The key may only sign with PSS (RFC 4055, clause 1.2); the vault signs with RS256
    public.pem: key: The key is only a public key
    public_pkcs1.pem: key: The key is only a public key
    pyjwt_2048.json: 2048 bits
    roca.pem: key: The key was made by a faulty Infineon library, and others can compute it (ROCA, CVE-2017-15361)
    small_d.pem: key: The key has so small a `d` that others can compute it (FIPS 186-5, clause A.1.1)
    small_factor.pem: key: The key has a modulus that 743 divides
    smaller_prime_first.pem: 2048 bits
    three_primes.pem: key: The key has more than two primes
    three_primes_pkcs1.pem: key: The key has more than two primes
    unequal_primes.pem: key: The key has primes of different lengths (FIPS 186-5, clause A.1.1)
    ");
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(TESTDATA).join(name)).unwrap()
}

#[tokio::test]
async fn a_key_that_has_something_in_common_with_one_of_its_org_is_refused_by_name() {
    let app = TestApp::start().await;
    app.new_org("two.example.com").await;
    let manager = app.token(MANAGE).await;
    let first = manager.post(IMPORT, json!({"name": "Orders", "key": file("openssl_2048.pem")})).await.json();
    assert_eq!(manager.post(IMPORT, json!({"name": "Larger", "key": file("openssl_4096.pem")})).await.status, 200);
    let refused = async |name: &str| {
        let answer = manager.post(IMPORT, json!({"name": "New", "key": file(name)})).await;
        assert_eq!(answer.failure(), "400 E0000001", "{}", answer.body);
        answer.cause().replace(first["keyId"].as_str().unwrap(), "KID")
    };
    assert_snapshot!(refused("openssl_2048_pkcs1.pem").await, @"key: The key is there already: it is the key KID of the hook key Orders");
    assert_snapshot!(refused("common_prime.pem").await, @"key: The key shares a factor with the key KID of the hook key Orders: both can be computed from their public halves; replace that one, too");
    // Also while it is one of those beside the one that signs.
    let rotate = "/vault/v1/hook-keys/Orders/rotate";
    assert_eq!(manager.post(rotate, json!({"publishAhead": 120})).await.status, 200);
    app.clock.advance(Duration::from_secs(120));
    app.vault.hook_key_upkeep().await.unwrap();
    assert_snapshot!(refused("common_prime.pem").await, @"key: The key shares a factor with the key KID of the hook key Orders: both can be computed from their public halves; replace that one, too");
    // Nobody learns so what another org has, and a key that was withdrawn is not known any more.
    let other = app.token_of(Some("two.example.com"), MANAGE).await.with("host", "two.example.com");
    assert_eq!(other.post(IMPORT, json!({"name": "Orders", "key": file("openssl_2048.pem")})).await.status, 200);
    assert_eq!(manager.post(rotate, json!({"emergency": true})).await.status, 200);
    assert_eq!(manager.post(IMPORT, json!({"name": "New", "key": file("common_prime.pem")})).await.status, 200);
}

#[tokio::test]
async fn of_keys_with_a_factor_in_common_that_come_at_once_all_but_one_are_refused() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let import = async |number: usize| {
        let file = file(["openssl_2048.pem", "common_prime.pem"][number % 2]);
        manager.post(IMPORT, json!({"name": number.to_string(), "key": file})).await.status
    };
    let mut statuses = join_all((0..8).map(import)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
}

#[tokio::test]
async fn a_key_is_imported_as_one_thing_by_one_name() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    for body in [
        json!({"name": "a"}),
        json!({"name": "a", "key": "x", "jwk": {}}),
        json!({"name": "a", "jwe": "x"}),
        json!({"name": "a", "key": "x", "encryptedTo": "b"}),
    ] {
        let answer = manager.post(IMPORT, body).await;
        assert_eq!(
            (answer.status, answer.cause()),
            (400, "Send one of `key`, `jwk`, or `jwe` with `encryptedTo`.".into())
        );
    }
    assert_eq!(manager.post(IMPORT, json!({"key": "x"})).await.cause(), "name: The field cannot be left blank");
    let answer = manager.post(IMPORT, json!({"name": "a", "jwe": "a.b.c.d.e", "encryptedTo": "nobody"})).await;
    assert_eq!(answer.failure(), "404 E0000007");
}

#[tokio::test]
async fn a_key_comes_encrypted_to_a_key_of_the_vault() {
    let app = TestApp::start().await;
    let manager = app.token(MANAGE).await;
    let to = manager.post("/api/v1/hook-keys", json!({"name": "The way in"})).await.json();
    let jwe = encrypted(&to["_embedded"], good_jwk());
    let body = json!({"name": "Imported", "jwe": jwe, "encryptedTo": "The way in"});
    let imported = manager.post(IMPORT, body.clone()).await;
    let of_the_file: serde_json::Value = serde_json::from_str(&good_jwk()).unwrap();
    assert_eq!((imported.status, &imported.json()["_embedded"]["n"]), (200, &of_the_file["n"]));
    // It is a key like any other: one name, once.
    assert_eq!(manager.post(IMPORT, body).await.failure(), "400 E0000001");

    // What is encrypted to another key, or was changed on its way, does not open, and nothing says which.
    manager.post("/api/v1/hook-keys", json!({"name": "Another"})).await;
    for (jwe, to) in [(jwe.clone(), "Another"), (jwe.replace(&jwe[jwe.len() - 8..], "AAAAAAAA"), "The way in")] {
        let answer = manager.post(IMPORT, json!({"name": "b", "jwe": jwe, "encryptedTo": to})).await;
        assert_eq!(answer.cause(), "jwe: The JWE was encrypted to another key, or was changed");
    }
}

/// A compact JWE with RSA-OAEP-256 and A256GCM (RFC 7516, clause 7.1), to the public half that a JWK holds.
fn encrypted(jwk: &serde_json::Value, content: String) -> String {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let key: PublicEncryptingKey = PublicKeyComponents { n: member("n"), e: member("e") }.try_into().unwrap();
    let key = OaepPublicEncryptingKey::new(key).unwrap();
    let mut encrypted_key = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA256_MGF1SHA256, &[7; 32], &mut encrypted_key, None).unwrap();
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM"}).to_string());
    let content_key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let mut text = content.into_bytes();
    let nonce = Nonce::assume_unique_for_key([5; 12]);
    let tag = content_key.seal_in_place_separate_tag(nonce, Aad::from(&header), &mut text).unwrap();
    let parts = [encrypted_key, vec![5; 12], text, tag.as_ref().to_vec()].map(|part| URL_SAFE_NO_PAD.encode(part));
    [header, parts.join(".")].join(".")
}
