//! An item as a line of a backup: one JSON object with one member, which is named after the kind of the item and has what is at rest.
//! Bytes are base64url, moments as on the wire. What is sealed stays sealed. `decoding` reads it.

use crate::domain::api_token::{ApiToken, StoredApiToken};
use crate::domain::audit::{AuditEntry, AuditHead};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{Birth, HookKey, KeyReference, PublicKey, SealedHookKey, StoredKeyReference};
use crate::domain::hook_key_version::{HookKeyVersion, Standing};
use crate::domain::id::PrefixedId;
use crate::domain::inline_hook::{Channel, ChannelAuth, Header, InlineHook, OAuthClient, StoredInlineHook};
use crate::domain::master_key::{MasterKeyRecord, MasterKeyRotation, MasterKeys};
use crate::domain::org::{Domain, Org};
use crate::domain::sealed::Sealed;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use crate::domain::verifying_key::VerifyingKey;
use crate::repository::audit::{AuditKey, StoredAuditNode};
use crate::repository::item::Item;
use crate::repository::used_token_id::UsedTokenId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The item as text, in one line.
pub(super) fn encode(item: &Item) -> String {
    let (kind, members) = match item {
        Item::MasterKeys(MasterKeys { record, rotation }) => {
            let mut members = master_key(record);
            members["rotation"] = rotation.as_ref().map_or(Value::Null, |rotation| {
                let MasterKeyRotation { next, sealed_next, sealed_old } = rotation;
                let mut members = master_key(next);
                members["sealedNext"] = sealed_next.as_ref().map(|sealed| base64(sealed.as_bytes())).into();
                members["sealedOld"] = sealed_old.as_ref().map(|sealed| base64(sealed.as_bytes())).into();
                members
            });
            ("masterKey", members)
        }
        Item::Org(Org { id, name, domain, is_default, created }) => (
            "org",
            json!({"id": id.as_str(), "name": name.as_str(), "domain": domain.as_ref().map(Domain::as_str),
                   "isDefault": is_default, "created": created.to_wire()}),
        ),
        Item::HookKey(SealedHookKey { key, sealed_pkcs8 }) => ("hookKey", hook_key(key, sealed_pkcs8)),
        Item::HookKeyVersion(version) => ("hookKeyVersion", hook_key_version(version)),
        Item::InlineHook(stored) => ("inlineHook", inline_hook(stored)),
        Item::KeyReference(StoredKeyReference { org_id, hook_key_id, reference }) => {
            let KeyReference { consumer_kind, consumer_id, consumer_name, since, last_used } = reference;
            (
                "keyReference",
                json!({"orgId": org_id.as_str(), "hookKeyId": hook_key_id.as_str(), "kind": consumer_kind.as_str(),
                       "id": consumer_id.as_str(), "name": consumer_name.as_str(), "since": since.to_wire(),
                       "lastUsed": last_used.map(Timestamp::to_wire)}),
            )
        }
        Item::ApiToken(StoredApiToken { token, hash }) => {
            let ApiToken { id, org_id, user_id, name, scopes, created, expires, revoked } = token;
            (
                "apiToken",
                json!({"id": id.as_str(), "orgId": org_id.as_str(), "userId": user_id.as_str(), "name": name.as_str(),
                       "scopes": scopes.to_string(), "created": created.to_wire(),
                       "expires": expires.map(Timestamp::to_wire), "revoked": revoked.map(Timestamp::to_wire),
                       "hash": base64(hash.0)}),
            )
        }
        Item::ServiceApp(app) => {
            let ServiceApp { id, org_id, name, scopes, dpop_bound, active, created, last_updated, activations } = app;
            (
                "serviceApp",
                json!({"id": id.as_str(), "orgId": org_id.as_str(), "name": name.as_str(), "scopes": scopes.to_string(),
                       "dpopBound": dpop_bound, "active": active, "created": created.to_wire(),
                       "lastUpdated": last_updated.to_wire(), "activations": activations}),
            )
        }
        Item::ClientKey(app, AppKey { kid, key, created }) => {
            let mut members = verifying_key(key);
            members["appId"] = app.as_str().into();
            members["kid"] = kid.as_str().into();
            members["created"] = created.to_wire().into();
            ("clientKey", members)
        }
        Item::SigningKey(SealedSigningKey { key, sealed_pkcs8 }) => {
            let SigningKey { org_id, generation, key_id, public_key, created, signs_from } = key;
            let PublicKey { modulus, exponent } = public_key;
            (
                "signingKey",
                json!({"keyId": key_id.to_string(), "orgId": org_id.as_str(), "generation": generation,
                       "n": base64(modulus), "e": base64(exponent), "created": created.to_wire(),
                       "signsFrom": signs_from.to_wire(), "sealedPkcs8": base64(sealed_pkcs8.as_bytes())}),
            )
        }
        Item::UsedTokenId(UsedTokenId { hash, expires }) => {
            ("usedTokenId", json!({"hash": base64(hash), "expires": expires.to_wire()}))
        }
        Item::AuditHead(AuditHead { org_id, size, forgotten }) => {
            ("auditHead", json!({"orgId": org_id.as_str(), "size": size, "forgotten": forgotten}))
        }
        Item::AuditEntry(AuditEntry { org_id, number, published, kind, text, leaf }) => (
            "auditEntry",
            json!({"orgId": org_id.as_str(), "number": number, "published": published.to_wire(), "kind": kind,
                   "text": text, "leaf": base64(leaf)}),
        ),
        Item::AuditNode(StoredAuditNode { org_id, place, hash }) => {
            ("auditNode", json!({"orgId": org_id.as_str(), "place": place, "hash": base64(hash)}))
        }
        Item::AuditKey(AuditKey { org_id, public_key, sealed_seed, created }) => (
            "auditKey",
            json!({"orgId": org_id.as_str(), "x": base64(public_key), "sealedSeed": base64(sealed_seed.as_bytes()),
                   "created": created.to_wire()}),
        ),
    };
    json!({kind: members}).to_string()
}

