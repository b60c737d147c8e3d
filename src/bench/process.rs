//! What a process costs, as Linux counts it. Other systems do not tell.

use std::fs;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The kernel's clock: a hundred ticks a second on every architecture.
const TICKS: f64 = 100.0;

/// How long it is waited until a process is idle. Where nobody tells how much it does, a part of that is waited.
const PATIENCE: Duration = Duration::from_secs(60);

/// Memory in megabytes: `VmRSS` now, `VmHWM` at the most so far.
#[must_use]
pub fn memory(process: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024.0 / 1_000_000.0)
}

/// How long it had a core, in seconds, with the children that have ended.
#[must_use]
pub fn cpu(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in brackets, may have blanks; utime to cstime are the 14th to the 17th field.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok());
    Some(ticks.sum::<f64>() / TICKS)
}

/// Waits until the process has done nothing for so long: its pool of keys is full then.
pub async fn idle(process: u32, still: Duration) {
    let until = Instant::now() + PATIENCE;
    let Some(mut before) = cpu(process) else { return sleep(PATIENCE / 10).await };
    while Instant::now() < until {
        sleep(still).await;
        let Some(now) = cpu(process).filter(|now| *now > before) else { return };
        before = now;
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_had_a_core() {
        let own = std::process::id();
        let resident = memory(own, "VmRSS").unwrap();
        // Asked later, as other tests take memory meanwhile.
        assert!(resident > 1.0 && memory(own, "VmHWM").unwrap() >= resident);
        assert!(cpu(own).unwrap() >= 0.0);
        assert_eq!(memory(own, "Vm"), None);
    }
}
