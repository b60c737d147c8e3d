//! Which of the forms of a private key some bytes have.

use super::error::ImportError;
use super::numbers::Numbers;
use super::{der, jwk, pem};

/// A key of 4096 bits takes 7000 bytes as a JWK; some leave certificates beside it.
const MAX_LENGTH: usize = 64 * 1024;

/// The first byte of DER: a sequence. It is also the digit 0, but no key is all ASCII.
const SEQUENCE: u8 = 0x30;

pub(super) fn read(bytes: &[u8]) -> Result<Numbers, ImportError> {
    if bytes.len() > MAX_LENGTH {
        return Err(ImportError::TooLong);
    }
    if bytes.first() == Some(&SEQUENCE) && !bytes.is_ascii() {
        return der::read(bytes);
    }
    let text = str::from_utf8(bytes).map_err(|_| ImportError::NotAKey)?;
    let text = text.trim_start_matches('\u{FEFF}').trim();
    if text.is_empty() {
        Err(ImportError::Empty)
    } else if text.starts_with('{') {
        jwk::read(text)
    } else if text.contains(pem::BEGIN) {
        pem::read(text)
    } else {
        Err(ImportError::NotAKey)
    }
}
