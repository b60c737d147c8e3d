//! Why a file that is called like a backup does not count as one.

use crate::domain::master_key::DatedMasterKey;
use crate::domain::sealed::MasterKeyId;

/// `Display` says what is wrong, as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("it is not a file")]
    NoFile,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("there is no record that a server made it")]
    NoRecord,
    #[error("the record beside it is not as a server wrote it, or is that of another file")]
    Record,
    /// What the record says of the backup cannot be checked then.
    #[error(
        "its record is under the master key {of_record}, which this server does not have, and says that {opens} opens it"
    )]
    MasterKey { of_record: MasterKeyId, opens: DatedMasterKey },
    #[error("it is not as it was when it was verified")]
    Differs,
}

impl Doubt {
    /// What to do, as a sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoFile | Self::Differs => "Move it out of the folder, or remove it.",
            Self::Unreadable(_) => "See who owns it, and whether the disk is sound.",
            Self::NoRecord | Self::Record => {
                "Move it out of the folder if `hookvault backup verify` finds it sound, else remove it."
            }
            Self::MasterKey { .. } => {
                "Move it out of the folder and keep it as long as the key that opens it, or remove it."
            }
        }
    }
}
