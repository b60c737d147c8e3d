//! The master key: the key encryption key that seals every private key.
//!
//! Written as `hvmk_` and 43 characters of base64url (RFC 4648, clause 5): 32 random bytes.

use crate::crypto::random::{Purpose, Random};
use crate::domain::sealed::MasterKeyId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const PREFIX: &str = "hvmk_";

/// 256 bits, wiped when dropped. There is no `Debug` and no `Display`.
pub struct MasterKey(Zeroizing<[u8; MasterKey::LENGTH]>);

/// The text is no master key. It is not quoted: it may be nearly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a master key (`{PREFIX}` and 43 characters of base64url)")]
pub struct NotAMasterKey;

impl MasterKey {
    /// In bytes.
    pub(in crate::crypto) const LENGTH: usize = 32;

    /// What was derived or unsealed elsewhere.
    pub(in crate::crypto) fn from_bytes(bytes: Zeroizing<[u8; Self::LENGTH]>) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn generate(random: &Random) -> Self {
        Self(Zeroizing::new(random.bytes(Purpose::Secret)))
    }

    /// White space around the text is ignored: files end in a line feed.
    ///
    /// # Errors
    /// [`NotAMasterKey`].
    pub fn parse(text: &str) -> Result<Self, NotAMasterKey> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(NotAMasterKey)?;
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotAMasterKey)?);
        let bytes = <[u8; Self::LENGTH]>::try_from(decoded.as_slice()).map_err(|_| NotAMasterKey)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The form that [`Self::parse`] reads: a secret.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice())).as_str()))
    }

    /// Which key this is, without telling the key.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        let digest = Sha256::new().chain_update(b"hookvault master key id").chain_update(self.0.as_slice()).finalize();
        let mut id = [0; MasterKeyId::LENGTH];
        id.copy_from_slice(&digest[..MasterKeyId::LENGTH]);
        MasterKeyId::from_bytes(id)
    }

    /// What was sealed elsewhere, if it is as long as a key.
    pub(in crate::crypto) fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(in crate::crypto) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_reads_back_what_it_writes() {
        let key = MasterKey::generate(&Random::system());
        let text = key.to_text();
        assert_eq!(text.len(), 48);
        let read = MasterKey::parse(&format!("{}\n", text.as_str())).unwrap();
        assert!(read.as_bytes() == key.as_bytes() && read.id() == key.id());
    }

    #[test]
    fn what_is_no_master_key_is_refused() {
        let text = MasterKey::generate(&Random::system()).to_text();
        for wrong in ["", "hvmk_", &text[1..], &text[..47], &format!("{}A", text.as_str()), &text.replace("hvmk_", "")]
        {
            assert_eq!(MasterKey::parse(wrong).err(), Some(NotAMasterKey));
        }
    }

    #[test]
    fn two_keys_have_two_ids() {
        let random = Random::system();
        assert_ne!(MasterKey::generate(&random).id(), MasterKey::generate(&random).id());
    }
}
