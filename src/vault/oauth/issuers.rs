//! Trusted issuers: access tokens that somebody else has signed, and the keys for them.
//!
//! 1. The keys are fetched when the first token comes, through the issuer's metadata (RFC 8414; OpenID Connect Discovery 1.0).
//! 2. They are renewed after ten minutes while the old ones go on to count, so an outage of the issuer is not noticed for a day.
//! 3. A `kid` that is not among them makes them be fetched again, at most once a minute.

use super::access_token::{AccessRequest, Confirmation};
use super::error::AccessTokenError as Refused;
use super::{LEEWAY, names_audience, numeric_date};
use crate::crypto::jwk;
use crate::crypto::jws::{UniqueMembers, Unverified};
use crate::domain::caller::{Caller, Credential};
use crate::domain::hook_url::HookUrl;
use crate::domain::org::Org;
use crate::domain::trusted_issuer::TrustedIssuer;
use crate::domain::verifying_key::VerifyingKey;
use crate::outbound::Outbound;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long keys count without a look whether there are others.
const FRESH: Duration = Duration::from_mins(10);

/// How long they count where the issuer does not answer.
const KEPT: Duration = Duration::from_hours(24);

/// Between two tries to fetch them.
const PAUSE: Duration = Duration::from_mins(1);

/// For all of a fetch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why an issuer's keys cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keys of the issuer {issuer} cannot be fetched: {reason}")]
pub struct IssuerUnavailable {
    issuer: String,
    reason: String,
}

/// All trusted issuers.
pub struct Issuers(Vec<Arc<Issuer>>);

/// An issuer with its keys.
pub(super) struct Issuer {
    trusted: TrustedIssuer,
    outbound: Arc<Outbound>,
    cache: Mutex<Cache>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    keys: Vec<jwk::Named>,
    /// On the clock that never runs backwards.
    fetched: Option<Duration>,
    tried: Option<Duration>,
    failure: Option<IssuerUnavailable>,
}

impl Issuers {
    /// # Arguments
    /// `outbound`: may call the addresses of the issuers.
    #[must_use]
    pub fn new(trusted: Vec<TrustedIssuer>, outbound: Outbound) -> Self {
        let outbound = Arc::new(outbound);
        let issuer = |trusted| Issuer {
            trusted,
            outbound: outbound.clone(),
            cache: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        };
        Self(trusted.into_iter().map(issuer).map(Arc::new).collect())
    }

    /// The one that this token would be of, if its tokens count in this org.
    pub(super) fn find(&self, issuer: &str, org: &Org) -> Option<&Arc<Issuer>> {
        self.0.iter().find(|found| found.trusted.issuer.as_str() == issuer && found.trusted.is_for(org))
    }
}

impl Vault {
    /// Who comes with a token of a trusted issuer, and the key that it is bound to.
    pub(super) async fn issuer_token_authenticate(
        &self,
        issuer: &Arc<Issuer>,
        request: AccessRequest<'_>,
    ) -> Result<(Caller, Option<String>), VaultError> {
        let read = Unverified::<UniqueMembers>::parse(request.token).map_err(|_| Refused::Parsing)?;
        // RFC 9068, clause 4: what says that it is something else is no access token.
        if !read.typ().as_deref().is_none_or(is_access_token_type) {
            return Err(Refused::Parsing.into());
        }
        let key = issuer.key(read.kid().as_deref(), self.clock().elapsed()).await?;
        let claims = read.verify(&key).map_err(|_| Refused::Signature)?.0;
        let claim = |name: &str| claims.get(name);
        let trusted = &issuer.trusted;
        if !claim("aud").is_some_and(|aud| names_audience(aud, |one| one == trusted.audience)) {
            return Err(Refused::Audience.into());
        }
        let (now, leeway) = (self.clock().now().unix(), LEEWAY.as_secs());
        let expires = claim("exp").and_then(numeric_date).ok_or(Refused::Time)?;
        let begins = claim("nbf").and_then(numeric_date).unwrap_or(i64::MIN);
        if expires.saturating_add_unsigned(leeway) <= now || begins > now.saturating_add_unsigned(leeway) {
            return Err(Refused::Time.into());
        }
        let scopes = match claim(&trusted.scopes_claim) {
            Some(Value::String(names)) => trusted.translate(names.split_ascii_whitespace()),
            Some(Value::Array(names)) => trusted.translate(names.iter().filter_map(Value::as_str)),
            _ => trusted.translate(std::iter::empty()),
        };
        let subject = ["sub", "client_id"].into_iter().find_map(|name| claim(name)?.as_str());
        let credential =
            Credential::Issuer { issuer: trusted.issuer.to_string(), subject: subject.unwrap_or_default().to_owned() };
        let confirmation = claim("cnf").map(|cnf| Confirmation::deserialize(cnf).map_err(|_| Refused::Parsing));
        let bound_to = match confirmation.transpose()? {
            None => None,
            // Bound in a way that nobody here can check, such as to a certificate.
            Some(Confirmation { jkt: None }) => return Err(Refused::Bound.into()),
            Some(Confirmation { jkt }) => jkt,
        };
        Ok((Caller { org: request.org.clone(), scopes, credential }, bound_to))
    }
}

