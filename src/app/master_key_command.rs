//! Runs the command that prints the master key: what asks a cloud's KMS, a TPM or an HSM for it.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long it may take: a network and a slow device fit into it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much it may print, in bytes: what is longer is something else.
const MOST: usize = 4 * 1024;

/// Why a command gave no master key. Nothing of what it printed is in here.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("cannot be run: {0}")]
    NotRun(#[from] io::Error),
    #[error("ended with the exit code {0}")]
    Failed(i32),
    #[error("was ended by the signal {0}")]
    Killed(i32),
    #[error("did not end within {0:?}")]
    TooSlow(Duration),
    #[error("printed more than {MOST} bytes")]
    TooLong,
    #[error("printed nothing")]
    Nothing,
}

/// What a line for the shell prints. Its stderr is ours, so that a person sees why it fails.
///
/// # Errors
/// [`CommandError`].
pub fn output_of(line: &str) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    run(line, PATIENCE)
}

fn run(line: &str, patience: Duration) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let mut command = Command::new("/bin/sh");
    // In a group of its own, so that what the shell has started ends with it.
    command.arg("-c").arg(line).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let group = Pid::from_child(&child);
    let (done, outcome) = mpsc::channel();
    let stdout = child.stdout.take().expect("it was asked for");
    thread::spawn(move || drop(done.send(read_to_end(stdout, group))));
    let output = outcome.recv_timeout(patience).unwrap_or(Err(CommandError::TooSlow(patience)));
    if output.is_err() {
        // It may have ended just now; it was not waited for yet, so its id is nobody else's.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait()?;
    let output = output?;
    succeeded(status)?;
    if output.trim_ascii().is_empty() { Err(CommandError::Nothing) } else { Ok(output) }
}

/// All that is printed, once the shell has ended. That is left to be waited for.
fn read_to_end(mut stdout: impl Read, shell: Pid) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    // It has its size from the start: what grows leaves copies behind.
    let mut output = Zeroizing::new(Vec::with_capacity(MOST + 1));
    stdout.by_ref().take(MOST as u64 + 1).read_to_end(&mut output)?;
    if output.len() > MOST {
        return Err(CommandError::TooLong);
    }
    waitid(WaitId::Pid(shell), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).map_err(io::Error::from)?;
    Ok(output)
}

fn succeeded(status: ExitStatus) -> Result<(), CommandError> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(CommandError::Failed(code)),
        (None, signal) => Err(CommandError::Killed(signal.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> String {
        run(line, Duration::from_secs(20)).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn what_a_command_prints_is_kept_whole_and_only_where_it_succeeds() {
        let most = format!("head -c {MOST} /dev/zero | tr '\\0' x");
        assert_eq!(run(&most, PATIENCE).unwrap().len(), MOST);
        assert_eq!(told(&format!("{most}; echo")), "printed more than 4096 bytes");
        assert_eq!(told("echo hvmk_secret; exit 3"), "ended with the exit code 3");
        assert_eq!(told("kill -9 $$"), "was ended by the signal 9");
        assert_eq!(told("echo; echo"), "printed nothing");
        assert_eq!(told("no-such-program 2>&-"), "ended with the exit code 127");
    }

    #[test]
    fn one_that_does_not_end_is_ended() {
        let briefly = Duration::from_millis(50);
        for endless in ["sleep 1000", "sleep 1000 & echo hvmk_secret", "exec >&-; sleep 1000", "sleep 1000 | cat"] {
            assert_eq!(run(endless, briefly).unwrap_err().to_string(), "did not end within 50ms", "{endless}");
        }
    }
}
