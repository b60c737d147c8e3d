//! The records of the master keys as a row.

use super::Row;
use crate::domain::master_key::{MasterKeyRecord, MasterKeyRotation, MasterKeys};
use crate::domain::sealed::{MasterKeyId, Sealed};
use crate::repository::error::StoreError;

/// The columns that are sealed, or seals, in all tables. What is under a master key is counted over them.
pub const SEALED: [(&str, &str); 17] = [
    ("org", "seal"),
    ("hook_key", "seal"),
    ("hook_key", "sealed_pkcs8"),
    ("hook_key_version", "seal"),
    ("hook_key_version", "sealed_pkcs8"),
    ("hook_key_reference", "seal"),
    ("inline_hook", "seal"),
    ("inline_hook", "sealed_secret"),
    ("api_token", "seal"),
    ("service_app", "seal"),
    ("service_app_key", "seal"),
    ("signing_key", "seal"),
    ("signing_key", "sealed_pkcs8"),
    ("audit_head", "seal"),
    ("audit_entry", "seal"),
    ("audit_key", "seal"),
    ("audit_key", "sealed_seed"),
];

/// The record, and that of the next key beside it.
#[derive(sqlx::FromRow)]
pub struct MasterKeysRow {
    pub id: Vec<u8>,
    pub probe: Vec<u8>,
    pub created: i64,
    pub next_id: Option<Vec<u8>>,
    pub next_probe: Option<Vec<u8>>,
    pub next_created: Option<i64>,
    pub sealed_next: Option<Vec<u8>>,
    pub sealed_old: Option<Vec<u8>>,
}

impl TryFrom<MasterKeysRow> for MasterKeys {
    type Error = StoreError;

    fn try_from(found: MasterKeysRow) -> Result<Self, StoreError> {
        let record = record("master_key", found.id, found.probe, found.created)?;
        let rotation = match (found.next_id, found.next_probe, found.next_created) {
            (Some(id), Some(probe), Some(created)) => Some(MasterKeyRotation {
                next: self::record("master_key_rotation", id, probe, created)?,
                sealed_next: found.sealed_next.map(Sealed::from_bytes),
                sealed_old: found.sealed_old.map(Sealed::from_bytes),
            }),
            _ => None,
        };
        Ok(Self { record, rotation })
    }
}

fn record(table: &'static str, id: Vec<u8>, probe: Vec<u8>, created: i64) -> Result<MasterKeyRecord, StoreError> {
    let created = Row { table, id: "1" }.time("created", created)?;
    let id = <[u8; MasterKeyId::LENGTH]>::try_from(id);
    let corrupt = |_| StoreError::Corrupt { table, column: "id".into(), row: "1".to_owned(), source: None };
    Ok(MasterKeyRecord { id: MasterKeyId::from_bytes(id.map_err(corrupt)?), probe: Sealed::from_bytes(probe), created })
}
