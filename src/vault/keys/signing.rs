//! Signing for others: client assertions and JWTs. Nobody chooses the bytes that are signed: header, `iat`, `exp` and `jti`
//! are the vault's.

use crate::crypto::jws;
use crate::crypto::private_key::PrivateKey;
use crate::crypto::random::Purpose;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::hook_key::SealedHookKey;
use crate::domain::hook_key_version::{MAX_ASSERTION_LIFETIME, MAX_JWT_LIFETIME};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::keys::hook_key::target;
use crate::vault::read_model::Version;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a client assertion is called in a token request (RFC 7523, clause 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long a client assertion lives unless something else is asked for, and at the most, in seconds.
pub const ASSERTION_TTL: u64 = 60;
pub const MAX_ASSERTION_TTL: u64 = MAX_ASSERTION_LIFETIME.as_secs();

/// The same for a JWT.
pub const JWT_TTL: u64 = 300;
pub const MAX_JWT_TTL: u64 = MAX_JWT_LIFETIME.as_secs();

/// What the vault fills in by itself.
pub const OWN_CLAIMS: [(&str, &str); 3] = [("iat", "claims.iat"), ("exp", "claims.exp"), ("jti", "claims.jti")];

/// A JWT with what was signed in it.
pub(in crate::vault) struct Signed {
    pub(in crate::vault) jwt: String,
    pub(in crate::vault) key_id: KeyId,
    pub(in crate::vault) claims: Map<String, Value>,
}

/// What a client assertion says.
#[derive(Debug, Clone, Copy)]
pub struct AssertionRequest<'a> {
    pub client_id: &'a str,
    pub audience: &'a str,
    /// In seconds.
    pub ttl: Option<u64>,
    /// A registered consumer of the key, whose use is recorded.
    pub consumer: Option<&'a str>,
}

impl Vault {
    /// A client assertion: `iss` and `sub` are the client (RFC 7523, clause 3).
    ///
    /// # Errors
    /// [`VaultError::Invalid`], [`VaultError::NotFound`], [`VaultError::KeyUnusable`] or one of the store.
    pub async fn client_assertion(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        request: AssertionRequest<'_>,
    ) -> Result<String, VaultError> {
        for (field, text) in [("clientId", request.client_id), ("audience", request.audience)] {
            if text.trim().is_empty() {
                return Err(Invalid::Blank.at(field).into());
            }
        }
        let ttl = lifetime(request.ttl, ASSERTION_TTL, MAX_ASSERTION_TTL)?;
        let claims = assertion_claims(request.client_id, request.audience);
        self.sign_for(actor, org, key, claims, ttl, request.consumer).await
    }

    /// A JWT with these claims. `ttl` is in seconds.
    ///
    /// # Errors
    /// [`VaultError::Invalid`], also where the claims have one that the vault fills in; [`VaultError::NotFound`],
    /// [`VaultError::KeyUnusable`] or one of the store.
    pub async fn jwt_sign(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        claims: Map<String, Value>,
        ttl: Option<u64>,
        consumer: Option<&str>,
    ) -> Result<String, VaultError> {
        if let Some((_, field)) = OWN_CLAIMS.into_iter().find(|(name, _)| claims.contains_key(*name)) {
            return Err(Invalid::Reserved.at(field).into());
        }
        let ttl = lifetime(ttl, JWT_TTL, MAX_JWT_TTL)?;
        self.sign_for(actor, org, key, claims, ttl, consumer).await
    }

    async fn sign_for(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        claims: Map<String, Value>,
        ttl: u64,
        consumer: Option<&str>,
    ) -> Result<String, VaultError> {
        let version = self.registry.version_of(org, self.registry.version().await?);
        let sealed = self.sealed_hook_key(org, key, version).await?;
        let found = &sealed.key;
        let consumer = match consumer {
            None => None,
            Some(text) => {
                let id = Name::known(text).map_err(|reason| reason.at("consumer"))?;
                let known = self.registry.store.read().await?.key_reference_find(org, &found.id, &id).await?;
                Some(known.ok_or_else(|| Invalid::NotRegistered.at("consumer"))?.consumer_id)
            }
        };
        let Signed { jwt, .. } = self.sign_with(&sealed, claims, ttl).await?;
        let mut targets = vec![target(found)];
        targets.extend(consumer.as_ref().map(|id| Target::of("HookKeyUser", id.as_str(), None)));
        self.audit_use(org, actor, Event::new(EventKind::HookKeyUsed, targets));
        if let Some(consumer) = consumer {
            self.key_reference_touch(actor, org, &found.id, &consumer).await;
        }
        Ok(jwt)
    }

