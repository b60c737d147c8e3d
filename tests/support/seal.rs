//! The seals of rows, made again from what docs/decisions/seals.md says of them: for rows that a test writes past the vault.

use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::row_seal::RowSeals;
use hookvault::domain::row_seal::RowSealer as _;
use std::sync::{Arc, LazyLock};

/// A master key for tests; it seals nothing that matters.
pub const MASTER_KEY: &str = "hvmk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

static SEALS: LazyLock<RowSeals> = LazyLock::new(|| seals(MASTER_KEY));

/// What makes seals with this master key.
pub fn seals(master_key: &str) -> RowSeals {
    RowSeals::new(Arc::new(Keyring::new(&MasterKey::parse(master_key).expect("a master key"))))
}

/// A value in a column.
pub enum Column<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Number(i64),
    Flag(bool),
}

/// The seal of a row with these columns, in the order in which they are covered.
pub fn seal(table: &str, columns: &[Option<Column<'_>>]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut part = |kind, bytes: &[u8]| {
        content.push(kind);
        content.extend_from_slice(&u64::try_from(bytes.len()).expect("it fits").to_be_bytes());
        content.extend_from_slice(bytes);
    };
    part(b't', table.as_bytes());
    for column in columns {
        match column {
            Some(Column::Text(text)) => part(b't', text.as_bytes()),
            Some(Column::Bytes(bytes)) => part(b'b', bytes),
            Some(Column::Number(number)) => part(b'n', &number.to_be_bytes()),
            Some(Column::Flag(flag)) => part(b'f', &[u8::from(*flag)]),
            None => part(b'-', &[]),
        }
    }
    SEALS.seal(&content)
}
