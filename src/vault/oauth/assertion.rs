//! Client assertions: who asks for a token (RFC 7523, clause 3; wire.md §5).

use super::claims::{LEEWAY, names_audience, numeric_date};
use super::error::TokenRequestError as Refused;
use super::replay::SingleUse;
use crate::crypto::jws::{Unverified, VerifyError};
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::domain::signing_key::TOKEN_LIFETIME as MAX_LIFETIME;
use crate::repository::store::ReadTx;
use crate::vault::error::VaultError;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// Members that decide are read as any JSON, so that each is refused with its own reason.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    jti: Option<String>,
}

/// A client that proved who it is.
pub(super) struct Client {
    pub(super) app: ServiceApp,
    /// `None` where the assertion has no `jti`.
    pub(super) single_use: Option<SingleUse>,
}

/// Finds out who signed an assertion. Whether it was used before is not looked at yet.
///
/// # Arguments
/// `client_id`: the parameter, if there is one. `token_url`: what `aud` must be.
pub(super) async fn authenticate(
    tx: &mut dyn ReadTx,
    org: &OrgId,
    assertion: &str,
    client_id: Option<&str>,
    token_url: &str,
    now: Timestamp,
) -> Result<Client, VaultError> {
    let read = Unverified::<Claims>::parse(assertion).map_err(|_| Refused::Parsing)?;
    if !read.is_algorithm_known() {
        return Err(Refused::Algorithm.into());
    }
    let issuer = read.unverified_claims().iss.as_deref().and_then(|iss| ServiceAppId::parse(iss).ok());
    let issuer = issuer.ok_or(Refused::Issuer)?;
    let app = tx.service_app_find(&issuer).await?.filter(|app| app.org_id == *org).ok_or(Refused::Issuer)?;
    let keys = tx.service_app_key_list(&app.id).await?;
    let key = pick(&keys, read.kid().as_deref()).ok_or(Refused::KeyId)?;
    let claims = read.verify(&key.key).map_err(|error| match error {
        VerifyError::Algorithm => Refused::Algorithm,
        VerifyError::Signature => Refused::Signature,
    })?;

    // From here on it is the client who speaks.
    if claims.sub != claims.iss {
        return Err(Refused::Client("the subject of the assertion is not its issuer").into());
    }
    if client_id.is_some_and(|client_id| client_id != app.id.as_str()) {
        return Err(Refused::Client("the parameter client_id names another client").into());
    }
    if !app.active {
        return Err(Refused::Client("the app is deactivated").into());
    }
    if !claims.aud.as_ref().is_some_and(|aud| is_for(aud, token_url)) {
        return Err(Refused::Audience { expected: token_url.to_owned() }.into());
    }
    let expires = claims.exp.as_ref().and_then(numeric_date).ok_or(Refused::NoExpiration)?;
    let leeway = LEEWAY.as_secs();
    if expires.saturating_add_unsigned(leeway) <= now.unix() {
        return Err(Refused::Expired.into());
    }
    if expires > now.unix().saturating_add_unsigned(MAX_LIFETIME.as_secs() + leeway) {
        return Err(Refused::ExpiresTooLate.into());
    }
    let begins = claims.nbf.as_ref().map_or(Some(i64::MIN), numeric_date);
    if begins.is_none_or(|moment| moment > now.unix().saturating_add_unsigned(leeway)) {
        return Err(Refused::Client("the assertion is not valid yet").into());
    }
    let forgotten = Timestamp::from_unix(expires.saturating_add_unsigned(leeway)).map_err(|_| Refused::NoExpiration)?;
    let single_use =
        claims.jti.map(|jti| SingleUse::new(["assertion", org.as_str(), app.id.as_str()], &jti, forgotten));
    Ok(Client { app, single_use })
}

/// The key with this `kid`; without one, the only key there is.
fn pick<'a>(keys: &'a [AppKey], kid: Option<&str>) -> Option<&'a AppKey> {
    match (kid, keys) {
        (Some(kid), _) => keys.iter().find(|key| key.kid.as_str() == kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Whether the audience is the token endpoint and nobody else: what is for others too could be used by them.
fn is_for(audience: &Value, token_url: &str) -> bool {
    let same = |given: &str| given == token_url || same_url(given, token_url);
    let alone = audience.as_array().is_none_or(|several| several.len() == 1);
    alone && names_audience(audience, same)
}

/// The case of a host does not count, nor does a port that the scheme implies.
fn same_url(one: &str, other: &str) -> bool {
    matches!((Url::parse(one), Url::parse(other)), (Ok(one), Ok(other)) if one == other)
}
