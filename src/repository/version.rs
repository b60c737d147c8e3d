//! Which state of the store was seen.

/// One state of a store, as a process has seen it. A store gives another one after each commit, whoever has made it, and never one again that
/// it has given before: while it gives the same, what was read after it was first given is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub u64);
