//! Signed checkpoints of a tree: origin, size and root (c2sp.org/tlog-checkpoint) as a note that is signed with Ed25519
//! (c2sp.org/signed-note), which knows no RSA.

use crate::crypto::merkle::Hash;
use crate::crypto::random::{Purpose, Random};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signed_note::{Note, Signature, StandardVerifier, VerifierList, key_id};
use tlog_tiles::{checkpoint::Checkpoint, tlog};
use zeroize::Zeroizing;

/// The kind of a key and its signatures (c2sp.org/signed-note, "Signature types").
const ED25519: u8 = 1;

/// What signs the checkpoints of one tree. There is no `Debug`; aws-lc wipes it when it is dropped.
pub struct CheckpointKey(Ed25519KeyPair);

/// Why a text is no checkpoint that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("is no signed checkpoint (c2sp.org/tlog-checkpoint)")]
    Malformed,
    #[error("is no verifier key (NAME+ID+KEY, c2sp.org/signed-note)")]
    VerifierKey,
    #[error("is not signed with this key, or was altered")]
    Signature,
    #[error("the key cannot be used")]
    Key,
}

/// A new seed (RFC 8032, clause 5.1.5): a secret.
#[must_use]
pub fn new_seed(random: &Random) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(random.bytes(Purpose::Secret))
}

impl CheckpointKey {
    /// # Errors
    /// [`CheckpointError::Key`].
    pub fn from_seed(seed: &[u8]) -> Result<Self, CheckpointError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| CheckpointError::Key)
    }

    /// # Errors
    /// [`CheckpointError::Key`].
    pub fn public_key(&self) -> Result<[u8; 32], CheckpointError> {
        self.0.public_key().as_ref().try_into().map_err(|_| CheckpointError::Key)
    }

    /// The signed note.
    ///
    /// # Arguments
    /// `origin`: names the tree, without white space or a plus.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn sign(&self, origin: &str, size: u64, root: Hash) -> Result<String, CheckpointError> {
        let checkpoint = Checkpoint::new(origin, size, tlog::Hash(root), "").map_err(|_| CheckpointError::Malformed)?;
        let text = checkpoint.to_bytes();
        let id = key_id(origin, &encoded(self.public_key()?));
        let signature = Signature::new(origin.to_owned(), id, self.0.sign(&text).as_ref().to_vec());
        let note = Note::new(&text, &[signature.map_err(|_| CheckpointError::Malformed)?]);
        String::from_utf8(note.map_err(|_| CheckpointError::Malformed)?.to_bytes())
            .map_err(|_| CheckpointError::Malformed)
    }
}

/// The public key in the form in which verifiers take it.
#[must_use]
pub fn verifier_key(origin: &str, public_key: [u8; 32]) -> String {
    let key = encoded(public_key);
    format!("{origin}+{:08x}+{}", key_id(origin, &key), STANDARD.encode(&key))
}

fn encoded(public_key: [u8; 32]) -> Vec<u8> {
    [&[ED25519][..], &public_key].concat()
}

/// Origin, size and root of a note that is signed with this key.
///
/// # Errors
/// [`CheckpointError`].
pub fn open(note: &[u8], verifier_key: &str) -> Result<(String, u64, Hash), CheckpointError> {
    let verifier = StandardVerifier::new(verifier_key.trim()).map_err(|_| CheckpointError::VerifierKey)?;
    let note = Note::from_bytes(note).map_err(|_| CheckpointError::Malformed)?;
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|_| CheckpointError::Signature)?;
    let checkpoint = Checkpoint::from_bytes(note.text()).map_err(|_| CheckpointError::Malformed)?;
    Ok((checkpoint.origin().to_owned(), checkpoint.size(), checkpoint.hash().0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_opens_with_its_key_alone() {
        let key = |byte: u8| CheckpointKey::from_seed(&[byte; 32]).unwrap();
        let note = key(1).sign("hookvault/org", 7, [9; 32]).unwrap();
        let own = verifier_key("hookvault/org", key(1).public_key().unwrap());
        assert_eq!(open(note.as_bytes(), &own), Ok(("hookvault/org".into(), 7, [9; 32])));
        let other = verifier_key("hookvault/org", key(2).public_key().unwrap());
        assert_eq!(open(note.as_bytes(), &other), Err(CheckpointError::Signature));
        assert_eq!(open(note.replace("\n7\n", "\n8\n").as_bytes(), &own), Err(CheckpointError::Signature));
        assert_eq!(open(b"hookvault/org\n7\n", &own), Err(CheckpointError::Malformed));
        assert_eq!(open(note.as_bytes(), "key"), Err(CheckpointError::VerifierKey));
    }
}
