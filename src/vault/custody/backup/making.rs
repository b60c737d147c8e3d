//! Makes a backup, and opens one.

use super::error::BackupError;
use super::head::Head;
use super::input::Input;
use super::new_file::{NewFile, sweep_beside};
use super::proof::Proof;
use crate::crypto::age_file::{Encrypted, Identities, Recipients};
use crate::vault::handle::Vault;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Where a backup goes to.
#[derive(Debug, Clone)]
pub struct Destination<'a> {
    pub path: &'a Path,
    /// Whether it may take the place of another file.
    pub replaces: bool,
    /// Who can open it; with none, everybody who can read it.
    pub recipients: &'a Recipients,
}

/// Writes a backup beside its place, reads it back and proves it, and only then gives it its name. What others have left there that were
/// killed meanwhile goes first: its room may be needed.
///
/// One that is encrypted is encrypted to an identity of the moment as well, which is dropped once it was read back.
///
/// # Arguments
/// `scratch`: a vault with the same master key over an empty store that nobody else sees.
///
/// # Errors
/// [`BackupError`]; then there is no new file.
pub async fn back_up(vault: &Vault, scratch: &Vault, to: Destination<'_>) -> Result<Proof, BackupError> {
    sweep_beside(to.path);
    let verified = verify_new(vault, scratch, to).await?;
    tokio::task::spawn_blocking(move || verified.put()).await?
}

/// A backup that was proved, and has no name yet. Unless it is given one, it is removed.
pub(super) struct Verified {
    file: NewFile,
    proof: Proof,
}

impl Verified {
    /// To read from.
    pub(super) fn reopen(&self) -> io::Result<File> {
        self.file.reopen()
    }

    pub(super) fn head(&self) -> &Head {
        &self.proof.head
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// [`BackupError`].
    pub(super) fn put(self) -> Result<Proof, BackupError> {
        self.file.put().map(|()| self.proof)
    }
}

/// As [`back_up`], but for the name.
///
/// # Errors
/// [`BackupError`]; then there is no new file.
pub(super) async fn verify_new(vault: &Vault, scratch: &Vault, to: Destination<'_>) -> Result<Verified, BackupError> {
    let Begun { file, out, moment } = begin(&to)?;
    let (out, head) = vault.backup_write(out).await?.map_err(|error| unwritable(to.path, error))?;
    let synced = tokio::task::spawn_blocking(move || out.finish().and_then(|()| file.sync()).map(|()| file));
    let file = synced.await?.map_err(|error| unwritable(to.path, error))?;
    let written = file.reopen().map_err(|error| unwritable(to.path, error))?;
    let proof = scratch.backup_prove(Input::of(written, moment.as_ref())?).await?;
    if proof.head != head {
        return Err(BackupError::Differs);
    }
    if !proof.is_sound() {
        return Err(BackupError::Unsound { findings: proof.findings });
    }
    Ok(Verified { file, proof })
}

/// A file that nothing is written to yet.
struct Begun {
    file: NewFile,
    out: Out,
    /// What it is encrypted to beside the recipients, to be read back.
    moment: Option<Identities>,
}

fn begin(to: &Destination<'_>) -> Result<Begun, BackupError> {
    let file = NewFile::beside(to.path, to.replaces)?;
    let moment = (!to.recipients.is_empty()).then(Identities::of_the_moment);
    let out = BufWriter::new(file.open().map_err(|error| unwritable(to.path, error))?);
    let out = match &moment {
        None => Out::Plain(out),
        Some(moment) => {
            let encrypted = to.recipients.with(moment).encrypt(out);
            Out::Encrypted(encrypted.map_err(|error| unwritable(to.path, error))?)
        }
    };
    Ok(Begun { file, out, moment })
}

fn unwritable(path: &Path, source: io::Error) -> BackupError {
    BackupError::Write { path: path.to_owned(), source }
}

/// Proves a backup, and leaves it restored in the store of `scratch`.
///
/// # Arguments
/// `scratch`: as of [`back_up`]. `identities`: what opens one that is encrypted.
///
/// # Errors
/// [`BackupError`] where it cannot be restored as it was written.
pub async fn prove(path: &Path, identities: Option<&Identities>, scratch: &Vault) -> Result<Proof, BackupError> {
    let file = File::open(path).map_err(|source| BackupError::Open { path: path.to_owned(), source })?;
    scratch.backup_prove(Input::of(file, identities)?).await
}

/// What a backup is written to.
enum Out {
    Plain(BufWriter<File>),
    Encrypted(Encrypted<BufWriter<File>>),
}

impl Out {
    fn finish(self) -> io::Result<()> {
        let mut out = match self {
            Self::Plain(out) => out,
            Self::Encrypted(encrypted) => encrypted.finish()?,
        };
        out.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Encrypted(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Encrypted(out) => out.flush(),
        }
    }
}
