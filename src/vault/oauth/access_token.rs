//! Access tokens: JWTs that the org's own key signs (wire.md §5), and who comes with one.

use super::claims::LEEWAY;
use super::error::{AccessTokenError as Refused, ProofError};
use super::proof;
use super::replay::SingleUse;
use crate::crypto::jws::{self, Unverified};
use crate::crypto::random::Purpose;
use crate::domain::caller::{Caller, Credential};
use crate::domain::id::{KeyId, OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::org::Org;
use crate::domain::public_url::is_with_port;
use crate::domain::scope::{Scope, Scopes};
use crate::domain::service_app::ServiceApp;
use crate::domain::signing_key::TOKEN_LIFETIME;
use crate::domain::verifying_key::VerifyingKey;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    ver: u8,
    jti: String,
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    cid: String,
    scp: Vec<String>,
    /// Of the app, where it was deactivated in between: a token of before does not come back with it.
    #[serde(default, skip_serializing_if = "is_first")]
    activation: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

fn is_first(activation: &u32) -> bool {
    *activation == 0
}

/// The key that a token is bound to (RFC 9449, clause 6.1).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// The thumbprint of the key.
    pub(super) jkt: String,
}

impl Claims {
    pub(super) fn new(
        vault: &Vault,
        issuer: &str,
        app: &ServiceApp,
        scopes: &Scopes,
        thumbprint: Option<&str>,
    ) -> Self {
        let issued = vault.registry.clock.now().unix();
        Self {
            ver: 1,
            jti: format!("AT.{}", URL_SAFE_NO_PAD.encode(vault.registry.random.bytes::<32>(Purpose::Id))),
            iss: issuer.to_owned(),
            aud: issuer.to_owned(),
            sub: app.id.to_string(),
            iat: issued,
            exp: issued.saturating_add_unsigned(TOKEN_LIFETIME.as_secs()),
            cid: app.id.to_string(),
            scp: scopes.iter().map(|scope| scope.to_string()).collect(),
            activation: app.activations,
            cnf: thumbprint.map(|thumbprint| Confirmation { jkt: thumbprint.to_owned() }),
        }
    }
}

/// How a token was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Bearer,
    DPoP,
}

/// A request with an access token. There is no `Debug`: it holds a credential.
#[derive(Clone, Copy)]
pub struct AccessRequest<'a> {
    pub org: &'a Arc<Org>,
    /// The org's address, which is issuer and audience of its own tokens.
    pub issuer: &'a str,
    /// Whether that may have any port in them.
    pub any_port: bool,
    pub scheme: Scheme,
    pub token: &'a str,
    /// The `DPoP` headers.
    pub proofs: &'a [&'a str],
    pub method: &'a str,
    /// The address of the request, without its query.
    pub url: &'a str,
}

/// Whose token it is, before anything is known of it.
#[derive(Deserialize)]
struct Issuer {
    iss: Option<String>,
}

impl Vault {
    /// Who comes with an access token, and for a token that is bound to a key, the proof: it counts once it was used up
    /// ([`Vault::proof_use`]).
    ///
    /// # Errors
    /// [`VaultError::AccessToken`], [`VaultError::Proof`], [`VaultError::IssuerUnavailable`] or one of the store.
    pub async fn access_token_authenticate(
        &self,
        request: AccessRequest<'_>,
    ) -> Result<(Caller, Option<SingleUse>), VaultError> {
        let read = Unverified::<Issuer>::parse(request.token).map_err(|_| Refused::Parsing)?;
        let issuer = read.unverified_claims().iss.as_deref().ok_or(Refused::Parsing)?;
        let is_own = issuer == request.issuer || (request.any_port && is_with_port(issuer, request.issuer));
        let (caller, bound_to) = if is_own {
            self.own_token_authenticate(request).await?
        } else {
            let trusted = self.issuers.find(issuer, &request.org.id).ok_or(Refused::Issuer)?;
            self.issuer_token_authenticate(trusted, request).await?
        };
        match (bound_to, request.scheme) {
            (None, Scheme::Bearer) => Ok((caller, None)),
            (Some(_), Scheme::Bearer) => Err(Refused::Bound.into()),
            (bound_to, Scheme::DPoP) => Ok((caller, Some(self.proof_for_request(request, bound_to.as_deref())?))),
        }
    }

    async fn own_token_authenticate(&self, request: AccessRequest<'_>) -> Result<(Caller, Option<String>), VaultError> {
        let now = self.registry.clock.now();
        let read = Unverified::<Claims>::parse(request.token).map_err(|_| Refused::Parsing)?;
        let key_id = read.kid().and_then(|kid| KeyId::parse(&kid).ok()).ok_or(Refused::Key)?;
        let app = ServiceAppId::parse(&read.unverified_claims().cid).map_err(|_| Refused::Client)?;
        let mut tx = self.registry.store.read().await?;
        let ring = self.signing_key_ring(&mut *tx, &request.org.id).await?;
        let app = tx.service_app_find(&app).await?;
        ring.published(now).find(|key| key.key_id == key_id).ok_or(Refused::Key)?;
        let sealed = tx.signing_key_find_sealed(&request.org.id, &key_id).await?.ok_or(Refused::Key)?;
        drop(tx);
        self.compare(std::slice::from_ref(&sealed)).await?;
        let claims = read.verify(&VerifyingKey::Rsa(sealed.key.public_key)).map_err(|_| Refused::Signature)?;
        if claims.aud != claims.iss {
            return Err(Refused::Audience.into());
        }
        // Our own clock wrote it, so nothing is forgiven; but it may have been wrong then.
        let latest = now.unix().saturating_add_unsigned((TOKEN_LIFETIME + LEEWAY).as_secs());
        if claims.exp <= now.unix() || claims.exp > latest {
            return Err(Refused::Time.into());
        }
        let counts =
            |app: &ServiceApp| app.org_id == request.org.id && app.active && claims.activation == app.activations;
        let app = app.filter(counts).ok_or(Refused::Client)?;
        let asked: Scopes = claims.scp.iter().filter_map(|name| Scope::parse(name).ok()).collect();
        let scopes = asked.within(&app.scopes);
        let caller = Caller { org: request.org.clone(), scopes, credential: Credential::ServiceApp(app.id) };
        Ok((caller, claims.cnf.map(|confirmation| confirmation.jkt)))
    }

    fn proof_for_request(&self, request: AccessRequest<'_>, bound_to: Option<&str>) -> Result<SingleUse, ProofError> {
        let context = proof::Request {
            org: &request.org.id,
            method: request.method,
            url: request.url,
            access_token: Some(request.token),
            now: self.registry.clock.now(),
        };
        let proof = proof::check(proof::single(request.proofs)?, context)?;
        if bound_to != Some(&proof.thumbprint) {
            return Err(ProofError::NotBound);
        }
        Ok(proof.single_use)
    }

    /// Signs with the key of the org that signs now.
    pub(super) async fn access_token_sign(&self, org: &OrgId, claims: Claims) -> Result<String, VaultError> {
        let (key_id, key) = self.signing_key_use(org).await?;
        // The vault has made it, so it is quick.
        jws::sign(&key, key_id, claims).map_err(VaultError::Sign)
    }
}
