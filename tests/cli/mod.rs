//! The shell's face: screens as a person sees them.

mod absent;
mod app;
mod audit;
mod backup;
mod bench;
mod check;
mod dev;
mod help;
mod hook;
mod key;
mod master_key;
mod master_key_rotation;
mod master_key_sources;
mod migrate;
mod moving;
mod org;
mod page;
mod paste;
mod readme;
mod recorded;
mod serve;
mod settings;
mod token;

use crate::support::process::{Screen, hookvault, run};
use std::path::Path;

fn call(folder: &Path, arguments: &[&str]) -> Screen {
    run(hookvault(folder).args(arguments))
}

fn stderr(folder: &Path, arguments: &[&str]) -> String {
    let screen = call(folder, arguments);
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
    screen.stderr
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(2)..].join("\n")
}

/// A listing without ids and times.
fn stable(listing: &str) -> String {
    listing
        .lines()
        .map(|line| {
            let cells = line.split_whitespace().map(|cell| match cell {
                id if id.starts_with("00") => "ID",
                time if time.ends_with("Z") && time.contains('T') => "TIME",
                other => other,
            });
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}
