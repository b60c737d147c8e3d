//! Backups: all that a vault keeps, as lines of text, in one form for every engine.
//!
//! 1. A line is JSON, a tab, a MAC and a line feed. The first says what the file is ([`head`]), the last that nothing is missing, and each
//!    between them is one item as it is at rest ([`item`]): what is sealed stays sealed.
//! 2. Each MAC covers the one before, too (`crypto::line_macs`). So a line that was changed, removed, added or moved is found and
//!    named, and nothing of a line is believed before ([`reading`]).
//! 3. Rows carry their seals in the database alone: a restore writes rows anew. That the vault has written the line is what its MAC says.
//! 4. A backup counts once it was proved ([`proof`]): read back, restored into an empty store of no name, looked at as a vault is by
//!    `check`, and each key has signed. Only then does it get its name ([`making`]).
//!    Then the audit trail tells of it ([`telling`]).
//! 5. A server makes them on a [`schedule`], in a [`folder`] that keeps as many as it should. It believes no name: what counts there has
//!    its [`record`] beside it, and is what that says ([`checking`]).
//! 6. A restore is a proof, and then a copy of what was proved ([`restoring`]).

pub(super) mod checking;
mod decoding;
mod doubt;
mod encoding;
pub mod error;
mod folder;
mod head;
mod input;
mod line;
pub mod making;
mod new_file;
pub mod proof;
mod reading;
mod record;
pub mod restoring;
pub mod schedule;
mod telling;
mod warnings;
mod writing;

pub use error::BackupError;
pub use folder::newest_of_any;
pub use head::Head;
