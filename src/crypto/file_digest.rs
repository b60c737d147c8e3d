//! SHA-256 (FIPS 180-4) of what may be larger than memory.

use aws_lc_rs::digest::{Context, SHA256};
use std::io::{self, ErrorKind, Read};

/// Of a digest, in bytes.
pub const LENGTH: usize = 32;

/// Reads to the end. Returns how many bytes those were, and their digest.
///
/// # Errors
/// Those of the reader.
pub fn sha256(from: &mut impl Read) -> io::Result<(u64, [u8; LENGTH])> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                context.update(&buffer[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut digest = [0; LENGTH];
    digest.copy_from_slice(context.finish().as_ref());
    Ok((length, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_all_bytes_in_their_order() {
        // FIPS 180-4, the example of one block.
        let (length, digest) = sha256(&mut &b"abc"[..]).unwrap();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((length, hex.as_str()), (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        let long = vec![7; 200_000];
        let (length, digest) = sha256(&mut long.as_slice()).unwrap();
        assert_eq!(length, 200_000);
        assert_ne!(sha256(&mut &long[1..]).unwrap(), (199_999, digest));
    }
}
