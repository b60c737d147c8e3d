//! Makes, seals and opens keys. Knows nothing of databases, HTTP or the shell.

pub mod age_file;
pub mod checkpoint;
pub mod envelope;
pub mod file_digest;
pub mod import;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod key_pool;
pub mod keyring;
pub mod line_macs;
pub mod master_key;
pub mod merkle;
pub mod passphrase;
pub mod pkcs11;
pub mod private_jwk;
pub mod private_key;
pub mod random;
pub mod row_seal;
pub mod rsa_key;
pub mod sealing_key;
pub mod token_secret;
