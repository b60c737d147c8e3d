//! An ordinary user, for what root is refused or refused nothing.

use rustix::process::geteuid;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Root may write everywhere, so the binary runs as somebody else there.
pub fn as_somebody(command: &mut Command) -> &mut Command {
    if geteuid().is_root() { command.uid(NOBODY).gid(NOBODY) } else { command }
}

/// Gives a file to whom [`as_somebody`] runs as.
pub fn give_to_somebody(path: &Path) {
    if geteuid().is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

const NOBODY: u32 = 65534;
