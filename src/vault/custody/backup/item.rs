//! An item as a line of a backup: one JSON object with one member, which is named after the kind of the item and has what is at rest.
//! Bytes are base64url, moments as on the wire. What is sealed stays sealed.
//!
//! What a line has and this version does not know is refused, so that no backup of a later version is restored in part.

use crate::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use crate::domain::audit::{AuditEntry, AuditHead};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{Birth, HookKey, KeyReference, Origin, PublicKey, SealedHookKey, StoredKeyReference};
use crate::domain::hook_key_version::{HookKeyVersion, Standing};
use crate::domain::http_url::HttpUrl;
use crate::domain::id::{ClientKid, KeyId, PrefixedId};
use crate::domain::inline_hook::{
    Channel, ChannelAuth, Header, HookStatus, HookType, HookVersion, InlineHook, OAuthClient, StoredInlineHook,
};
use crate::domain::invalid::Invalid;
use crate::domain::master_key::{MasterKeyRecord, MasterKeyRotation, MasterKeys};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::domain::scope::Scopes;
use crate::domain::sealed::{MasterKeyId, Sealed};
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use crate::domain::verifying_key::{Curve, VerifyingKey};
use crate::repository::audit::{AuditKey, StoredAuditNode};
use crate::repository::item::Item;
use crate::repository::used_token_id::UsedTokenId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Why a line is no item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoItem {
    #[error("it is not in the form of one")]
    Form,
    #[error("its kind is not known to this version")]
    Kind,
    #[error("its member {0} is missing or makes no sense")]
    Member(&'static str),
    #[error("it has more than this version knows")]
    More,
}

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

/// The item that a line says.
///
/// # Errors
/// [`NoItem`].
pub(super) fn decode(line: &str) -> Result<Item, NoItem> {
    let (kind, members) = split(line).ok_or(NoItem::Form)?;
    let mut of = Members(members);
    let item = match kind.as_str() {
        "masterKey" => Item::MasterKeys(MasterKeys {
            record: of.master_key()?,
            rotation: of.below("rotation", |of| {
                Ok(MasterKeyRotation {
                    next: of.master_key()?,
                    sealed_next: of.maybe_bytes("sealedNext")?.map(Sealed::from_bytes),
                    sealed_old: of.maybe_bytes("sealedOld")?.map(Sealed::from_bytes),
                })
            })?,
        }),
        "org" => Item::Org(Org {
            id: of.parsed("id", PrefixedId::parse)?,
            name: of.parsed("name", Name::known)?,
            domain: of.maybe("domain", Domain::parse)?,
            is_default: of.flag("isDefault")?,
            created: of.parsed("created", Timestamp::parse)?,
        }),
        "hookKey" => Item::HookKey(SealedHookKey {
            key: HookKey {
                id: of.parsed("id", PrefixedId::parse)?,
                org_id: of.parsed("orgId", PrefixedId::parse)?,
                key_id: of.parsed("keyId", KeyId::parse)?,
                name: of.parsed("name", Name::known)?,
                created: of.parsed("created", Timestamp::parse)?,
                last_updated: of.parsed("lastUpdated", Timestamp::parse)?,
                is_used: of.flag("isUsed")?,
                public_key: of.public_key()?,
                birth: of.birth()?,
                rotate_every: of.maybe_seconds("rotateEvery")?,
                signs_from: of.parsed("signsFrom", Timestamp::parse)?,
            },
            sealed_pkcs8: Sealed::from_bytes(of.bytes("sealedPkcs8")?),
        }),
        "hookKeyVersion" => Item::HookKeyVersion(HookKeyVersion {
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            hook_key_id: of.parsed("hookKeyId", PrefixedId::parse)?,
            key_id: of.parsed("keyId", KeyId::parse)?,
            public_key: of.public_key()?,
            signs_from: of.parsed("signsFrom", Timestamp::parse)?,
            birth: of.birth()?,
            standing: match (
                of.maybe_seconds("grace")?,
                of.maybe("until", Timestamp::parse)?,
                of.maybe_bytes("sealedPkcs8")?,
            ) {
                (Some(grace), None, Some(sealed)) => Standing::Next { sealed_pkcs8: Sealed::from_bytes(sealed), grace },
                (None, Some(until), None) => Standing::Retired { until },
                _ => return Err(NoItem::Member("until")),
            },
        }),
        "inlineHook" => Item::InlineHook(Box::new(StoredInlineHook {
            hook: InlineHook {
                id: of.parsed("id", PrefixedId::parse)?,
                org_id: of.parsed("orgId", PrefixedId::parse)?,
                status: of.parsed("status", HookStatus::parse)?,
                name: of.parsed("name", Name::known)?,
                hook_type: of.parsed("type", HookType::parse)?,
                version: of.parsed("version", HookVersion::parse)?,
                channel: Channel {
                    uri: of.parsed("uri", HttpUrl::parse)?,
                    headers: of.headers("headers")?,
                    auth: of.auth()?,
                },
                created: of.parsed("created", Timestamp::parse)?,
                last_updated: of.parsed("lastUpdated", Timestamp::parse)?,
            },
            sealed_secret: of.maybe_bytes("sealedSecret")?.map(Sealed::from_bytes),
        })),
        "keyReference" => Item::KeyReference(StoredKeyReference {
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            hook_key_id: of.parsed("hookKeyId", PrefixedId::parse)?,
            reference: KeyReference {
                consumer_kind: of.parsed("kind", Name::known)?,
                consumer_id: of.parsed("id", Name::known)?,
                consumer_name: of.parsed("name", Name::known)?,
                since: of.parsed("since", Timestamp::parse)?,
                last_used: of.maybe("lastUsed", Timestamp::parse)?,
            },
        }),
        "apiToken" => Item::ApiToken(StoredApiToken {
            token: ApiToken {
                id: of.parsed("id", PrefixedId::parse)?,
                org_id: of.parsed("orgId", PrefixedId::parse)?,
                user_id: of.parsed("userId", PrefixedId::parse)?,
                name: of.parsed("name", Name::known)?,
                scopes: of.parsed("scopes", Scopes::parse)?,
                created: of.parsed("created", Timestamp::parse)?,
                expires: of.maybe("expires", Timestamp::parse)?,
                revoked: of.maybe("revoked", Timestamp::parse)?,
            },
            hash: TokenHash(of.hash("hash")?),
        }),
        "serviceApp" => Item::ServiceApp(ServiceApp {
            id: of.parsed("id", PrefixedId::parse)?,
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            name: of.parsed("name", Name::known)?,
            scopes: of.parsed("scopes", Scopes::parse)?,
            dpop_bound: of.flag("dpopBound")?,
            active: of.flag("active")?,
            created: of.parsed("created", Timestamp::parse)?,
            last_updated: of.parsed("lastUpdated", Timestamp::parse)?,
            activations: of.count("activations")?,
        }),
        "clientKey" => Item::ClientKey(
            of.parsed("appId", PrefixedId::parse)?,
            AppKey {
                kid: of.parsed("kid", ClientKid::parse)?,
                key: of.verifying_key()?,
                created: of.parsed("created", Timestamp::parse)?,
            },
        ),
        "signingKey" => Item::SigningKey(SealedSigningKey {
            key: SigningKey {
                org_id: of.parsed("orgId", PrefixedId::parse)?,
                generation: of.count("generation")?,
                key_id: of.parsed("keyId", KeyId::parse)?,
                public_key: of.public_key()?,
                created: of.parsed("created", Timestamp::parse)?,
                signs_from: of.parsed("signsFrom", Timestamp::parse)?,
            },
            sealed_pkcs8: Sealed::from_bytes(of.bytes("sealedPkcs8")?),
        }),
        "usedTokenId" => {
            Item::UsedTokenId(UsedTokenId { hash: of.hash("hash")?, expires: of.parsed("expires", Timestamp::parse)? })
        }
        "auditHead" => Item::AuditHead(AuditHead {
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            size: of.number("size")?,
            forgotten: of.number("forgotten")?,
        }),
        "auditEntry" => Item::AuditEntry(AuditEntry {
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            number: of.number("number")?,
            published: of.parsed("published", Timestamp::parse)?,
            kind: of.text("kind")?,
            text: of.maybe("text", |text| Ok(text.to_owned()))?,
            leaf: of.hash("leaf")?,
        }),
        "auditNode" => Item::AuditNode(StoredAuditNode {
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            place: of.number("place")?,
            hash: of.hash("hash")?,
        }),
        "auditKey" => Item::AuditKey(AuditKey {
            org_id: of.parsed("orgId", PrefixedId::parse)?,
            public_key: of.hash("x")?,
            sealed_seed: Sealed::from_bytes(of.bytes("sealedSeed")?),
            created: of.parsed("created", Timestamp::parse)?,
        }),
        _ => return Err(NoItem::Kind),
    };
    of.end().map(|()| item)
}

/// What stands in a line, for a person, as far as it can be told of one that nobody vouches for: its kind, and what it is called.
pub(super) fn described(line: &str) -> String {
    let Some((kind, members)) = split(line) else { return "which cannot be read".to_owned() };
    let name = ["id", "keyId", "kid", "orgId"].into_iter().find_map(|name| members.get(name)?.as_str());
    let is_plain = |text: &&str| text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match (is_plain(&kind.as_str()), name.filter(is_plain)) {
        (true, Some(name)) => format!("{kind} {name}"),
        (true, None) => kind,
        (false, _) => "which cannot be read".to_owned(),
    }
}

/// The one member of an object, which is an object.
fn split(line: &str) -> Option<(String, Map<String, Value>)> {
    let outer: Map<String, Value> = serde_json::from_str(line).ok()?;
    let mut outer = outer.into_iter();
    match (outer.next(), outer.next()) {
        (Some((kind, Value::Object(members))), None) => Some((kind, members)),
        _ => None,
    }
}

/// The members of an object, of which each is taken once.
struct Members(Map<String, Value>);

impl Members {
    /// A member, `None` also for one that is null.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn maybe<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, NoItem> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let parsed = value.as_str().and_then(|text| parse(text).ok());
        parsed.map(Some).ok_or(NoItem::Member(name))
    }

    fn parsed<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<T, NoItem> {
        self.maybe(name, parse)?.ok_or(NoItem::Member(name))
    }

    fn text(&mut self, name: &'static str) -> Result<String, NoItem> {
        self.parsed(name, |text| Ok(text.to_owned()))
    }

    fn maybe_bytes(&mut self, name: &'static str) -> Result<Option<Vec<u8>>, NoItem> {
        let Some(text) = self.maybe(name, |text| Ok(text.to_owned()))? else { return Ok(None) };
        URL_SAFE_NO_PAD.decode(text).map(Some).map_err(|_| NoItem::Member(name))
    }

    fn bytes(&mut self, name: &'static str) -> Result<Vec<u8>, NoItem> {
        self.maybe_bytes(name)?.ok_or(NoItem::Member(name))
    }

    fn hash(&mut self, name: &'static str) -> Result<[u8; 32], NoItem> {
        self.bytes(name)?.try_into().map_err(|_| NoItem::Member(name))
    }

    fn number(&mut self, name: &'static str) -> Result<u64, NoItem> {
        self.take(name).and_then(|value| value.as_u64()).ok_or(NoItem::Member(name))
    }

    fn count(&mut self, name: &'static str) -> Result<u32, NoItem> {
        u32::try_from(self.number(name)?).map_err(|_| NoItem::Member(name))
    }

    fn flag(&mut self, name: &'static str) -> Result<bool, NoItem> {
        self.take(name).and_then(|value| value.as_bool()).ok_or(NoItem::Member(name))
    }

    /// What is in an object of its own, if that is there.
    fn below<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, NoItem>,
    ) -> Result<Option<T>, NoItem> {
        let mut below = match self.take(name) {
            None => return Ok(None),
            Some(Value::Object(members)) => Self(members),
            Some(_) => return Err(NoItem::Member(name)),
        };
        let value = read(&mut below)?;
        below.end().map(|()| Some(value))
    }

    fn maybe_seconds(&mut self, name: &'static str) -> Result<Option<Duration>, NoItem> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_u64().map(Duration::from_secs).map(Some).ok_or(NoItem::Member(name))
    }

    fn master_key(&mut self) -> Result<MasterKeyRecord, NoItem> {
        Ok(MasterKeyRecord {
            id: self.parsed("id", MasterKeyId::parse)?,
            probe: Sealed::from_bytes(self.bytes("probe")?),
            created: self.parsed("created", Timestamp::parse)?,
        })
    }

    fn birth(&mut self) -> Result<Option<Birth>, NoItem> {
        self.below("birth", |of| {
            Ok(Birth { origin: of.parsed("origin", Origin::parse)?, by: of.text("by")?, with: of.text("with")? })
        })
    }

    fn public_key(&mut self) -> Result<PublicKey, NoItem> {
        Ok(PublicKey { modulus: self.bytes("n")?, exponent: self.bytes("e")? })
    }

    fn verifying_key(&mut self) -> Result<VerifyingKey, NoItem> {
        match self.text("kty")?.as_str() {
            "RSA" => self.public_key().map(VerifyingKey::Rsa),
            "EC" => Ok(VerifyingKey::Ec {
                curve: self.parsed("crv", Curve::parse)?,
                x: self.bytes("x")?,
                y: self.bytes("y")?,
            }),
            _ => Err(NoItem::Member("kty")),
        }
    }

    fn headers(&mut self, name: &'static str) -> Result<Vec<Header>, NoItem> {
        let pairs: Vec<[String; 2]> =
            self.take(name).and_then(|value| serde_json::from_value(value).ok()).ok_or(NoItem::Member(name))?;
        Ok(pairs.into_iter().map(|[key, value]| Header { key, value }).collect())
    }

    fn auth(&mut self) -> Result<ChannelAuth, NoItem> {
        let client = self.below("client", |of| {
            Ok(OAuthClient {
                client_id: of.text("id")?,
                token_url: of.parsed("tokenUrl", HttpUrl::parse)?,
                scope: of.maybe("scope", |text| Ok(text.to_owned()))?,
            })
        })?;
        match (self.text("auth")?.as_str(), client) {
            ("none", None) => Ok(ChannelAuth::None),
            ("header", None) => Ok(ChannelAuth::Header { key: self.text("authHeader")? }),
            ("clientSecretPost", Some(client)) => Ok(ChannelAuth::ClientSecretPost(client)),
            ("privateKeyJwt", Some(client)) => {
                Ok(ChannelAuth::PrivateKeyJwt { client, hook_key_id: self.parsed("hookKeyId", PrefixedId::parse)? })
            }
            _ => Err(NoItem::Member("auth")),
        }
    }

    /// That nothing is left, but for members that are null.
    fn end(self) -> Result<(), NoItem> {
        if self.0.values().all(Value::is_null) { Ok(()) } else { Err(NoItem::More) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org() -> Item {
        let id = PrefixedId::parse("00o1emaHnQYHs1HLm0g4").unwrap();
        let (name, created) = (Name::parse("Jürgen's \"org\"\\").unwrap(), Timestamp::EPOCH);
        Item::Org(Org { id, name, domain: None, is_default: true, created })
    }

    #[test]
    fn a_line_says_what_it_was_made_of() {
        let line = encode(&org());
        assert_eq!(
            line,
            r#"{"org":{"created":"1970-01-01T00:00:00.000Z","domain":null,"id":"00o1emaHnQYHs1HLm0g4","isDefault":true,"name":"Jürgen's \"org\"\\"}}"#
        );
        assert_eq!(decode(&line), Ok(org()));
        assert_eq!(described(&line), "org 00o1emaHnQYHs1HLm0g4");
    }

    #[test]
    fn what_this_version_does_not_know_is_not_left_out_in_silence() {
        let line = encode(&org());
        let with = |from: &str, to: &str| decode(&line.replace(from, to));
        assert_eq!(with("\"domain\"", "\"colour\":\"red\",\"domain\""), Err(NoItem::More));
        assert_eq!(with("{\"org\"", "{\"planet\""), Err(NoItem::Kind));
        assert_eq!(with("true", "1"), Err(NoItem::Member("isDefault")));
        assert_eq!(with("00o1emaHnQYHs1HLm0g4", "00o1"), Err(NoItem::Member("id")));
        assert_eq!(with("\"name\"", "\"nome\""), Err(NoItem::Member("name")));
        assert_eq!(decode("{}"), Err(NoItem::Form));
        assert_eq!(described("{\"\\u001b[2J\":{}}"), "which cannot be read");
    }
}
