//! PEM (RFC 7468): the one private key in it. What stands around it (certificates, parameters, explanations) does not matter.

use super::der;
use super::error::ImportError;
use super::numbers::Numbers;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

pub(super) const BEGIN: &str = "-----BEGIN ";

pub(super) fn read(text: &str) -> Result<Numbers, ImportError> {
    let blocks: Vec<_> = text.split(BEGIN).skip(1).filter_map(|block| block.split_once("-----")).collect();
    let private: Vec<_> = blocks.iter().filter(|(label, _)| label.ends_with("PRIVATE KEY")).collect();
    match private[..] {
        [(label, rest)] => read_block(label, rest),
        [] => Err(blocks.first().map_or(ImportError::NotAKey, |(label, _)| not_private(label))),
        _ => Err(ImportError::Several(private.len())),
    }
}

fn not_private(label: &str) -> ImportError {
    if label.ends_with("PUBLIC KEY") {
        ImportError::Public
    } else if label.contains("CERTIFICATE") {
        ImportError::Certificate
    } else {
        ImportError::NotAKey
    }
}

fn read_block(label: &str, rest: &str) -> Result<Numbers, ImportError> {
    let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or(ImportError::Truncated)?;
    // What OpenSSL wrote before PKCS#8 (RFC 1421, clause 4.6.1.1).
    if label == "ENCRYPTED PRIVATE KEY" || body.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(ImportError::Encrypted);
    }
    match label {
        // Which of the two it is, the content says.
        "PRIVATE KEY" | "RSA PRIVATE KEY" => der::read(&decode(body)?),
        "EC PRIVATE KEY" => Err(ImportError::Algorithm(der::ELLIPTIC)),
        "DSA PRIVATE KEY" => Err(ImportError::Algorithm(der::DSA)),
        "OPENSSH PRIVATE KEY" => Err(ImportError::OpenSsh),
        _ => Err(ImportError::Algorithm(der::UNKNOWN)),
    }
}

/// Lines of any length: RFC 7468 wants 64 characters of those who write, and no certain length of those who read (clause 2).
fn decode(body: &str) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    // Large enough from the start: what grows leaves copies behind.
    let mut characters = Zeroizing::new(String::with_capacity(body.len()));
    characters.extend(body.chars().filter(|character| !character.is_ascii_whitespace()));
    STANDARD.decode(characters.as_bytes()).map(Zeroizing::new).map_err(|_| ImportError::Pem)
}
