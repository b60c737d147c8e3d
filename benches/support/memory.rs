//! How much memory a process has, as Linux counts it.

use std::fs;

/// In megabytes; `VmRSS` now, `VmHWM` at the most so far.
pub fn of(process: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the kernel says so");
    let kibibytes: f64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
    kibibytes * 1024.0 / 1_000_000.0
}
