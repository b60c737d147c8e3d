//! The keys that sign access tokens as rows.

use super::Row;
use super::found::Named;
use super::seal::{Content, UnderSeal};
use crate::domain::hook_key::PublicKey;
use crate::domain::id::{KeyId, OrgId, PrefixedId as _};
use crate::domain::sealed::Sealed;
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use crate::repository::error::StoreError;
use std::borrow::Cow;

#[derive(sqlx::FromRow)]
pub struct SigningKeyRow {
    pub org_id: String,
    pub generation: i64,
    pub key_id: String,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    pub created: i64,
    pub signs_from: i64,
    pub seal: Option<Vec<u8>>,
}

impl Named for SigningKeyRow {
    const TABLE: &'static str = "signing_key";
    const NAME: &'static [&'static str] = &["key_id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key_id)
    }
}

impl UnderSeal for SigningKeyRow {
    /// Without the private half: it is bound to its place by itself.
    fn content(&self) -> Content {
        Content::of(Self::TABLE)
            .text(&self.org_id)
            .number(self.generation)
            .text(&self.key_id)
            .bytes(&self.modulus)
            .bytes(&self.exponent)
            .number(self.created)
            .number(self.signs_from)
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

/// As it is written, without its seal.
impl From<&SigningKey> for SigningKeyRow {
    fn from(key: &SigningKey) -> Self {
        Self {
            org_id: key.org_id.as_str().to_owned(),
            generation: i64::from(key.generation),
            key_id: key.key_id.to_string(),
            modulus: key.public_key.modulus.clone(),
            exponent: key.public_key.exponent.clone(),
            created: key.created.unix(),
            signs_from: key.signs_from.unix(),
            seal: None,
        }
    }
}

impl TryFrom<SigningKeyRow> for SigningKey {
    type Error = StoreError;

    fn try_from(found: SigningKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "signing_key", id: &found.key_id };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            generation: row.count("generation", found.generation)?,
            key_id: row.value("key_id", KeyId::parse(&found.key_id))?,
            public_key: PublicKey { modulus: found.modulus, exponent: found.exponent },
            created: row.time("created", found.created)?,
            signs_from: row.time("signs_from", found.signs_from)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct SealedSigningKeyRow {
    #[sqlx(flatten)]
    pub key: SigningKeyRow,
    pub sealed_pkcs8: Vec<u8>,
}

impl Named for SealedSigningKeyRow {
    const TABLE: &'static str = SigningKeyRow::TABLE;
    const NAME: &'static [&'static str] = SigningKeyRow::NAME;

    fn name(&self) -> Cow<'_, str> {
        self.key.name()
    }
}

impl UnderSeal for SealedSigningKeyRow {
    fn content(&self) -> Content {
        self.key.content()
    }

    fn seal(&self) -> Option<&[u8]> {
        self.key.seal()
    }
}

impl TryFrom<SealedSigningKeyRow> for SealedSigningKey {
    type Error = StoreError;

    fn try_from(found: SealedSigningKeyRow) -> Result<Self, StoreError> {
        Ok(Self { key: SigningKey::try_from(found.key)?, sealed_pkcs8: Sealed::from_bytes(found.sealed_pkcs8) })
    }
}
