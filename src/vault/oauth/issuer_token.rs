//! Access tokens of trusted issuers, and who comes with one (RFC 9068).

use super::access_token::{AccessRequest, Confirmation};
use super::claims::{LEEWAY, names_audience, numeric_date};
use super::error::AccessTokenError as Refused;
use super::issuers::Issuer;
use crate::crypto::jws::{UniqueMembers, Unverified};
use crate::domain::caller::{Caller, Credential};
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use serde::Deserialize as _;
use serde_json::Value;
use std::sync::Arc;

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
        let key = issuer.key(&read, self.clock().elapsed()).await?;
        let claims = read.verify(&key).map_err(|_| Refused::Signature)?.0;
        let claim = |name: &str| claims.get(name);
        let trusted = &issuer.trusted;
        if !claim("aud").is_some_and(|aud| names_audience(aud, |one| one == trusted.audience)) {
            return Err(Refused::Audience.into());
        }
        let (now, leeway) = (self.clock().now().unix(), LEEWAY.as_secs());
        let expires = claim("exp").and_then(numeric_date).ok_or(Refused::Time)?;
        let begins = claim("nbf").map_or(Some(i64::MIN), numeric_date).ok_or(Refused::Time)?;
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
        // A token that is bound to something else as well, such as a certificate, is not as safe here as its issuer thinks.
        let bound_to = claim("cnf").map(Confirmation::deserialize).transpose().map_err(|_| Refused::BoundOtherwise)?;
        let bound_to = bound_to.map(|confirmation| confirmation.jkt);
        Ok((Caller { org: request.org.clone(), scopes, credential }, bound_to))
    }
}

fn is_access_token_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}
