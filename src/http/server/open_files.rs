//! How many connections the system's limit of open files leaves room for.

use crate::domain::connection_limits::ConnectionLimits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::num::NonZeroUsize;

/// What is open beside connections: databases with their journals, event loops, hooks that are called.
const RESERVE: u64 = 40;

/// Raises this process's limit of open files as far as it may, and lowers these where that is too little.
pub fn fit(limits: ConnectionLimits) -> ConnectionLimits {
    let room = open_files().saturating_sub(RESERVE).max(8);
    let room = usize::try_from(room).ok().and_then(NonZeroUsize::new).unwrap_or(limits.total);
    if room < limits.total {
        tracing::warn!(
            connections = room,
            wanted = limits.total,
            "the limit of open files leaves room for fewer connections; raise it with ulimit -n, or LimitNOFILE of systemd"
        );
    }
    limits.within(room)
}

/// The soft limit, after it was raised to the hard one: it is low for programs that use `select`, which nothing here does.
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    current.unwrap_or(u64::MAX)
}
