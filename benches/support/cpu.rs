//! How long processes had a core, as Linux counts it.

use hookvault::bench::process;
use std::fs;
use std::time::Duration;

/// In seconds, with the children that have ended; nothing of a process that is gone.
pub fn of(process: u32) -> f64 {
    process::cpu(process).unwrap_or_default()
}

/// In seconds, of all processes of PostgreSQL on this machine.
pub fn of_postgres() -> f64 {
    let processes = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_postgres = |process: &u32| {
        fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim_end() == "postgres")
    };
    numbers.filter(is_postgres).map(of).sum()
}

/// Waits until the processes do nothing for a second.
pub fn wait_until_idle(processes: impl Iterator<Item = u32>) {
    let processes: Vec<_> = processes.collect();
    let used = || processes.iter().copied().map(of).sum::<f64>();
    loop {
        let before = used();
        std::thread::sleep(Duration::from_secs(1));
        if used() - before < 0.05 {
            return;
        }
    }
}
