//! What the vault keeps, as traits. Knows nothing of SQL, keys in the clear or HTTP.
//!
//! A transaction is an object: [`Store::read`] or [`Store::write`] opens it, `commit` ends it, dropping it rolls back.
//! The read view has no method that writes.

pub mod api_token;
pub mod error;
pub mod hook_key;
pub mod inline_hook;
pub mod key_reference;
pub mod master_key;
pub mod org;
pub mod page;
pub mod service_app;
pub mod signing_key;
pub mod sqlite;
pub mod used_token_id;

use async_trait::async_trait;
use error::StoreError;

/// The store of one vault.
#[async_trait]
pub trait Store: Send + Sync {
    /// One consistent view, beside any writer.
    async fn read(&self) -> Result<Box<dyn ReadTx>, StoreError>;

    /// The one writer. Others wait, so keep it short: no key making, sealing, hashing or network in between.
    async fn write(&self) -> Result<Box<dyn WriteTx>, StoreError>;

    /// Removes from the disk what committed deletions have left behind.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where somebody still reads an older state; the deletions themselves stand.
    async fn erase_deleted(&self) -> Result<(), StoreError>;

    /// Whether what is written now will be there after a restart: where the database is still what was opened.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn check_in_place(&self) -> Result<(), StoreError>;

    /// Looks at how the engine keeps the data, and says what is damaged, a line for each finding. May take long, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be looked at for another reason than damage.
    async fn examine(&self) -> Result<Vec<String>, StoreError>;

    /// Closes all connections, after those who use one.
    async fn close(&self);
}

/// Everything that can be read.
pub trait ReadTx:
    org::OrgRead
    + hook_key::HookKeyRead
    + key_reference::KeyReferenceRead
    + inline_hook::InlineHookRead
    + api_token::ApiTokenRead
    + service_app::ServiceAppRead
    + signing_key::SigningKeyRead
    + master_key::MasterKeyRead
{
}

/// Everything that can be read and written.
#[async_trait]
pub trait WriteTx:
    ReadTx
    + org::OrgWrite
    + hook_key::HookKeyWrite
    + key_reference::KeyReferenceWrite
    + inline_hook::InlineHookWrite
    + api_token::ApiTokenWrite
    + service_app::ServiceAppWrite
    + signing_key::SigningKeyWrite
    + used_token_id::UsedTokenIdWrite
    + master_key::MasterKeyWrite
{
    /// Makes the changes durable: when this returns `Ok` they are on disk.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
