//! Proves a backup: restores it into an empty store, looks at all of it there, and has each key sign.

use super::error::BackupError;
use super::head::Head;
use super::input::Input;
use super::reading::{Reader, Reading};
use super::writing::{PourError, Writer, pour};
use crate::crypto::envelope::Envelope;
use crate::crypto::line_macs::LineMacs;
use crate::crypto::private_key;
use crate::domain::actor::Actor;
use crate::domain::master_key::MasterKeys;
use crate::domain::sealed::MasterKeyId;
use crate::repository::error::StoreError;
use crate::repository::item::Item;
use crate::repository::store::Serial;
use crate::vault::custody::comparison::{KeyAtRest, compare};
use crate::vault::custody::copying::{self, CopyError, Counts, Source as _, Walk};
use crate::vault::custody::examination::Examination;
use crate::vault::handle::Vault;
use std::io;

/// What a backup was found to have.
#[derive(Debug)]
pub struct Proof {
    pub head: Head,
    pub counts: Counts,
    /// How many private keys and secrets were opened.
    pub opened: usize,
    /// How many keys have signed, so that their public halves verified it.
    pub signed: usize,
    /// The rotation of the master key that was under way, from one key to another: restored, it is under way again, and the old key
    /// opens everything.
    pub rotation: Option<[MasterKeyId; 2]>,
    /// What is wrong with it; none where it is sound.
    pub findings: Vec<String>,
}

impl Proof {
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Vault {
    /// Restores a backup into the store of this vault, which is empty and nobody else's, and proves it there. What is restored
    /// is written down once more: only where that ends in the same MAC is it what the backup says.
    ///
    /// # Errors
    /// [`BackupError`], where it cannot be restored as it was written. What is wrong beyond that is in the proof.
    pub(super) async fn backup_prove(&self, backup: Input) -> Result<Proof, BackupError> {
        let reader = Reader::begin(backup, self)?;
        let head = reader.head().clone();
        let mut reading = Reading::of(reader);
        let mut tx = self.registry.store.write(&Actor::Vault, Serial::Vault).await.map_err(BackupError::scratch)?;
        let counts = copying::fill(&mut reading, &mut *tx).await.map_err(|error| match error {
            CopyError::Source(error) => error,
            CopyError::Target(error) => BackupError::scratch(error),
            CopyError::Refused { kind, number, conflict } => BackupError::Refused { kind, number, conflict },
        })?;
        tx.commit(self.registry.clock.now()).await.map_err(BackupError::scratch)?;
        let read = reading.into_reader().map(|reader| reader.last_mac());
        if read != Some(self.backup_mac(&head).await?) {
            return Err(BackupError::Differs);
        }
        let mut proof = Proof { head, counts, opened: 0, signed: 0, rotation: None, findings: Vec::new() };
        match self.master_keys_follow().await {
            Ok(MasterKeys { record, rotation }) => {
                proof.rotation = rotation.map(|rotation| [record.id, rotation.next.id]);
            }
            Err(error) => proof.findings.push(error.to_string()),
        }
        let Examination { sound, damaged, .. } = self.examine().await.map_err(BackupError::Scratch)?;
        proof.opened = sound;
        proof.findings.extend(damaged.iter().map(ToString::to_string));
        self.try_keys(&mut proof).await?;
        Ok(proof)
    }

    /// The MAC of the last line, were the store backed up with this head.
    async fn backup_mac(&self, head: &Head) -> Result<[u8; LineMacs::LENGTH], BackupError> {
        let macs = LineMacs::begin(&self.envelope, head.master_key).ok_or(BackupError::Differs)?;
        let mut view = self.registry.store.read().await.map_err(BackupError::scratch)?;
        let written = Writer::begin(io::sink(), macs, head).map_err(PourError::Out);
        let poured = match written {
            Ok(writer) => pour(&mut *view, writer).await,
            Err(error) => Err(error),
        };
        poured.map(|(_, mac)| mac).map_err(|error| match error {
            PourError::View(error) => BackupError::Scratch(error),
            PourError::Task(error) => error.into(),
            // Nothing is written.
            PourError::Out(_) => BackupError::Differs,
        })
    }

    /// Signs with each key and verifies.
    async fn try_keys(&self, proof: &mut Proof) -> Result<(), BackupError> {
        let mut view = self.registry.store.read().await.map_err(BackupError::scratch)?;
        let mut walk = Walk::of(&mut *view);
        loop {
            let items = match walk.next().await {
                Ok(Some(items)) => items,
                Ok(None) => return Ok(()),
                // The examination has told of it.
                Err(StoreError::Corrupt { .. } | StoreError::Forged { .. }) => return Ok(()),
                Err(error) => return Err(BackupError::scratch(error)),
            };
            let envelope = self.envelope.clone();
            // Some ms a key: off the async workers.
            let tried = move || items.iter().filter_map(|item| try_item(item, &envelope)).collect::<Vec<_>>();
            for tried in tokio::task::spawn_blocking(tried).await? {
                match tried {
                    Tried::Signs => proof.signed += 1,
                    Tried::Fails(finding) => proof.findings.push(finding),
                }
            }
        }
    }
}

/// What came of a key.
enum Tried {
    Signs,
    Fails(String),
}

fn try_item(item: &Item, envelope: &Envelope) -> Option<Tried> {
    match item {
        Item::HookKey(key) => try_key(key, envelope),
        // A retired one has no private half any more.
        Item::HookKeyVersion(version) => version.sealed().and_then(|key| try_key(&key, envelope)),
        Item::SigningKey(key) => try_key(key, envelope),
        Item::MasterKeys(_)
        | Item::Org(_)
        | Item::InlineHook(_)
        | Item::KeyReference(_)
        | Item::ApiToken(_)
        | Item::ServiceApp(_)
        | Item::ClientKey(..)
        | Item::UsedTokenId(_)
        | Item::AuditHead(_)
        | Item::AuditEntry(_)
        | Item::AuditNode(_)
        | Item::AuditKey(_) => None,
    }
}

/// `None` for one that does not open or is not the other half: the examination has told of it.
fn try_key(key: &impl KeyAtRest, envelope: &Envelope) -> Option<Tried> {
    compare(key, envelope).ok()?;
    let signs = key.look(|place, sealed, public| {
        envelope.open(place, sealed).is_ok_and(|pkcs8| private_key::is_pair(&pkcs8, public))
    });
    Some(if signs { Tried::Signs } else { Tried::Fails(format!("the key {} does not sign", key.key_id())) })
}
