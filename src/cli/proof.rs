//! A proved backup as a person sees it.

use super::error::CliError;
use super::output;
use crate::vault::custody::backup::proof::Proof;

/// What a backup has of each kind.
pub fn print_counts(proof: &Proof) -> Result<(), CliError> {
    let rows: Vec<_> = proof.counts.iter().map(|(kind, count)| [(*kind).to_owned(), count.to_string()]).collect();
    output::print_table(["KIND", "COUNT"], &rows)
}

/// What a backup is of, in words.
pub fn contents(proof: &Proof) -> String {
    let made = proof.head.made.to_wire();
    format!(
        "the vault of {made} with {} private key(s) and secret(s) that open, and {} key(s) that sign, under the master key {}",
        proof.opened, proof.signed, proof.head.master_key
    )
}
