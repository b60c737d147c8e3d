//! Trusted issuers and their keys.
//!
//! 1. The keys are fetched when the first token comes, through the issuer's metadata (RFC 8414; OpenID Connect Discovery 1.0).
//! 2. They are renewed after ten minutes, or earlier if their issuer says so, beside the requests that the old ones still
//!    serve; after half an hour without any, the first request waits for it. Where the issuer does not answer, the old ones
//!    count for a day.
//! 3. A `kid` that is not among them makes them be fetched again, at most once a minute.

use super::error::{AccessTokenError as Refused, IssuerUnavailable};
use crate::crypto::jwk;
use crate::crypto::jws::Unverified;
use crate::domain::http_url::HttpUrl;
use crate::domain::id::OrgId;
use crate::domain::invalid::Invalid;
use crate::domain::trusted_issuer::TrustedIssuer;
use crate::domain::verifying_key::VerifyingKey;
use crate::outbound::Outbound;
use crate::vault::error::VaultError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long keys count without a look whether there are others, where the issuer does not say (RFC 9111, clause 5.2.2.1), and
/// at the most.
const FRESH: Duration = Duration::from_mins(10);

/// As above, where nobody has come for so long: then the first one waits until there was a look.
const QUIET: Duration = Duration::from_mins(30);

/// How long they count where the issuer does not answer.
const KEPT: Duration = Duration::from_hours(24);

/// Between two tries to fetch them, and the least time for which they are fresh.
const PAUSE: Duration = Duration::from_mins(1);

/// As above, while there are none at all.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// For all of a fetch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// All trusted issuers.
pub struct Issuers(Vec<Arc<Issuer>>);

/// An issuer with its keys.
pub struct Issuer {
    /// The org whose API its tokens open.
    org: OrgId,
    pub(super) trusted: TrustedIssuer,
    outbound: Outbound,
    cache: Mutex<Cache>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    keys: Vec<jwk::Named>,
    /// On the clock that never runs backwards.
    fetched: Option<Duration>,
    /// For how long they are.
    fresh: Duration,
    tried: Option<Duration>,
    failure: Option<IssuerUnavailable>,
}

impl Issuers {
    #[must_use]
    pub fn new(issuers: Vec<Issuer>) -> Self {
        Self(issuers.into_iter().map(Arc::new).collect())
    }

    /// The one that this token would be of, if its tokens count in this org.
    pub(super) fn find(&self, issuer: &str, org: &OrgId) -> Option<&Arc<Issuer>> {
        self.0.iter().find(|found| found.trusted.issuer.as_str() == issuer && found.org == *org)
    }
}

