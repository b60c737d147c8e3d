//! What a signature costs: `cargo bench --bench sign`. Prints medians; decides nothing.

#![expect(clippy::print_stdout, reason = "a bench prints")]

use hookvault::crypto::jws;
use hookvault::crypto::private_key::PrivateKey;
use hookvault::crypto::random::Random;
use hookvault::crypto::rsa_key::KeyPair;
use hookvault::domain::id::KeyId;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 500;

/// The median of many rounds, in milliseconds.
fn median(mut round: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            round();
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn main() {
    let pair = KeyPair::make(&Random::system());
    let parse = || PrivateKey::from_pkcs8(pair.pkcs8()).expect("it was just made");
    let key = parse();
    let claims = serde_json::json!({"aud": "https://login.example.com/token", "iss": "billing", "sub": "billing"});
    let sign = |key: &PrivateKey| {
        black_box(jws::sign(key, KeyId::from_random([7; 16]), &claims).expect("a sound key signs"));
    };
    println!("a JWT with a parsed key:           {:.2} ms", median(|| sign(&key)));
    println!("a JWT with a key parsed each time: {:.2} ms", median(|| sign(&parse())));
}
