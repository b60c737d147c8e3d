//! Why nothing was measured, and what to do about it.

use crate::app::StartError;
use crate::repository::error::{Conflict, StoreError};
use crate::vault::error::VaultError;
use std::error::Error;
use std::io;

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("a temporary folder cannot be made")]
    Folder(#[source] io::Error),
    #[error("this program cannot be started as a server")]
    Spawn(#[source] io::Error),
    #[error("the server that was started {0}")]
    Server(&'static str),
    #[error("the vault to be measured cannot be made")]
    Open(#[from] StartError),
    #[error("the vault to be measured cannot be filled")]
    Vault(#[from] VaultError),
    #[error("the vault to be measured cannot be filled")]
    Store(#[from] StoreError),
    #[error("the vault to be measured cannot be filled: {0}")]
    Refused(#[from] Conflict),
    #[error("a request was answered by {status}: {body}")]
    Answer { status: u16, body: String },
    #[error("an answer is none of HTTP")]
    NoAnswer,
    #[error("requests were not answered in time")]
    Late,
    #[error("SQLite alone cannot be measured")]
    Raw(#[source] Box<dyn Error + Send + Sync>),
    #[error("a signature cannot be made")]
    Signature(#[source] Box<dyn Error + Send + Sync>),
    #[error("a thread has ended early")]
    Thread,
    #[error("the plot cannot be drawn: {0}")]
    Plot(String),
    #[error("the machine gives no thread or connection")]
    Io(#[from] io::Error),
}

impl BenchError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Folder(_) => "let TMPDIR name a folder that you may write to".into(),
            Self::Spawn(_) => "see that the program is still where it was started from".into(),
            Self::Server(_) => "`hookvault serve` says by itself what is in its way".into(),
            Self::Open(StartError::Sealing(_)) => "name an empty database: in this one there is a vault already".into(),
            Self::Open(error) => error.hint(),
            Self::Vault(_) | Self::Store(_) | Self::Refused(_) | Self::Raw(_) => {
                "see that there is room where TMPDIR leads to, and name an empty database".into()
            }
            Self::Late => "see what else the machine does, and try again".into(),
            Self::Io(_) => "see how many files may be open (`ulimit -n`), and try again".into(),
            Self::Answer { .. } | Self::NoAnswer | Self::Signature(_) | Self::Thread | Self::Plot(_) => {
                "report this, with the version and the system".into()
            }
        }
    }
}
