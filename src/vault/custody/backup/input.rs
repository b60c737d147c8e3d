//! The lines of a backup, decrypted where it is encrypted.

use super::error::BackupError;
use crate::crypto::age_file::{Identities, is_encrypted};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// What a backup is read from.
pub(super) struct Input(Box<dyn BufRead + Send>);

impl Input {
    /// # Errors
    /// [`BackupError::Encrypted`], [`BackupError::Decrypt`] or [`BackupError::Read`].
    pub(super) fn of(file: File, identities: Option<&Identities>) -> Result<Self, BackupError> {
        let mut file = BufReader::new(file);
        if !is_encrypted(&mut file).map_err(|source| BackupError::Read { line: 1, source })? {
            return Ok(Self(Box::new(file)));
        }
        let identities = identities.ok_or(BackupError::Encrypted)?;
        let decrypted = identities.decrypt(file).map_err(BackupError::Decrypt)?;
        Ok(Self(Box::new(BufReader::new(decrypted))))
    }
}

impl Read for Input {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}