fn is_access_token_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}

impl Issuer {
    /// The key with this `kid`; without one, the only key there is.
    async fn key(self: &Arc<Self>, kid: Option<&str>, now: Duration) -> Result<VerifyingKey, VaultError> {
        let (found, age) = self.look(kid, now);
        if let Some(key) = found
            && age < KEPT
        {
            if age >= FRESH {
                let issuer = self.clone();
                tokio::spawn(async move { issuer.renew(now, FRESH).await });
            }
            return Ok(key);
        }
        self.renew(now, Duration::ZERO).await;
        let (found, age) = self.look(kid, now);
        if age >= KEPT {
            let failure = self.lock().failure.clone();
            return Err(failure.map_or(Refused::Key.into(), VaultError::IssuerUnavailable));
        }
        Ok(found.ok_or(Refused::Key)?)
    }

    /// A key, and the age of all of them.
    fn look(&self, kid: Option<&str>, now: Duration) -> (Option<VerifyingKey>, Duration) {
        let cache = self.lock();
        let age = cache.fetched.map_or(Duration::MAX, |fetched| now.saturating_sub(fetched));
        let found = match (kid, cache.keys.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|(name, _)| name.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        (found.map(|(_, key)| key.clone()), age)
    }

    /// Fetches the keys, unless they are younger than this by then, or somebody has tried within the last minute.
    async fn renew(&self, now: Duration, younger: Duration) {
        let _fetching = self.fetching.lock().await;
        {
            let mut cache = self.lock();
            let recent = |moment: Option<Duration>, limit| moment.is_some_and(|then| now.saturating_sub(then) < limit);
            if recent(cache.tried, PAUSE) || recent(cache.fetched, younger) {
                return;
            }
            cache.tried = Some(now);
        }
        let fetched = match tokio::time::timeout(TIMEOUT, self.fetch()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("there is no answer within {} s", TIMEOUT.as_secs())),
        };
        let mut cache = self.lock();
        match fetched {
            Ok(keys) => *cache = Cache { keys, fetched: Some(now), tried: Some(now), failure: None },
            Err(reason) => {
                let failure = IssuerUnavailable { issuer: self.trusted.issuer.to_string(), reason };
                tracing::warn!(error = %failure, "an issuer's keys were not renewed");
                cache.failure = Some(failure);
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<jwk::Named>, String> {
        let address = match &self.trusted.jwks_uri {
            Some(address) => address.clone(),
            None => self.jwks_uri().await?,
        };
        let keys = jwk::parse_set(self.get(&address).await?.ok_or("there is no key set")?);
        let keys: Vec<_> = keys.map_err(|_| "the key set is none")?.filter_map(Result::ok).collect();
        if keys.is_empty() { Err("the key set has no usable key".into()) } else { Ok(keys) }
    }

    /// Where the issuer's metadata say that its keys are.
    async fn jwks_uri(&self) -> Result<HookUrl, String> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let issuer = &self.trusted.issuer;
        let mut found = None;
        for address in metadata_addresses(issuer) {
            found = self.get(&address).await?;
            if found.is_some() {
                break;
            }
        }
        let metadata: Metadata =
            serde_json::from_value(found.ok_or("it has no metadata")?).map_err(|_| "its metadata have no jwks_uri")?;
        // RFC 8414, clause 3.3.
        if metadata.issuer != issuer.as_str() {
            return Err("its metadata are of another issuer".into());
        }
        HookUrl::parse(&metadata.jwks_uri).map_err(|reason| format!("its jwks_uri {reason}"))
    }

    /// The JSON at an address; `None` for 404.
    async fn get(&self, address: &HookUrl) -> Result<Option<Value>, String> {
        const OK: u16 = 200;
        const NOT_FOUND: u16 = 404;
        let answer = self.outbound.get(address).await.map_err(|error| format!("{}: {error}", address.shown()))?;
        match answer.status {
            OK => {
                let json = serde_json::from_slice(&answer.body);
                json.map(Some).map_err(|_| format!("{}: the answer is no JSON", address.shown()))
            }
            NOT_FOUND => Ok(None),
            status => Err(format!("{}: it answered with status {status}", address.shown())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        // A panic while the lock is held leaves keys that are still keys.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// OpenID Connect Discovery 1.0, clause 4, puts the well-known part behind the issuer's path; RFC 8414, clause 3.1, before it.
fn metadata_addresses(issuer: &HookUrl) -> Vec<HookUrl> {
    let base = issuer.as_str().trim_end_matches('/');
    let path = issuer.as_url().path().trim_end_matches('/');
    let origin = base.strip_suffix(path).unwrap_or(base);
    let addresses = [
        format!("{base}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
    ];
    addresses.iter().filter_map(|address| HookUrl::parse(address).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_looked_for_where_both_standards_put_them() {
        let addresses = |issuer| {
            metadata_addresses(&HookUrl::parse(issuer).unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
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
