//! What is said of a folder that somebody should look after, in words for everybody: names, but not where the folder is.

use super::doubt::Doubt;
use super::folder::Stuck;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// So many are named, so that a probe's answer stays short.
const NAMED: usize = 5;

fn name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// A sentence for each of the first, and one for how many more there are.
fn told<T>(all: &[T], sentence: impl Fn(&T) -> String, more: &str) -> Vec<String> {
    let mut told: Vec<_> = all.iter().take(NAMED).map(sentence).collect();
    if all.len() > NAMED {
        told.push(format!("{} more {more}.", all.len() - NAMED));
    }
    told
}

/// Of files that do not count, newest first.
pub(super) fn of_doubted(doubted: &[(PathBuf, Doubt)]) -> Vec<String> {
    let sentence = |(path, doubt): &(PathBuf, Doubt)| {
        format!("{} does not count as a backup: {doubt}. {}", name(path), doubt.hint())
    };
    told(doubted, sentence, "do not count as backups")
}

/// Of what should have been removed.
pub(super) fn of_stuck(stuck: &[Stuck]) -> Vec<String> {
    let sentence = |Stuck { path, reason }: &Stuck| {
        format!(
            "{} cannot be removed from the backups: {reason}. Remove it, or see who owns it and the folder.",
            name(path)
        )
    };
    told(stuck, sentence, "cannot be removed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_named_and_the_rest_are_counted() {
        let doubted: Vec<_> =
            (0..7).map(|number| (PathBuf::from(format!("/folder/{number}")), Doubt::NoFile)).collect();
        let told = of_doubted(&doubted);
        assert_eq!(told[0], "0 does not count as a backup: it is not a file. Move it out of the folder, or remove it.");
        assert_eq!(told[5..], ["2 more do not count as backups."]);
        assert_eq!(of_doubted(&doubted[..5]).len(), 5);
    }
}
