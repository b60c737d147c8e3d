//! What a server writes down beside a backup that it has made and verified, so that it knows it again: who makes an encrypted one cannot
//! open it.
//!
//! 1. It is one line in the form of a backup's, JSON and its MAC under the key of backups. Name, length and SHA-256 are in it, so neither
//!    another content nor another name counts.
//! 2. It is the first of its chain, as the first line of a backup is. Neither is taken for the other: their first members differ.
//! 3. It names its master key. That of a key that is not at hand is neither right nor wrong.
//! 4. It names the one that opens the backup, too: after a rotation the record is written anew under the next key, the backup is not.

use super::doubt::Doubt;
use super::line::{line, parts};
use crate::crypto::envelope::Envelope;
use crate::crypto::file_digest::sha256;
use crate::crypto::line_macs::LineMacs;
use crate::domain::clock::Timestamp;
use crate::domain::master_key::DatedMasterKey;
use crate::domain::sealed::MasterKeyId;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// Of this form; a later one has another number.
const FORMAT: u64 = 1;

/// What is known of the file of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    content: Content,
    /// What opens the backup.
    opens: DatedMasterKey,
    /// Whose MAC it carries.
    master_key: MasterKeyId,
}

/// A file by its name and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// Without the folder.
    name: String,
    /// In bytes.
    length: u64,
    /// In base 16, as `sha256sum` prints it.
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RecordLine {
    hookvault_backup_record: u64,
    file: String,
    length: u64,
    sha256: String,
    opened_by: String,
    opened_by_since: String,
    master_key: String,
}

impl Content {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn read(name: &str, file: &mut impl Read) -> io::Result<Self> {
        let (length, digest) = sha256(file)?;
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name: name.to_owned(), length, sha256 })
    }
}

impl Record {
    /// What is recorded of a file, and the bytes of that, under the master key that seals now.
    pub(super) fn written(content: Content, opens: DatedMasterKey, envelope: &Envelope) -> (Self, Vec<u8>) {
        let (mut macs, master_key) = LineMacs::begin_current(envelope);
        let record = RecordLine {
            hookvault_backup_record: FORMAT,
            file: content.name.clone(),
            length: content.length,
            sha256: content.sha256.clone(),
            opened_by: opens.id.to_string(),
            opened_by_since: opens.since.to_wire(),
            master_key: master_key.to_string(),
        };
        let text = serde_json::to_string(&record).expect("texts and numbers are JSON");
        let mac = macs.next(text.as_bytes());
        (Self { content, opens, master_key }, line(&text, &mac))
    }

    /// The same under the master key that seals now.
    pub(super) fn renewed(&self, envelope: &Envelope) -> (Self, Vec<u8>) {
        Self::written(self.content.clone(), self.opens, envelope)
    }

    pub(super) fn opens(&self) -> DatedMasterKey {
        self.opens
    }

    pub(super) fn master_key(&self) -> MasterKeyId {
        self.master_key
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    /// # Errors
    /// [`Doubt::Record`] or [`Doubt::MasterKey`].
    pub(super) fn from_bytes(bytes: &[u8], envelope: &Envelope) -> Result<Self, Doubt> {
        let (text, mac) = parts(bytes).ok_or(Doubt::Record)?;
        let record: RecordLine = serde_json::from_str(text).map_err(|_| Doubt::Record)?;
        let master_key = MasterKeyId::parse(&record.master_key).map_err(|_| Doubt::Record)?;
        let opens = DatedMasterKey {
            id: MasterKeyId::parse(&record.opened_by).map_err(|_| Doubt::Record)?,
            since: Timestamp::parse(&record.opened_by_since).map_err(|_| Doubt::Record)?,
        };
        let unknown = Doubt::MasterKey { of_record: master_key, opens };
        let mut macs = LineMacs::begin(envelope, master_key).ok_or(unknown)?;
        macs.check(text.as_bytes(), &mac).map_err(|_| Doubt::Record)?;
        if record.hookvault_backup_record != FORMAT {
            return Err(Doubt::Record);
        }
        let RecordLine { file: name, length, sha256, .. } = record;
        Ok(Self { content: Content { name, length, sha256 }, opens, master_key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keyring::Keyring;
    use crate::crypto::master_key::MasterKey;
    use crate::crypto::random::Random;
    use std::sync::Arc;

    fn envelope() -> Envelope {
        Envelope::new(Arc::new(Keyring::new(&MasterKey::generate(&Random::system()))), Random::system())
    }

    fn content(name: &str, mut text: &[u8]) -> Content {
        Content::read(name, &mut text).unwrap()
    }

    #[test]
    fn it_is_of_one_name_and_one_content_and_nobody_else_can_write_it() {
        let (own, other) = (envelope(), envelope());
        let opens = DatedMasterKey { id: other.key_id(), since: Timestamp::EPOCH };
        let (recorded, written) = Record::written(content("a", b"text"), opens, &own);
        let record = Record::from_bytes(&written, &own).unwrap();
        assert_eq!(record, recorded);
        assert_eq!(record.content(), &content("a", b"text"));
        assert_ne!(record.content(), &content("b", b"text"), "another name");
        assert_ne!(record.content(), &content("a", b"Text"), "another content");
        assert_eq!(Record::from_bytes(&written, &other), Err(Doubt::MasterKey { of_record: own.key_id(), opens }));
        let (renewed, written_anew) = record.renewed(&other);
        assert_eq!((renewed.opens(), renewed.master_key()), (opens, other.key_id()), "the backup is as it was");
        assert_eq!(Record::from_bytes(&written_anew, &other), Ok(renewed));
        for at in 0..written.len() {
            let mut altered = written.clone();
            altered[at] ^= 1;
            assert!(Record::from_bytes(&altered, &own).is_err(), "{at}");
        }
        assert_eq!(Record::from_bytes(&written[..written.len() - 1], &own), Err(Doubt::Record));
        assert_eq!(Record::from_bytes(b"", &own), Err(Doubt::Record));
    }

    #[test]
    fn the_first_line_of_a_backup_is_none() {
        let own = envelope();
        let text = r#"{"hookvaultBackup":1}"#;
        let mac = LineMacs::begin(&own, own.key_id()).unwrap().next(text.as_bytes());
        assert_eq!(Record::from_bytes(&line(text, &mac), &own), Err(Doubt::Record));
    }
}
