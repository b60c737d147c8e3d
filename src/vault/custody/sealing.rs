//! Whether the master key in use is the one that seals the database, and whether its rows carry seals.
//!
//! 1. The record of the master key holds a probe: a known value that opens with that key alone, and says that all rows are sealed, and
//!    that each org has the head of its audit trail.
//! 2. Vaults of before seals, or of before heads, have a probe that does not say so. Their rows get seals, and their orgs heads, once, all
//!    in one transaction, with the new probe.
//!    Nobody can have that done again: the probe of before cannot be made without the master key, and a vault of this version never
//!    had one. Who keeps an old probe has it for that master key alone: after a rotation it is worth nothing.
//! 3. A rotation counts where the audit trail tells of it: rows of one that is over would make its old key one of the vault again.

use super::audit::heads::give_heads;
use super::audit::master_keys::{UntoldRotation, untold};
use super::audit::record::Record;
use super::inventory::Inventory;
use crate::crypto::envelope::{Envelope, OpenError};
use crate::crypto::row_seal::RowSeals;
use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::clock::Timestamp;
use crate::domain::master_key::{MasterKeyRecord, MasterKeys};
use crate::domain::row_seal::BrokenSeal;
use crate::domain::sealed::{MasterKeyId, Place};
use crate::repository::error::StoreError;
use crate::repository::item::Renewal;
use crate::repository::store::{ReadTx, Serial, WriteTx};
use crate::vault::error::VaultError;
use crate::vault::handle::{Registry, Vault};

/// What a probe says where the rows of the database carry no seals.
const ROWS_UNSEALED: &[u8] = b"hookvault";

/// What it says where they do, and an org may be without a head, in front of the moment of its making.
const ROWS_SEALED: &[u8] = b"hookvault: rows are sealed";

/// The same where each org has one.
const HEADS_GIVEN: &[u8] = b"hookvault: rows are sealed, trails have heads";

const PROBE_PLACE: Place<'static> = Place { org: "", table: "master_key", row: "1", column: "probe" };

#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error(
        "the database was sealed with the master key {sealed_with} of {}, but the master key given is {given}",
        .since.to_wire()
    )]
    WrongMasterKey { sealed_with: MasterKeyId, since: Timestamp, given: MasterKeyId },
    #[error(
        "the database is under a rotation from the master key {old} of {} to {next} of {}, which has to be gone on with; the master key \
         given is {given}",
        .old_since.to_wire(), .next_since.to_wire()
    )]
    OtherRotation {
        old: MasterKeyId,
        old_since: Timestamp,
        next: MasterKeyId,
        next_since: Timestamp,
        given: MasterKeyId,
    },
    #[error("the master key record of the database is damaged")]
    ProbeDamaged(#[source] OpenError),
    #[error("{0}")]
    Untold(Box<UntoldRotation>),
    #[error("the rows of the database carry no seals yet")]
    RowsUnsealed,
    #[error("rows of the database carry no seals, and no master key is recorded that they could belong to")]
    NeverServed,
    #[error("the record of the master key is missing, though the vault has been used with one")]
    RecordMissing,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<StoreError> for SealingError {
    fn from(error: StoreError) -> Self {
        Self::Vault(error.into())
    }
}

/// What is done about rows without seals where no master key is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverServed {
    /// They could be anybody's.
    Refuse,
    /// The operator says that they are the vault's.
    Adopt,
}

/// How far a database was brought over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unsealed,
    /// Its rows carry seals.
    Sealed,
    /// And its orgs have heads.
    Headed,
}

/// Checks that the master key is the one of the database, and gives rows of a version without seals theirs, and orgs of one without
/// heads those. Returns how many rows got a seal. A new database stays as it is.
///
/// # Errors
/// [`SealingError`].
pub async fn bring_over(
    registry: &Registry,
    envelope: &Envelope,
    seals: &RowSeals,
    never_served: NeverServed,
) -> Result<u64, SealingError> {
    let mut view = registry.store.read().await?;
    let stage = match view.master_keys().await? {
        Some(told) => Some(stage_in(&mut *view, &told, envelope).await?),
        None => None,
    };
    drop(view);
    match stage {
        Some(Stage::Headed) => Ok(0),
        Some(Stage::Sealed) => head_trails(registry, envelope).await.map(|()| 0),
        Some(Stage::Unsealed) => seal_rows(registry, envelope, seals).await,
        None => match (first_row(registry).await?, never_served) {
            (None, _) => Ok(0),
            (Some(first), _) if is_record_lost(registry, first).await? => Err(SealingError::RecordMissing),
            (Some(_), NeverServed::Refuse) => Err(SealingError::NeverServed),
            (Some(_), NeverServed::Adopt) => seal_rows(registry, envelope, seals).await,
        },
    }
}

/// As [`stage`]. A rotation to a key that is not there, and of which the trail does not tell, is not asked for that key.
async fn stage_in(view: &mut dyn ReadTx, told: &MasterKeys, envelope: &Envelope) -> Result<Stage, SealingError> {
    let stage = stage(told, envelope);
    if let Err(SealingError::OtherRotation { old, given, .. }) = &stage
        && old == given
        // What the next key has sealed cannot be read, so then somebody had it.
        && let Ok(Some(rotation)) = untold(view, told).await
    {
        return Err(SealingError::Untold(Box::new(rotation)));
    }
    stage
}

