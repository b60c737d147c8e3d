//! Signatures over HTTP, beside those that the library alone makes.

use super::reads::READERS;
use crate::bench::error::BenchError;
use crate::bench::load::Requests;
use crate::bench::request::Request;
use crate::bench::row::Sample;
use crate::bench::settings::Settings;
use crate::bench::signers;
use crate::bench::subject::Subject;
use crate::vault::keys::signing::ASSERTION_TYPE;
use serde_json::{Value, json};
use url::form_urlencoded;

const TOKEN_PATH: &str = "/oauth2/v1/token";

/// How long an assertion counts, in seconds: longer than it waits to be used.
const LIFETIME: i64 = 600;

/// # Errors
/// [`BenchError`].
pub async fn jwts(subject: &Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    rate(subject, settings, "jwts", json!({"claims": {"iss": "billing", "sub": "invoice 7"}})).await
}

/// # Errors
/// [`BenchError`].
pub async fn assertions(subject: &Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    let body = json!({"clientId": "billing", "audience": "https://login.example.com/token"});
    rate(subject, settings, "client-assertions", body).await
}

async fn rate(subject: &Subject, settings: &Settings, what: &str, body: Value) -> Result<Vec<Sample>, BenchError> {
    let key = subject.keys.first().ok_or(BenchError::NoAnswer)?;
    let path = format!("/vault/v1/hook-keys/{key}/{what}");
    let request = Request::json("POST", &path, &subject.host()?, body.to_string()).by(&subject.token).bytes();
    let mut samples = Vec::new();
    for _ in 0..settings.pairs {
        let ceiling = signers::rate(subject.app.key.clone(), settings.time).await?;
        let measured = subject.load(READERS, settings.time, Requests::Same(request.clone())).await?.rate;
        samples.push(Sample::beside(measured, ceiling));
    }
    Ok(samples)
}

/// Access tokens, each for an assertion that was made beforehand.
///
/// # Errors
/// [`BenchError`].
pub async fn access_tokens(subject: &Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    let mut samples = Vec::new();
    for round in 0..settings.pairs {
        let ceiling = signers::rate(subject.app.key.clone(), settings.time).await?;
        // No server can use up more: each costs it a signature.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small number")]
        let count = (ceiling * settings.time.as_secs_f64()) as u64 + 1;
        let mut requests = token_requests(subject, round, count).await?.into_iter();
        let loaded = subject.load(READERS, settings.time, Requests::each(move || requests.next())).await?;
        samples.push(Sample::beside(loaded.rate, ceiling));
    }
    Ok(samples)
}

async fn token_requests(subject: &Subject, round: usize, count: u64) -> Result<Vec<Vec<u8>>, BenchError> {
    let (host, app, now) = (subject.host()?, subject.app.id.clone(), subject.parts.clock.now().unix());
    let audience = format!("http://{host}{TOKEN_PATH}");
    let claims = move |number| {
        json!({
            "iss": app, "sub": app, "aud": audience, "iat": now, "exp": now + LIFETIME,
            "jti": format!("{round} {number}"),
        })
    };
    let assertions = signers::jwts(subject.app.key.clone(), subject.app.key_id, count, claims).await?;
    let request = |assertion: String| {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", "okta.inlineHooks.read")
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", &assertion)
            .finish();
        Request::form(TOKEN_PATH, &host, form).bytes()
    };
    Ok(assertions.into_iter().map(request).collect())
}
