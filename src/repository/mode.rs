//! What a database is opened for.

/// What an opened database is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To be made where there is none, and where nothing says that one was there.
    Create,
    /// To be made where there is none, for a whole vault that comes from elsewhere.
    Fill,
    /// It must be there.
    Existing,
    /// For looking alone: nothing of it is changed, and every write fails.
    ReadOnly,
}