/// Refuses a rotation of the master key that is under way, if the trail does not tell of it. After [`bring_over`].
///
/// # Errors
/// [`SealingError::Untold`], or one of the store.
pub async fn refuse_untold(registry: &Registry) -> Result<(), SealingError> {
    let mut view = registry.store.read().await?;
    match view.master_keys().await? {
        Some(told) => refuse_untold_in(&mut *view, &told).await,
        None => Ok(()),
    }
}

async fn refuse_untold_in(view: &mut dyn ReadTx, told: &MasterKeys) -> Result<(), SealingError> {
    match untold(view, told).await? {
        Some(rotation) => Err(SealingError::Untold(Box::new(rotation))),
        None => Ok(()),
    }
}

/// As [`bring_over`]; in a new database the master key is recorded. A rotation must be one that the trail tells of.
///
/// # Errors
/// [`SealingError`].
pub async fn claim(registry: &Registry, envelope: &Envelope, seals: &RowSeals) -> Result<u64, SealingError> {
    let sealed = bring_over(registry, envelope, seals, NeverServed::Refuse).await?;
    refuse_untold(registry).await?;
    if registry.store.read().await?.master_keys().await?.is_none() {
        record(registry, envelope).await?;
    }
    Ok(sealed)
}

/// The record of the master key that seals.
pub(super) fn own_record(registry: &Registry, envelope: &Envelope) -> MasterKeyRecord {
    let created = registry.clock.now();
    MasterKeyRecord { id: envelope.key_id(), probe: envelope.seal(PROBE_PLACE, &said(HEADS_GIVEN, created)), created }
}

fn said(what: &[u8], created: Timestamp) -> Vec<u8> {
    [what, &created.unix().to_be_bytes()].concat()
}

async fn record(registry: &Registry, envelope: &Envelope) -> Result<(), SealingError> {
    let own = own_record(registry, envelope);
    let mut tx = match registry.store.write(&Actor::Vault, Serial::No).await {
        // Another process was faster, with another key.
        Err(StoreError::OtherMasterKey { sealed_with, since }) => {
            return Err(SealingError::WrongMasterKey { sealed_with, since, given: own.id });
        }
        begun => begun?,
    };
    if tx.master_key_insert(&own).await?.is_ok() {
        return Ok(registry.commit_unrecorded(tx).await?);
    }
    // Another process was faster.
    drop(tx);
    let told = registry.store.read().await?.master_keys().await?.ok_or(VaultError::Empty)?;
    stage(&told, envelope).map(drop)
}

/// What there is though no master key is recorded: orgs, apps and tokens of before seals could be made without one.
async fn first_row(registry: &Registry) -> Result<Option<Stage>, SealingError> {
    let page = registry.store.read().await?.org_page(None, 1).await?;
    match page.items.into_iter().next() {
        Some(Err(StoreError::Forged { reason: BrokenSeal::Missing, .. })) => Ok(Some(Stage::Unsealed)),
        Some(Err(error)) => Err(error.into()),
        Some(Ok(_)) => Ok(Some(Stage::Sealed)),
        None => Ok(None),
    }
}

/// Whether a master key was recorded, by what is there: whoever seals a row has recorded one before.
async fn is_record_lost(registry: &Registry, first: Stage) -> Result<bool, SealingError> {
    match first {
        Stage::Sealed | Stage::Headed => Ok(true),
        Stage::Unsealed => was_used(registry).await,
    }
}

/// Whether anything is there that no version made without a master key: a key of any kind, or a trail. Then the record was there too,
/// and seals that are missing were taken off.
async fn was_used(registry: &Registry) -> Result<bool, SealingError> {
    let mut view = registry.store.read().await?;
    Ok(!view.hook_key_page_sealed(None, 1).await?.items.is_empty()
        || !view.signing_key_page_sealed(None, 1).await?.items.is_empty()
        || !view.audit_head_page(None, 1).await?.items.is_empty()
        || !view.audit_entry_page(None, 1).await?.items.is_empty())
}

/// Gives each row a seal, and reads all of them again before any of it counts.
async fn seal_rows(registry: &Registry, envelope: &Envelope, seals: &RowSeals) -> Result<u64, SealingError> {
    let own = own_record(registry, envelope);
    let mut tx = registry.store.write(&Actor::Vault, Serial::Vault).await?;
    let found = tx.master_keys().await?;
    if let Some(found) = &found
        && stage(found, envelope)? != Stage::Unsealed
    {
        // Another process was faster.
        return Ok(0);
    }
    seals.adopt(true);
    let sealed = seal_each(&mut *tx).await;
    seals.adopt(false);
    let sealed = sealed?;
    give_heads(&mut *tx).await?;
    read_each(&mut *tx).await?;
    if found.is_some() {
        tx.master_key_replace(&own).await?;
    } else {
        tx.master_key_insert(&own).await?.map_err(VaultError::from)?;
    }
    let target = Target::of("Vault", &own.id.to_string(), None).with("rows", sealed);
    let record = match tx.org_find_default().await? {
        Some(org) => registry.commit(tx, Record::Of(&org.id, vec![Event::new(EventKind::RowsSealed, [target])])).await,
        None => registry.commit(tx, Record::Nothing("there is no org yet")).await,
    };
    record?;
    Ok(sealed)
}

