//! A proved backup as a person sees it.

use super::error::CliError;
use super::output;
use crate::app::StartError;
use crate::domain::chain::Chain;
use crate::vault::custody::backup::BackupError;
use crate::vault::custody::backup::proof::Proof;
use std::path::Path;

/// Why a backup does not count, with its name.
pub fn refusal(file: &Path, error: BackupError) -> CliError {
    let message = format!("{} does not count: {}", file.display(), Chain(&error));
    CliError::new(message, StartError::Backup(error).hint())
}

/// What a backup has of each kind.
pub fn print_counts(proof: &Proof) -> Result<(), CliError> {
    let rows: Vec<_> = proof.counts.iter().map(|(kind, count)| [(*kind).to_owned(), count.to_string()]).collect();
    output::print_table(["KIND", "COUNT"], &rows)
}

/// Warns of a backup in which more than one master key opens everything.
pub fn warn_of_rotation(proof: &Proof) {
    if let Some([from, to]) = proof.rotation {
        output::tell(&format!(
            "warning: a rotation of the master key from {from} to {to} was under way: where this is restored, {from} opens everything again, \
             until `hookvault master-key rotate` to {to} has ended"
        ));
    }
}

/// What a backup is of, in words.
pub fn contents(proof: &Proof) -> String {
    let made = proof.head.made.to_wire();
    format!(
        "the vault of {made} with {} private key(s) and secret(s) that open, and {} key(s) that sign, under the master key {}",
        proof.opened, proof.signed, proof.head.master_key
    )
}
