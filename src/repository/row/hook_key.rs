//! Hook keys as rows.

use super::Row;
use crate::domain::hook_key::{HookKey, PublicKey, SealedHookKey};
use crate::domain::id::{HookKeyId, KeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use crate::repository::error::StoreError;

#[derive(sqlx::FromRow)]
pub struct HookKeyRow {
    pub id: String,
    pub org_id: String,
    pub key_id: String,
    pub name: String,
    pub created: i64,
    pub last_updated: i64,
    pub is_used: bool,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
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
            is_used: found.is_used,
            public_key: PublicKey { modulus: found.modulus, exponent: found.exponent },
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct SealedRow {
    pub seq: i64,
    #[sqlx(flatten)]
    pub key: HookKeyRow,
    pub sealed_pkcs8: Vec<u8>,
}

impl TryFrom<SealedRow> for SealedHookKey {
    type Error = StoreError;

    fn try_from(found: SealedRow) -> Result<Self, StoreError> {
        Ok(Self { key: HookKey::try_from(found.key)?, sealed_pkcs8: Sealed::from_bytes(found.sealed_pkcs8) })
    }
}
