//! Reads, beside a bare server that gives the same answer.

use crate::bench::bare_server::BareServer;
use crate::bench::error::BenchError;
use crate::bench::load::{Load, Requests};
use crate::bench::request::Request;
use crate::bench::row::Sample;
use crate::bench::settings::Settings;
use crate::bench::subject::{KEYS, Subject};

/// How many clients read at once.
pub const READERS: usize = 32;

const KEY_SET: &str = "/.well-known/jwks.json";

/// # Errors
/// [`BenchError`].
pub fn get(subject: &Subject) -> Result<Vec<u8>, BenchError> {
    let key = subject.keys.first().ok_or(BenchError::NoAnswer)?;
    Ok(Request::get(&format!("{KEYS}/{key}"), &subject.host()?).by(&subject.token).bytes())
}

/// # Errors
/// [`BenchError`].
pub fn list(subject: &Subject) -> Result<Vec<u8>, BenchError> {
    Ok(Request::get(KEYS, &subject.host()?).by(&subject.token).bytes())
}

/// Of the org that answers on this host.
pub fn key_set(host: &str) -> Vec<u8> {
    Request::get(KEY_SET, host).bytes()
}

/// By somebody who has the key set already.
///
/// # Errors
/// [`BenchError`].
pub async fn known_key_set(subject: &Subject) -> Result<Vec<u8>, BenchError> {
    let host = subject.host()?;
    let tag = subject.ask(&key_set(&host), |answer| answer.header("etag").map(str::to_owned)).await?;
    Ok(Request::get(KEY_SET, &host).with("if-none-match", tag.ok_or(BenchError::NoAnswer)?).bytes())
}

/// # Errors
/// [`BenchError`].
pub fn health(subject: &Subject) -> Result<Vec<u8>, BenchError> {
    Ok(Request::get("/healthz", &subject.host()?).bytes())
}

/// How many answers to this request there are a second, beside those of the bare server.
///
/// # Errors
/// [`BenchError`].
pub async fn rate(subject: &Subject, settings: &Settings, request: Vec<u8>) -> Result<Vec<Sample>, BenchError> {
    let bare = subject.ask(&request, |answer| BareServer::like(&answer)).await??;
    let mut samples = Vec::new();
    for _ in 0..settings.pairs {
        let measured = subject.load(READERS, settings.time, Requests::Same(request.clone())).await?.rate;
        let requests = Requests::Same(request.clone());
        let load = Load { address: bare.address, connections: READERS, requests, time: settings.time };
        samples.push(Sample::beside(measured, load.run().await?.rate));
    }
    bare.stop().await;
    Ok(samples)
}
