//! The tree over the audit trail (RFC 6962, clause 2.1), whose nodes are kept at places of their own, so that a tree grows by what is new in it
//! and a proof reads a few of them alone.

use tlog_tiles::tlog::{self, HashReader};

pub type Hash = [u8; 32];

/// The place of a node among all nodes, in the order in which they are completed.
pub type Place = u64;

/// A node that should be there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node of the tree is missing")]
pub struct NodeMissing;

/// The hash of an entry.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    tlog::record_hash(entry).0
}

/// The nodes that the entry with this number completes, its own first, with the place of the first; the others follow.
///
/// # Arguments
/// `known`: reads a node that is there; [`needed_to_append`] tells which are asked for.
///
/// # Errors
/// [`NodeMissing`].
pub fn appended(
    number: u64,
    leaf: Hash,
    known: impl Fn(Place) -> Option<Hash>,
) -> Result<(Place, Vec<Hash>), NodeMissing> {
    let hashes = tlog::stored_hashes_for_record_hash(number, tlog::Hash(leaf), &Reader(known));
    let hashes = hashes.map_err(|_| NodeMissing)?.into_iter().map(|hash| hash.0).collect();
    Ok((tlog::stored_hash_count(number), hashes))
}

/// The root of the tree of the first `size` entries.
///
/// # Errors
/// [`NodeMissing`].
pub fn root(size: u64, known: impl Fn(Place) -> Option<Hash>) -> Result<Hash, NodeMissing> {
    tlog::tree_hash(size, &Reader(known)).map(|hash| hash.0).map_err(|_| NodeMissing)
}

/// The audit path of an entry in the tree of the first `size` entries (RFC 6962, clause 2.1.1).
///
/// # Errors
/// [`NodeMissing`], also where the tree has no such entry.
pub fn prove(size: u64, number: u64, known: impl Fn(Place) -> Option<Hash>) -> Result<Vec<Hash>, NodeMissing> {
    let path = tlog::prove_record(size, number, &Reader(known)).map_err(|_| NodeMissing)?;
    Ok(path.into_iter().map(|hash| hash.0).collect())
}

/// The places that [`appended`] reads.
#[must_use]
pub fn needed_to_append(number: u64) -> Vec<Place> {
    let levels = (number + 1).trailing_zeros();
    (0..levels)
        .filter_map(|level| Some(tlog::stored_hash_index(u8::try_from(level).ok()?, (number >> level) - 1)))
        .collect()
}

/// The places that [`root`] reads.
#[must_use]
pub fn needed_for_root(size: u64) -> Vec<Place> {
    if size == 0 { Vec::new() } else { tlog::sub_tree_index(0, size, Vec::new()) }
}

/// The places that [`prove`] reads; none where there is no such entry.
#[must_use]
pub fn needed_to_prove(size: u64, number: u64) -> Vec<Place> {
    let asked = std::cell::RefCell::new(Vec::new());
    let _ = prove(size, number, |place| {
        asked.borrow_mut().push(place);
        Some([0; 32])
    });
    asked.into_inner()
}

struct Reader<F>(F);

impl<F: Fn(Place) -> Option<Hash>> HashReader for Reader<F> {
    fn read_hashes(&self, places: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let read = |place: &u64| (self.0)(*place).map(tlog::Hash).ok_or(tlog::Error::MalformedHash);
        places.iter().map(read).collect()
    }
}
