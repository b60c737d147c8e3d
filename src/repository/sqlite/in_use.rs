//! Whether another process has the file open.
//!
//! In WAL mode each connection holds a lock of the operating system on the file, from its first look into it until it is closed
//! (<https://sqlite.org/lockingv3.html>, SHARED), and a server always has one. Who holds one is asked for without taking any, so nobody
//! is disturbed, and nothing is left behind by a process that dies.

use rustix::process::{Flock, FlockType, fcntl_getlk};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Another process that has the file open, in words; `None` where there is none, or no file.
///
/// Not while this process has it open: to close the file ends all locks that a process has on it
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
///
/// # Errors
/// Where the file cannot be opened.
pub fn other_process(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let held = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock))?;
    Ok(held.map(|lock| match lock.pid {
        Some(pid) => format!("the process {} has {} open", pid.as_raw_nonzero(), path.display()),
        // In a container, say, whose processes have numbers of their own.
        None => format!("another process has {} open", path.display()),
    }))
}
