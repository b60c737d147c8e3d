//! Whether what was exported of a trail is what a checkpoint covers. A line has no number: where it is not, only what an entry says of
//! itself can tell which one it is.

use super::broken::{Broken, Verdict, Whole};
use super::checkpoint::Checkpoint;
use super::reading::{is_forgotten_line, leaf_of_line};
use super::verify::Tree;
use serde::Deserialize;
use std::collections::HashSet;

/// Checks the lines of an export against a checkpoint whose signature was checked. Nothing vouches for lines behind those that it covers.
pub fn verify_export(lines: &[String], checkpoint: &Checkpoint) -> Verdict {
    // What another program leaves at the end of a file is no entry.
    let lines: Vec<_> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    let size = lines.len() as u64;
    let mut tree = Tree::default();
    for (line, _) in lines.iter().zip(0..checkpoint.size) {
        tree.append(leaf_of_line(line));
    }
    let broken = if size < checkpoint.size {
        Broken::Shorter { size, checkpoint: checkpoint.size }
    } else if tree.root() != checkpoint.root {
        Broken::NotTheCheckpoint(checkpoint.size)
    } else {
        return Ok(Whole {
            size: checkpoint.size,
            forgotten: 0,
            root: checkpoint.root,
            uncovered: size - checkpoint.size,
        });
    };
    Err(first_odd(&lines).unwrap_or(broken))
}

/// What an entry says of itself that no other one does.
#[derive(Deserialize)]
struct Own {
    uuid: String,
    published: String,
}

/// The first entry that cannot stand where it does.
fn first_odd(lines: &[&str]) -> Option<Broken> {
    let (mut seen, mut last) = (HashSet::new(), String::new());
    for (number, line) in (0..).zip(lines) {
        if is_forgotten_line(line) {
            continue;
        }
        let Ok(Own { uuid, published }) = serde_json::from_str(line) else { return Some(Broken::NoEntry(number)) };
        if !seen.insert(uuid) {
            return Some(Broken::Twice(number));
        }
        // Times of one form, so that their texts are in the same order.
        if published < last {
            return Some(Broken::Earlier(number));
        }
        last = published;
    }
    None
}