/// Gives the orgs of a version without heads theirs. Where a rotation of the master key is under way, its record stays as it is, and
/// this is done again with the next start after it.
async fn head_trails(registry: &Registry, envelope: &Envelope) -> Result<(), SealingError> {
    let mut tx = registry.store.write(&Actor::Vault, Serial::Vault).await?;
    let Some(told) = tx.master_keys().await? else { return Err(SealingError::RecordMissing) };
    if stage(&told, envelope)? == Stage::Headed {
        // Another process was faster.
        return Ok(());
    }
    let given = give_heads(&mut *tx).await?;
    if told.rotation.is_none() {
        let MasterKeyRecord { id, created, .. } = told.record;
        let probe = envelope.seal(PROBE_PLACE, &said(HEADS_GIVEN, created));
        tx.master_key_replace(&MasterKeyRecord { id, probe, created }).await?;
    }
    let record = match tx.org_find_default().await?.filter(|_| given > 0) {
        Some(org) => {
            let target = Target::of("Vault", &envelope.key_id().to_string(), None).with("trails", given);
            registry.commit(tx, Record::Of(&org.id, vec![Event::new(EventKind::AuditHeadsCreated, [target])])).await
        }
        None => registry.commit(tx, Record::Nothing("every trail has its head")).await,
    };
    Ok(record?)
}

async fn seal_each(tx: &mut dyn WriteTx) -> Result<u64, StoreError> {
    let mut inventory = Inventory::begin();
    let mut sealed = 0;
    while let Some(items) = inventory.next(tx).await? {
        for item in items.iter().filter(|item| item.has_seal()) {
            tx.item_reseal(item, Renewal::Seal).await?;
            sealed += 1;
        }
    }
    Ok(sealed)
}

async fn read_each(view: &mut dyn ReadTx) -> Result<(), StoreError> {
    let mut inventory = Inventory::begin();
    while inventory.next(view).await?.is_some() {}
    Ok(())
}

/// How far the database was brought over, by the word of the probe. Goes along with the master keys that are recorded, and checks that the ones in use are those.
fn stage(told: &MasterKeys, envelope: &Envelope) -> Result<Stage, SealingError> {
    let MasterKeys { record, rotation } = told;
    let given = envelope.key_id();
    envelope.follow(told).map_err(|_| match rotation {
        None => SealingError::WrongMasterKey { sealed_with: record.id, since: record.created, given },
        Some(rotation) => SealingError::OtherRotation {
            old: record.id,
            old_since: record.created,
            next: rotation.next.id,
            next_since: rotation.next.created,
            given,
        },
    })?;
    if let Some(rotation) = rotation {
        // It is the record when the rotation is over.
        probed(&rotation.next, envelope)?;
    }
    probed(record, envelope)
}

/// What the probe of a record says, which opens with the key of that alone.
fn probed(record: &MasterKeyRecord, envelope: &Envelope) -> Result<Stage, SealingError> {
    match envelope.open_under(record.id, PROBE_PLACE, &record.probe).map_err(SealingError::ProbeDamaged)?.as_slice() {
        ROWS_UNSEALED => Ok(Stage::Unsealed),
        opened if opened == said(ROWS_SEALED, record.created) => Ok(Stage::Sealed),
        opened if opened == said(HEADS_GIVEN, record.created) => Ok(Stage::Headed),
        _ => Err(SealingError::ProbeDamaged(OpenError::Forged)),
    }
}

impl Vault {
    /// The id of the master key that seals, as far as is known here.
    #[must_use]
    pub fn master_key_id(&self) -> MasterKeyId {
        self.envelope.key_id()
    }

    /// Goes along with the master keys of the database. Returns what it tells of them.
    ///
    /// # Errors
    /// [`SealingError`] where it was sealed with a key that is not in use here, its rows carry no seals, or a rotation is under way of which
    /// the trail does not tell.
    pub async fn master_keys_follow(&self) -> Result<MasterKeys, SealingError> {
        let mut view = self.registry.store.read().await?;
        let Some(told) = view.master_keys().await? else {
            return Err(match first_row(&self.registry).await? {
                Some(first) if is_record_lost(&self.registry, first).await? => SealingError::RecordMissing,
                _ => VaultError::Empty.into(),
            });
        };
        if stage_in(&mut *view, &told, &self.envelope).await? == Stage::Unsealed {
            return Err(SealingError::RowsUnsealed);
        }
        // Once a second: what is as it was then is not looked for in the trail again.
        if !self.told_master_keys.is(&told) {
            refuse_untold_in(&mut *view, &told).await?;
            self.told_master_keys.keep(&told);
        }
        Ok(told)
    }
}