impl Issuer {
    /// # Arguments
    /// `outbound`: may call the issuer's address, whatever it is.
    #[must_use]
    pub fn new(org: OrgId, trusted: TrustedIssuer, outbound: Outbound) -> Self {
        Self { org, trusted, outbound, cache: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// Whether both are one issuer for one org.
    #[must_use]
    pub fn is_same(&self, org: &OrgId, trusted: &TrustedIssuer) -> bool {
        self.org == *org && self.trusted.issuer == trusted.issuer
    }

    /// The key that a token names, of those that fit its algorithm. Without a name, the only one there is.
    pub(super) async fn key<C: DeserializeOwned>(
        self: &Arc<Self>,
        token: &Unverified<C>,
        now: Duration,
    ) -> Result<VerifyingKey, VaultError> {
        let (found, age) = self.look(token, now);
        let fresh = self.lock().fresh;
        match found {
            Some(key) if age < fresh => return Ok(key),
            // Others who come meanwhile do not wait, nor does anybody while tokens come all the time.
            Some(key) if age < QUIET || (age < KEPT && self.fetching.try_lock().is_err()) => {
                tokio::spawn(self.clone().renew(now, fresh));
                return Ok(key);
            }
            // After a quiet time, a key that was withdrawn must not open anything.
            Some(_) if age < KEPT => self.renew_and_wait(now, fresh).await,
            _ => self.renew_and_wait(now, Duration::ZERO).await,
        }
        let (found, age) = self.look(token, now);
        if age < KEPT {
            return Ok(found.ok_or(Refused::Key)?);
        }
        let unknown = || IssuerUnavailable::new(&self.trusted, "nobody has tried yet".into());
        Err(VaultError::IssuerUnavailable(self.lock().failure.clone().unwrap_or_else(unknown)))
    }

    /// A key, and the age of all of them.
    fn look<C: DeserializeOwned>(&self, token: &Unverified<C>, now: Duration) -> (Option<VerifyingKey>, Duration) {
        let cache = self.lock();
        let age = cache.fetched.map_or(Duration::MAX, |fetched| now.saturating_sub(fetched));
        let mut fitting = cache.keys.iter().filter(|(name, key)| {
            token.fits(key) && token.kid().is_none_or(|kid| name.as_deref() == Some(kid.as_str()))
        });
        let found = match (fitting.next(), fitting.next()) {
            (Some((_, key)), None) => Some(key.clone()),
            _ => None,
        };
        (found, age)
    }

    /// As [`Self::renew`], on a task of its own: a client that hangs up does not stop it half-way.
    async fn renew_and_wait(self: &Arc<Self>, now: Duration, younger: Duration) {
        if let Err(stopped) = tokio::spawn(self.clone().renew(now, younger)).await {
            tracing::warn!(error = %stopped, "the renewal of an issuer's keys was stopped");
        }
    }

    /// Fetches the keys, unless they are younger than this by then, or somebody has tried within the last minute.
    async fn renew(self: Arc<Self>, now: Duration, younger: Duration) {
        let _fetching = self.fetching.lock().await;
        let recent = |moment: Option<Duration>, limit| moment.is_some_and(|then| now.saturating_sub(then) < limit);
        let (tried, fetched) = {
            let cache = self.lock();
            (cache.tried, cache.fetched)
        };
        let pause = if fetched.is_some() { PAUSE } else { FIRST_PAUSE };
        if recent(tried, pause) || recent(fetched, younger) {
            return;
        }
        let fetched = match tokio::time::timeout(TIMEOUT, self.fetch()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("there is no answer within {} s", TIMEOUT.as_secs())),
        };
        let mut cache = self.lock();
        let fetched = fetched.and_then(|(keys, fresh)| {
            if keys.is_empty() && cache.fetched.is_none() {
                return Err("its key set has no key that can be used here".to_owned());
            }
            if keys.is_empty() {
                let issuer = self.trusted.issuer.as_str();
                tracing::warn!(issuer, "the issuer has withdrawn all keys that can be used here");
            }
            Ok((keys, fresh))
        });
        match fetched {
            Ok((keys, fresh)) => *cache = Cache { keys, fetched: Some(now), fresh, tried: Some(now), failure: None },
            Err(reason) => {
                let failure = IssuerUnavailable::new(&self.trusted, reason);
                tracing::warn!(error = %failure, "an issuer's keys were not renewed");
                cache.tried = Some(now);
                cache.failure = Some(failure);
            }
        }
    }

    /// The keys, and for how long they are fresh.
    async fn fetch(&self) -> Result<(Vec<jwk::Named>, Duration), String> {
        let address = match &self.trusted.jwks_uri {
            Some(address) => address.clone(),
            None => self.jwks_uri().await?,
        };
        let (set, fresh) = self.get(&address).await?;
        let keys = jwk::parse_set(set);
        Ok((keys.map_err(|_| "the key set is none")?.filter_map(Result::ok).collect(), fresh))
    }

    /// Where the issuer's metadata say that its keys are.
    async fn jwks_uri(&self) -> Result<HttpUrl, String> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let issuer = &self.trusted.issuer;
        let [first, second] = metadata_addresses(issuer).map_err(|_| "its address has no place for metadata")?;
        let (found, _) = match self.get(&first).await {
            Ok(found) => found,
            Err(reason) => self.get(&second).await.map_err(|other| format!("{reason}; {other}"))?,
        };
        let metadata: Metadata = serde_json::from_value(found).map_err(|_| "its metadata have no jwks_uri")?;
        // RFC 8414, clause 3.3.
        if metadata.issuer != issuer.as_str() {
            return Err("its metadata are of another issuer".into());
        }
        let address = HttpUrl::parse(&metadata.jwks_uri).map_err(|reason| format!("its jwks_uri {reason}"))?;
        // Whoever is on the way would choose the keys.
        if issuer.is_https() && !address.is_https() {
            return Err("its jwks_uri does not begin with https://".into());
        }
        Ok(address)
    }

