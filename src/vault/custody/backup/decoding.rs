//! The item that a line of a backup says, as `encoding` writes it.
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
use serde_json::{Map, Value};
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
    use crate::vault::custody::backup::encoding::encode;

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
