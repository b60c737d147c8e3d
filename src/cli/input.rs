//! Files that a command is given.

use super::error::CliError;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use zeroize::Zeroizing;

/// More than any key takes, in bytes: the longest is a JWK with certificates beside it, encrypted as a JWE.
pub const MAX_KEY_LENGTH: u64 = 128 * 1024;

/// The bytes of a file, or of stdin where it is called `-`. No more is read than may be there: a device has no end.
///
/// # Arguments
/// `limit`: the most that is taken, in bytes.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
    };
    let name = path.display();
    read.map_err(|error| CliError::new(format!("{name} cannot be read: {error}"), "check the path"))?;
    if bytes.len() as u64 > limit {
        let message = format!("{name} has more than {} KiB, which no key has", limit / 1024);
        return Err(CliError::new(message, "give the file with the key alone"));
    }
    Ok(bytes)
}