    /// The JSON at an address, and for how long it is fresh.
    async fn get(&self, address: &HttpUrl) -> Result<(Value, Duration), String> {
        const OK: u16 = 200;
        let answer = self.outbound.get(address).await.map_err(|error| format!("{}: {error}", address.shown()))?;
        match answer.status {
            OK => {
                let json = serde_json::from_slice(&answer.body);
                let fresh = freshness(answer.cache_control.as_deref().unwrap_or_default());
                json.map(|json| (json, fresh)).map_err(|_| format!("{}: the answer is no JSON", address.shown()))
            }
            status => Err(format!("{}: it answered with status {status}", address.shown())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        // A panic while the lock is held leaves keys that are still keys.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a `Cache-Control` allows (RFC 9111, clause 5.2.2), within our own bounds.
fn freshness(cache_control: &str) -> Duration {
    let directives: Vec<_> = cache_control.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|part| part == "no-store" || part == "no-cache") {
        return PAUSE;
    }
    let seconds = directives.iter().find_map(|part| part.strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    seconds.map_or(FRESH, Duration::from_secs).clamp(PAUSE, FRESH)
}

/// OpenID Connect Discovery 1.0, clause 4, puts the well-known part behind the issuer's path; RFC 8414, clause 3.1, before it.
fn metadata_addresses(issuer: &HttpUrl) -> Result<[HttpUrl; 2], Invalid> {
    let base = issuer.as_str().trim_end_matches('/');
    let (origin, path) = (issuer.as_url().origin().ascii_serialization(), issuer.as_url().path().trim_end_matches('/'));
    Ok([
        HttpUrl::parse(&format!("{base}/.well-known/openid-configuration"))?,
        HttpUrl::parse(&format!("{origin}/.well-known/oauth-authorization-server{path}"))?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fresh_for_as_long_as_their_issuer_says_within_bounds() {
        for (said, minutes) in [
            ("", 10),
            ("public, max-age=120", 2),
            ("Max-Age=\"180\", must-revalidate", 3),
            ("max-age=2", 1),
            ("max-age=86400", 10),
            ("no-store", 1),
            ("max-age=120, no-cache", 1),
            ("max-age=soon", 10),
        ] {
            assert_eq!(freshness(said), Duration::from_mins(minutes), "{said}");
        }
    }

    #[test]
    fn metadata_are_looked_for_where_both_standards_put_them() {
        let addresses =
            |issuer| metadata_addresses(&HttpUrl::parse(issuer).unwrap()).unwrap().map(|address| address.to_string());
        assert_eq!(
            addresses("https://login.example.com/realms/a"),
            [
                "https://login.example.com/realms/a/.well-known/openid-configuration",
                "https://login.example.com/.well-known/oauth-authorization-server/realms/a"
            ]
        );
        assert_eq!(
            addresses("https://login.example.com/"),
            [
                "https://login.example.com/.well-known/openid-configuration",
                "https://login.example.com/.well-known/oauth-authorization-server"
            ]
        );
    }
}