    /// Fills in `iat`, `exp` and `jti`, and signs.
    pub(in crate::vault) async fn sign_claims(
        &self,
        org: &OrgId,
        id: &HookKeyId,
        claims: Map<String, Value>,
        ttl: u64,
    ) -> Result<Signed, VaultError> {
        let version = self.registry.version_of(org, self.registry.version().await?);
        let sealed = self.sealed_hook_key(org, id.as_str(), version).await?;
        self.sign_with(&sealed, claims, ttl).await
    }

    /// The key with this id or name, in this state of the org, or a later one.
    async fn sealed_hook_key(
        &self,
        org: &OrgId,
        id_or_name: &str,
        version: Option<Version>,
    ) -> Result<Arc<SealedHookKey>, VaultError> {
        let asked = (org.clone(), id_or_name.to_owned());
        if let Some(known) = self.known_hook_keys.get(&asked, version) {
            return Ok(known);
        }
        let mut tx = self.registry.store.read().await?;
        let id = match HookKeyId::parse(id_or_name) {
            Ok(id) => id,
            Err(_) => self.get_key(&mut *tx, org, id_or_name).await?.id,
        };
        let Some(sealed) = tx.hook_key_find_sealed(org, &id).await? else {
            self.parsed_hook_keys.forget(&id);
            return Err(self.key_absent(&mut *tx, org, id_or_name).await);
        };
        let sealed = Arc::new(sealed);
        self.known_hook_keys.keep(asked, version, sealed.clone());
        Ok(sealed)
    }

    async fn sign_with(
        &self,
        sealed: &Arc<SealedHookKey>,
        mut claims: Map<String, Value>,
        ttl: u64,
    ) -> Result<Signed, VaultError> {
        let now = self.registry.clock.now().unix();
        claims.insert("iat".into(), now.into());
        claims.insert("exp".into(), now.saturating_add_unsigned(ttl).into());
        claims.insert("jti".into(), URL_SAFE_NO_PAD.encode(self.registry.random.bytes::<16>(Purpose::Id)).into());
        let key_id = sealed.key.key_id;
        let jwt = match self.parsed_hook_key(sealed).filter(|key| key.is_quick()) {
            Some(key) => jws::sign(&key, key_id, &claims).map_err(VaultError::Sign)?,
            None => {
                let (vault, sealed, claims) = (self.clone(), sealed.clone(), claims.clone());
                let signed = tokio::task::spawn_blocking(move || {
                    let key = vault.private_key(&sealed)?;
                    jws::sign(&key, key_id, claims).map_err(VaultError::Sign)
                });
                signed.await??
            }
        };
        Ok(Signed { jwt, key_id, claims })
    }

    fn parsed_hook_key(&self, sealed: &SealedHookKey) -> Option<Arc<PrivateKey>> {
        let mut parsed = self.parsed_hook_keys.lock();
        parsed.get(&sealed.key.id).filter(|(key_id, _)| *key_id == sealed.key.key_id).map(|(_, key)| key.clone())
    }

    fn private_key(&self, sealed: &SealedHookKey) -> Result<Arc<PrivateKey>, VaultError> {
        if let Some(key) = self.parsed_hook_key(sealed) {
            return Ok(key);
        }
        let pkcs8 = self.envelope.open(sealed.place(), &sealed.sealed_pkcs8).map_err(VaultError::KeyUnusable)?;
        let key = Arc::new(PrivateKey::from_pkcs8(&pkcs8).map_err(VaultError::KeyCannotSign)?);
        self.parsed_hook_keys.lock().put(sealed.key.id.clone(), (sealed.key.key_id, key.clone()));
        Ok(key)
    }
}

/// What a client says of itself (RFC 7523, clause 3), but for the times and the id.
pub(in crate::vault) fn assertion_claims(client_id: &str, audience: &str) -> Map<String, Value> {
    let claims = [("iss", client_id), ("sub", client_id), ("aud", audience)];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn lifetime(wanted: Option<u64>, usual: u64, limit: u64) -> Result<u64, VaultError> {
    let ttl = wanted.unwrap_or(usual);
    if (1..=limit).contains(&ttl) { Ok(ttl) } else { Err(Invalid::Seconds { limit }.at("ttl").into()) }
}
