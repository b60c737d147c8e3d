//! What is found where a trail is looked at: that it is whole, or what is wrong with it.

/// What is wrong with a trail. `Display` says it with the number of the entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("entry {0} was altered, or is another one: its seal does not fit")]
    Altered(u64),
    #[error("the text of entry {0} was altered: its hash is another one")]
    Text(u64),
    #[error("the text of entry {0} is gone, and nothing has forgotten it")]
    TextGone(u64),
    #[error("entry {0} is missing")]
    Missing(u64),
    #[error("entry {0} was added: the trail ends before it")]
    Added(u64),
    #[error("entry {0} was added: the first one of a trail is 0")]
    BeforeFirst(i64),
    #[error(
        "the head of the trail is missing, or another hand has written it: nobody knows how many entries there are"
    )]
    Head,
    #[error("a node of the tree that entry {0} completes is missing or altered: proofs would not hold")]
    Node(u64),
    #[error(
        "the trail has {size} entries, and the checkpoint is of {checkpoint}: entries are missing, or the database is an older one"
    )]
    Shorter { size: u64, checkpoint: u64 },
    #[error("line {} of the file is no entry", .0 + 1)]
    NoEntry(u64),
    #[error("entry {0} of the file is there a second time")]
    Twice(u64),
    #[error("entry {0} of the file is older than the one before it: entries were reordered, added or altered")]
    Earlier(u64),
    #[error("the first {0} entries are not those of the checkpoint")]
    NotTheCheckpoint(u64),
    #[error("the checkpoint is of another trail, {0}")]
    OtherTrail(String),
}

/// A trail that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    pub size: u64,
    /// Entries before this one have lost their texts, for their age.
    pub forgotten: u64,
    pub root: [u8; 32],
    /// Lines of an export behind these, of which the checkpoint says nothing: anybody may have added them.
    pub uncovered: u64,
}

/// What was found.
pub type Verdict = Result<Whole, Broken>;
