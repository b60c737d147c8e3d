//! The contract that every engine keeps. `tests/store/contract.rs` proves it of each.
//!
//! 1. **Refused means over.** After a [`Conflict`](super::error::Conflict) a transaction can only be dropped: everything else that
//!    is asked of it fails with [`StoreError::Over`].
//! 2. **What is expected is a value:** a rule that refuses ([`Refusable`](super::error::Refusable)), an id that was used before, a
//!    deletion that finds nothing or a key in use.
//! 3. **Writes of one org are serial** where they ask for it ([`Serial::Org`]), or all writes ([`Serial::Vault`]); the rest may run side by
//!    side. A read is one consistent view.
//! 4. **Rules that must never break are constraints of the database:** unique names, slots for each cap, foreign keys.
//! 5. **Erasure is the engine's:** a commit that deleted something sealed says whether it is off the disk. What is not is recorded
//!    in the database, so that every server and every restart knows.
//! 6. **Every write names its actor.**
//! 7. A change is seen by the next request of every process: by its read, or by a [`Version`] that is another one.
//! 8. A row that does not parse, or whose seal does not fit, is damage, never "not found".

use super::error::{OpenError, StoreError};
use super::{
    api_token, audit, erasure, hook_key, hook_key_version, inline_hook, item, key_reference, master_key, org,
    service_app, signing_key,
};
use super::{
    erasure::Erasure,
    used_token_id,
    version::{Concern, Version},
};
use crate::domain::actor::Actor;
use crate::domain::clock::Timestamp;
use crate::domain::id::OrgId;
use async_trait::async_trait;

/// A migration by number and name, as in `V1__vault`.
pub type Migration = String;

/// What a write must have for itself, beyond what constraints give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serial<'a> {
    /// Nothing: constraints are enough.
    No,
    /// Others that ask for the same org wait until it is over: it reads first and then writes what follows from that.
    Org(&'a OrgId),
    /// Nobody else writes anything until it is over: it reads all there is.
    Vault,
}

/// What goes from a store for a vault that takes the place of what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptying {
    /// The rows. The tables stay, with the rights that others have on them.
    Rows,
    /// The tables with them, which are made anew: where something of them is missing.
    Tables,
}

/// What is wrong with how an engine keeps the data, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The engine does not read all of it right.
    Damaged(String),
    /// Rows break a rule, or a rule is gone; all of it can be read.
    Broken(String),
    /// Something of another hand that would run when the vault writes, and the statement that removes it.
    Planted { what: String, removal: String },
}

/// The store of one vault.
#[async_trait]
pub trait Store: Send + Sync {
    /// The migrations that this program brings and the database has not seen, oldest first. Only looks.
    ///
    /// # Errors
    /// [`OpenError`] where the two do not belong together, or the database cannot be read.
    async fn migrations_pending(&self) -> Result<Vec<Migration>, OpenError>;

    /// Runs what is pending, and returns it. Many may do so at once; one does it.
    ///
    /// # Errors
    /// [`OpenError`]; then nothing was changed.
    async fn migrate(&self) -> Result<Vec<Migration>, OpenError>;

    /// One consistent view, beside any writer.
    async fn read(&self) -> Result<Box<dyn ReadTx>, StoreError>;

    /// The state of the store as it is now. Costs much less than a read, where the engine can tell; `None` where it cannot.
    ///
    /// # Errors
    /// Those of the engine.
    async fn version(&self) -> Result<Option<Version>, StoreError>;

    /// The state of what one org has, where the whole was in this one.
    fn version_of(&self, org: &OrgId, seen: Version) -> Version {
        let _ = org;
        seen
    }

    /// How many times writes were lost that others may have seen before they were committed. To be asked before a request is served.
    fn lost_writes(&self) -> u64 {
        0
    }

    /// Waits until all that a request has seen is committed, also where it was refused something and has written nothing itself. To be
    /// called before it is answered.
    ///
    /// # Arguments
    /// `lost`: how many writes were lost before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where something that it may have seen was not committed in the end.
    async fn settled(&self, lost: u64) -> Result<(), StoreError> {
        let _ = lost;
        Ok(())
    }

    /// Others may wait, so keep it short: no key making or network in between. It goes along with a rotation of the master key: what is
    /// sealed for it is sealed after it has begun, and so with the key that seals now.
    ///
    /// # Errors
    /// [`StoreError::OtherMasterKey`] where this process does not have that key, or one of the engine.
    async fn write(&self, actor: &Actor, serial: Serial<'_>) -> Result<Box<dyn WriteTx>, StoreError>;

    /// Begins a write alone, in a store in which nothing is any more: all of it was deleted in this transaction, under whichever master key
    /// it is, and whether or not it can be read. So was what another hand has put at the tables: returns that in words, as `rule r of t`.
    async fn write_emptied(
        &self,
        actor: &Actor,
        emptying: Emptying,
    ) -> Result<(Box<dyn WriteTx>, Vec<String>), StoreError>;

    /// Tries once more to get what was deleted off the disk, whoever has deleted it.
    async fn erase(&self) -> Result<Erasure, StoreError>;

    /// Whether what is written now will be there after a restart: where the database is still what was opened.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn check_in_place(&self) -> Result<(), StoreError>;

    /// Looks at how the engine keeps the data, and says what is wrong with it. May take long, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be looked at for another reason than damage.
    async fn examine(&self) -> Result<Vec<Finding>, StoreError>;

    /// Closes all connections, after those who use one.
    async fn close(&self);
}

/// Everything that can be read.
pub trait ReadTx:
    org::OrgRead
    + hook_key::HookKeyRead
    + hook_key_version::HookKeyVersionRead
    + key_reference::KeyReferenceRead
    + inline_hook::InlineHookRead
    + api_token::ApiTokenRead
    + service_app::ServiceAppRead
    + signing_key::SigningKeyRead
    + used_token_id::UsedTokenIdRead
    + master_key::MasterKeyRead
    + erasure::ErasureRead
    + audit::AuditRead
    + item::ItemRead
{
}

/// Everything that can be read and written.
#[async_trait]
pub trait WriteTx:
    ReadTx
    + org::OrgWrite
    + hook_key::HookKeyWrite
    + hook_key_version::HookKeyVersionWrite
    + key_reference::KeyReferenceWrite
    + inline_hook::InlineHookWrite
    + api_token::ApiTokenWrite
    + service_app::ServiceAppWrite
    + signing_key::SigningKeyWrite
    + used_token_id::UsedTokenIdWrite
    + master_key::MasterKeyWrite
    + item::ItemWrite
    + audit::AuditWrite
{
    /// On whose behalf it writes.
    fn actor(&self) -> &Actor;

    /// Says that it changes nothing else than this of what is known by a [`Version`]. Everything, where nothing is said.
    fn narrow(&mut self, concern: Concern);

    /// Makes the changes durable: when this returns `Ok` they are on disk. Says what has become of sealed bytes that it has
    /// deleted or replaced.
    ///
    /// # Arguments
    /// `now`: since when what could not be erased is pending.
    ///
    /// # Errors
    /// [`StoreError::Over`] where it was refused something; then nothing was changed.
    async fn commit(self: Box<Self>, now: Timestamp) -> Result<Erasure, StoreError>;
}