fn master_key(MasterKeyRecord { id, probe, created }: &MasterKeyRecord) -> Value {
    json!({"id": id.to_string(), "probe": base64(probe.as_bytes()), "created": created.to_wire()})
}

fn birth(birth: Option<&Birth>) -> Value {
    birth.map_or(Value::Null, |Birth { origin, by, with }| json!({"origin": origin.as_str(), "by": by, "with": with}))
}

fn hook_key_version(version: &HookKeyVersion) -> Value {
    let HookKeyVersion { org_id, hook_key_id, key_id, public_key, signs_from, birth: born, standing } = version;
    let PublicKey { modulus, exponent } = public_key;
    let (grace, until, sealed) = match standing {
        Standing::Next { sealed_pkcs8, grace } => (Some(grace.as_secs()), None, Some(base64(sealed_pkcs8.as_bytes()))),
        Standing::Retired { until } => (None, Some(until.to_wire()), None),
    };
    json!({"keyId": key_id.to_string(), "orgId": org_id.as_str(), "hookKeyId": hook_key_id.as_str(),
           "n": base64(modulus), "e": base64(exponent), "signsFrom": signs_from.to_wire(),
           "birth": birth(born.as_ref()), "grace": grace, "until": until, "sealedPkcs8": sealed})
}

fn hook_key(key: &HookKey, sealed_pkcs8: &Sealed) -> Value {
    let HookKey {
        id,
        org_id,
        key_id,
        name,
        created,
        last_updated,
        is_used,
        public_key,
        birth: born,
        rotate_every,
        signs_from,
    } = key;
    let PublicKey { modulus, exponent } = public_key;
    json!({"id": id.as_str(), "orgId": org_id.as_str(), "keyId": key_id.to_string(), "name": name.as_str(),
           "created": created.to_wire(), "lastUpdated": last_updated.to_wire(), "isUsed": is_used,
           "n": base64(modulus), "e": base64(exponent), "birth": birth(born.as_ref()),
           "rotateEvery": rotate_every.map(|every| every.as_secs()), "signsFrom": signs_from.to_wire(),
           "sealedPkcs8": base64(sealed_pkcs8.as_bytes())})
}

fn inline_hook(StoredInlineHook { hook, sealed_secret }: &StoredInlineHook) -> Value {
    let InlineHook { id, org_id, status, name, hook_type, version, channel, created, last_updated } = hook;
    let Channel { uri, headers, auth } = channel;
    let (kind, header) = match auth {
        ChannelAuth::None => ("none", None),
        ChannelAuth::Header { key } => ("header", Some(key)),
        ChannelAuth::ClientSecretPost(_) => ("clientSecretPost", None),
        ChannelAuth::PrivateKeyJwt { .. } => ("privateKeyJwt", None),
    };
    let client = |OAuthClient { client_id, token_url, scope }: &OAuthClient| json!({"id": client_id, "tokenUrl": token_url.as_str(), "scope": scope});
    json!({"id": id.as_str(), "orgId": org_id.as_str(), "status": status.as_str(), "name": name.as_str(),
           "type": hook_type.as_str(), "version": version.as_str(), "uri": uri.as_str(),
           "headers": headers.iter().map(|Header { key, value }| [key, value]).collect::<Vec<_>>(),
           "auth": kind, "authHeader": header, "client": auth.client().map(client),
           "hookKeyId": auth.hook_key_id().map(PrefixedId::as_str),
           "created": created.to_wire(), "lastUpdated": last_updated.to_wire(),
           "sealedSecret": sealed_secret.as_ref().map(|sealed| base64(sealed.as_bytes()))})
}

/// With the members of a JWK (RFC 7518, clause 6).
fn verifying_key(key: &VerifyingKey) -> Value {
    match key {
        VerifyingKey::Rsa(PublicKey { modulus, exponent }) => {
            json!({"kty": "RSA", "n": base64(modulus), "e": base64(exponent)})
        }
        VerifyingKey::Ec { curve, x, y } => {
            json!({"kty": "EC", "crv": curve.as_str(), "x": base64(x), "y": base64(y)})
        }
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
