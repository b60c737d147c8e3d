//! Hook keys as rows.

use super::Row;
use super::found::Named;
use super::key_reference::ReferenceRow;
use super::seal::{Content, Seals, UnderSeal};
use crate::domain::hook_key::{Birth, HookKey, Origin, PublicKey, SealedHookKey};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use crate::repository::error::StoreError;
use std::borrow::Cow;
use std::time::Duration;

/// With one of those who use the key, if anybody does.
#[derive(sqlx::FromRow)]
pub struct HookKeyRow {
    pub id: String,
    pub org_id: String,
    pub key_id: String,
    pub name: String,
    pub created: i64,
    pub last_updated: i64,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    pub origin: Option<String>,
    pub born_by: Option<String>,
    pub born_with: Option<String>,
    pub signs_from: Option<i64>,
    pub rotate_every: Option<i64>,
    pub seal: Option<Vec<u8>>,
    pub consumer_kind: Option<String>,
    pub consumer_id: Option<String>,
    pub consumer_name: Option<String>,
    pub consumer_since: Option<i64>,
    pub consumer_seal: Option<Vec<u8>>,
}

impl HookKeyRow {
    /// Who uses it, so that nobody can claim a use by writing one into the database.
    fn user(&self) -> Option<ReferenceRow> {
        Some(ReferenceRow {
            org_id: self.org_id.clone(),
            hook_key_id: self.id.clone(),
            consumer_kind: self.consumer_kind.clone()?,
            consumer_id: self.consumer_id.clone()?,
            consumer_name: self.consumer_name.clone()?,
            since: self.consumer_since?,
            last_used: None,
            seal: self.consumer_seal.clone(),
        })
    }
}

impl Named for HookKeyRow {
    const TABLE: &'static str = "hook_key";
    const NAME: &'static [&'static str] = &["id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}

impl UnderSeal for HookKeyRow {
    /// Without the private half: it is bound to its place by itself.
    fn content(&self) -> Content {
        let content = Content::of(Self::TABLE)
            .text(&self.id)
            .text(&self.org_id)
            .text(&self.key_id)
            .text(&self.name)
            .number(self.created)
            .number(self.last_updated)
            .bytes(&self.modulus)
            .bytes(&self.exponent);
        // Later columns, where they have a value.
        let birth = [&self.origin, &self.born_by, &self.born_with];
        let content = birth.into_iter().flatten().fold(content, |content, text| content.text(text));
        // Both, so that neither passes for the other.
        match (self.signs_from, self.rotate_every) {
            (None, None) => content,
            rotation => content.maybe(rotation.0, Content::number).maybe(rotation.1, Content::number),
        }
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }

    fn is_under_unknown_key(&self, seals: &Seals) -> bool {
        seals.are_unknown(self.seal()) || seals.are_unknown(self.consumer_seal.as_deref())
    }

    fn check(&self, seals: &Seals) -> Result<(), StoreError> {
        seals.check(self)?;
        self.user().map_or(Ok(()), |user| seals.check(&user))
    }
}

/// As it is written, without its seal.
impl From<&HookKey> for HookKeyRow {
    fn from(key: &HookKey) -> Self {
        Self {
            id: key.id.as_str().to_owned(),
            org_id: key.org_id.as_str().to_owned(),
            key_id: key.key_id.to_string(),
            name: key.name.as_str().to_owned(),
            created: key.created.unix(),
            last_updated: key.last_updated.unix(),
            modulus: key.public_key.modulus.clone(),
            exponent: key.public_key.exponent.clone(),
            origin: key.birth.as_ref().map(|birth| birth.origin.as_str().to_owned()),
            born_by: key.birth.as_ref().map(|birth| birth.by.clone()),
            born_with: key.birth.as_ref().map(|birth| birth.with.clone()),
            signs_from: (key.signs_from != key.created).then_some(key.signs_from.unix()),
            rotate_every: key.rotate_every.map(|every| every.as_secs().cast_signed()),
            seal: None,
            consumer_kind: None,
            consumer_id: None,
            consumer_name: None,
            consumer_since: None,
            consumer_seal: None,
        }
    }
}

impl TryFrom<HookKeyRow> for HookKey {
    type Error = StoreError;

    fn try_from(found: HookKeyRow) -> Result<Self, StoreError> {
        let row = Row { table: "hook_key", id: &found.id };
        Ok(Self {
            id: row.value("id", HookKeyId::parse(&found.id))?,
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            key_id: row.value("key_id", KeyId::parse(&found.key_id))?,
            name: row.value("name", Name::known(&found.name))?,
            created: row.time("created", found.created)?,
            last_updated: row.time("last_updated", found.last_updated)?,
            is_used: found.consumer_id.is_some(),
            birth: birth(&row, found.origin.as_deref(), found.born_by.as_deref(), found.born_with.as_deref())?,
            signs_from: row.time("signs_from", found.signs_from.unwrap_or(found.created))?,
            rotate_every: found
                .rotate_every
                .map(|seconds| row.large("rotate_every", seconds).map(Duration::from_secs))
                .transpose()?,
            public_key: PublicKey { modulus: found.modulus, exponent: found.exponent },
        })
    }
}

/// How a key came to be, from its three columns.
pub fn birth(
    row: &Row<'_>,
    origin: Option<&str>,
    by: Option<&str>,
    with: Option<&str>,
) -> Result<Option<Birth>, StoreError> {
    match (origin, by, with) {
        (None, None, None) => Ok(None),
        (Some(origin), Some(by), Some(with)) => Ok(Some(Birth {
            origin: row.value("origin", Origin::parse(origin))?,
            by: by.to_owned(),
            with: with.to_owned(),
        })),
        _ => Err(row.corrupt("origin", Invalid::Blank)),
    }
}

#[derive(sqlx::FromRow)]
pub struct SealedRow {
    #[sqlx(flatten)]
    pub key: HookKeyRow,
    pub sealed_pkcs8: Vec<u8>,
}

impl Named for SealedRow {
    const TABLE: &'static str = HookKeyRow::TABLE;
    const NAME: &'static [&'static str] = HookKeyRow::NAME;

    fn name(&self) -> Cow<'_, str> {
        self.key.name()
    }
}

impl UnderSeal for SealedRow {
    fn content(&self) -> Content {
        self.key.content()
    }

    fn seal(&self) -> Option<&[u8]> {
        self.key.seal()
    }

    fn is_under_unknown_key(&self, seals: &Seals) -> bool {
        self.key.is_under_unknown_key(seals)
    }

    fn check(&self, seals: &Seals) -> Result<(), StoreError> {
        self.key.check(seals)
    }
}

impl TryFrom<SealedRow> for SealedHookKey {
    type Error = StoreError;

    fn try_from(found: SealedRow) -> Result<Self, StoreError> {
        Ok(Self { key: HookKey::try_from(found.key)?, sealed_pkcs8: Sealed::from_bytes(found.sealed_pkcs8) })
    }
}
