//! What was deleted and may still be on the disk. Every method fails with an error of the engine, or `Corrupt` for a row that does
//! not parse.

use super::error::StoreError;
use crate::domain::clock::Timestamp;
use async_trait::async_trait;

/// What has become of sealed bytes that were deleted or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// There were none.
    Nothing,
    /// They are off the disk.
    Done,
    /// No query finds them any more. The engine overwrites nothing: what that leaves is in SECURITY.md.
    Removed,
    /// They may still be there. That is recorded, and goes on.
    Pending,
    /// As pending: the engine removes them beside the requests, as it does always.
    Scheduled,
}

/// Deletions whose bytes may still be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingErasures {
    pub count: u32,
    /// Of the oldest.
    pub since: Timestamp,
}

#[async_trait]
pub trait ErasureRead: Send {
    /// `None` where all is off the disk.
    async fn erasure_pending(&mut self) -> Result<Option<PendingErasures>, StoreError>;
}
