//! The keys of a hook key that do not sign, as rows.

use super::Row;
use super::found::Named;
use super::hook_key::birth;
use super::seal::{Content, UnderSeal};
use crate::domain::hook_key::PublicKey;
use crate::domain::hook_key_version::{HookKeyVersion, Standing};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::invalid::Invalid;
use crate::domain::sealed::Sealed;
use crate::repository::error::StoreError;
use crate::repository::hook_key_version::DuePage;
use crate::repository::page::Page;
use std::borrow::Cow;
use std::time::Duration;

#[derive(sqlx::FromRow)]
pub struct HookKeyVersionRow {
    pub key_id: String,
    pub org_id: String,
    pub hook_key_id: String,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
    pub signs_from: i64,
    pub grace: Option<i64>,
    pub until: Option<i64>,
    pub sealed_pkcs8: Option<Vec<u8>>,
    pub origin: Option<String>,
    pub born_by: Option<String>,
    pub born_with: Option<String>,
    pub seal: Option<Vec<u8>>,
}

impl Named for HookKeyVersionRow {
    const TABLE: &'static str = "hook_key_version";
    const NAME: &'static [&'static str] = &["key_id"];

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key_id)
    }
}

impl UnderSeal for HookKeyVersionRow {
    /// Without the private half: it is bound to its place by itself.
    fn content(&self) -> Content {
        let content = Content::of(Self::TABLE)
            .text(&self.key_id)
            .text(&self.org_id)
            .text(&self.hook_key_id)
            .bytes(&self.modulus)
            .bytes(&self.exponent)
            .number(self.signs_from)
            .maybe(self.grace, Content::number)
            .maybe(self.until, Content::number);
        let birth = [&self.origin, &self.born_by, &self.born_with];
        birth.into_iter().fold(content, |content, text| content.maybe(text.as_deref(), Content::text))
    }

    fn seal(&self) -> Option<&[u8]> {
        self.seal.as_deref()
    }
}

/// As it is written, without its seal.
impl From<&HookKeyVersion> for HookKeyVersionRow {
    fn from(version: &HookKeyVersion) -> Self {
        let (grace, until, sealed) = match &version.standing {
            Standing::Next { sealed_pkcs8, grace } => {
                (Some(grace.as_secs().cast_signed()), None, Some(sealed_pkcs8.as_bytes().to_vec()))
            }
            Standing::Retired { until } => (None, Some(until.unix()), None),
        };
        Self {
            key_id: version.key_id.to_string(),
            org_id: version.org_id.as_str().to_owned(),
            hook_key_id: version.hook_key_id.as_str().to_owned(),
            modulus: version.public_key.modulus.clone(),
            exponent: version.public_key.exponent.clone(),
            signs_from: version.signs_from.unix(),
            grace,
            until,
            sealed_pkcs8: sealed,
            origin: version.birth.as_ref().map(|birth| birth.origin.as_str().to_owned()),
            born_by: version.birth.as_ref().map(|birth| birth.by.clone()),
            born_with: version.birth.as_ref().map(|birth| birth.with.clone()),
            seal: None,
        }
    }
}

impl TryFrom<HookKeyVersionRow> for HookKeyVersion {
    type Error = StoreError;

    fn try_from(found: HookKeyVersionRow) -> Result<Self, StoreError> {
        let row = Row { table: "hook_key_version", id: &found.key_id };
        Ok(Self {
            org_id: row.value("org_id", OrgId::parse(&found.org_id))?,
            hook_key_id: row.value("hook_key_id", HookKeyId::parse(&found.hook_key_id))?,
            key_id: row.value("key_id", KeyId::parse(&found.key_id))?,
            signs_from: row.time("signs_from", found.signs_from)?,
            birth: birth(&row, found.origin.as_deref(), found.born_by.as_deref(), found.born_with.as_deref())?,
            standing: match (found.grace, found.until, found.sealed_pkcs8) {
                (Some(grace), None, Some(sealed)) => Standing::Next {
                    sealed_pkcs8: Sealed::from_bytes(sealed),
                    grace: Duration::from_secs(row.large("grace", grace)?),
                },
                (None, Some(until), None) => Standing::Retired { until: row.time("until", until)? },
                _ => return Err(row.corrupt("until", Invalid::Blank)),
            },
            public_key: PublicKey { modulus: found.modulus, exponent: found.exponent },
        })
    }
}

/// Hook keys with which something is due: when, which one, and of which org.
pub fn due_page(rows: Vec<(i64, String, String)>, limit: u32) -> DuePage {
    let placed = |(due, id, org): (i64, String, String)| {
        let row = Row { table: "hook_key", id: &id };
        let key =
            row.value("org_id", OrgId::parse(&org)).and_then(|org| Ok((org, row.value("id", HookKeyId::parse(&id))?)));
        ((due, id), key)
    };
    Page::new(rows.into_iter().map(placed).collect(), limit)
}
