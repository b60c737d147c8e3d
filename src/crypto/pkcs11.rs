//! A master key that a PKCS#11 token has sealed: what opens it never leaves the token.
//!
//! The text is `hvmk-pkcs11$HOW$SEALED$ID`: what was done, the sealed bytes in base64url, and the id of the master key. It opens
//! nothing without the token.

mod token;

pub use token::{TokenError, TokenKey};

use crate::crypto::master_key::MasterKey;
use crate::crypto::random::{Purpose, Random};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use token::{Class, Token, with_token};
use zeroize::Zeroizing;

/// What such a text begins with.
pub const PREFIX: &str = "hvmk-pkcs11$";

/// The nonce of AES-GCM, which stands before what it has sealed.
const NONCE_LENGTH: usize = 12;

const TAG_BITS: u64 = 128;

/// What a token can do to a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapping {
    AesGcm,
    RsaOaepSha256,
    /// For tokens that know OAEP with no other hash. Nothing in OAEP depends on what SHA-1 has lost.
    RsaOaepSha1,
}

impl Wrapping {
    /// The better ones first.
    const ALL: [Self; 3] = [Self::AesGcm, Self::RsaOaepSha256, Self::RsaOaepSha1];

    fn name(self) -> &'static str {
        match self {
            Self::AesGcm => "aes-gcm",
            Self::RsaOaepSha256 => "rsa-oaep-sha256",
            Self::RsaOaepSha1 => "rsa-oaep-sha1",
        }
    }

    /// The key that opens.
    fn class(self) -> Class {
        match self {
            Self::AesGcm => Class::Aes,
            Self::RsaOaepSha256 | Self::RsaOaepSha1 => Class::RsaPrivate,
        }
    }

    fn oaep(self) -> Mechanism<'static> {
        let (hash, mask) = match self {
            Self::RsaOaepSha1 => (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1),
            Self::AesGcm | Self::RsaOaepSha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
        };
        Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash, mask, PkcsOaepSource::empty()))
    }

    fn seal(self, token: &Token<'_>, key: &MasterKey, random: &Random) -> Result<Vec<u8>, TokenError> {
        if self != Self::AesGcm {
            return token.encrypt(&self.oaep(), Class::RsaPublic, key.as_bytes());
        }
        let mut nonce: [u8; NONCE_LENGTH] = random.bytes(Purpose::Nonce);
        let sealed = token.encrypt(&gcm(&mut nonce)?, Class::Aes, key.as_bytes())?;
        // Some tokens make the nonce themselves, and put it where ours was.
        Ok([&nonce[..], &sealed].concat())
    }

    fn open(self, token: &Token<'_>, sealed: &[u8]) -> Result<MasterKey, TokenError> {
        let plain = if self == Self::AesGcm {
            let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(TokenError::Form)?;
            token.decrypt(&gcm(&mut nonce.clone())?, Class::Aes, sealed)?
        } else {
            token.decrypt(&self.oaep(), Class::RsaPrivate, sealed)?
        };
        let bytes = plain.as_slice().try_into().map_err(|_| TokenError::Form)?;
        Ok(MasterKey::from_bytes(Zeroizing::new(bytes)))
    }
}

fn gcm(nonce: &mut [u8; NONCE_LENGTH]) -> Result<Mechanism<'_>, TokenError> {
    let params = GcmParams::new(nonce, &[], TAG_BITS.into()).map_err(|_| TokenError::Form)?;
    Ok(Mechanism::AesGcm(params))
}

impl TokenKey {
    /// A new master key, and the text of which the token makes it again: it has done so once.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn generate(&self, random: &Random) -> Result<(MasterKey, String), TokenError> {
        let key = MasterKey::generate(random);
        let text = with_token(self, |token| {
            let mut failed = None;
            for wrapping in Wrapping::ALL {
                if !token.has(wrapping.class())? {
                    continue;
                }
                let sealed = wrapping.seal(token, &key, random);
                match sealed.and_then(|sealed| Ok((wrapping.open(token, &sealed)?, sealed))) {
                    Ok((opened, sealed)) if opened.id() == key.id() => return Ok(text_of(wrapping, &sealed, &key)),
                    Ok(_) | Err(TokenError::Form) => {
                        failed = Some(TokenError::Unlike { token: self.token.clone(), label: self.key.clone() });
                    }
                    Err(error) => failed = Some(error),
                }
            }
            let none = || TokenError::NoKey { token: self.token.clone(), label: self.key.clone(), what: "AES or RSA" };
            Err(failed.unwrap_or_else(none))
        })?;
        Ok((key, text))
    }

    /// The master key that a text of [`Self::generate`] is about.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(&self, text: &str) -> Result<MasterKey, TokenError> {
        let (wrapping, sealed, id) = parse(text.trim()).ok_or(TokenError::Form)?;
        let key = with_token(self, |token| wrapping.open(token, &sealed))?;
        if key.id().to_string() == id { Ok(key) } else { Err(TokenError::Form) }
    }
}

fn text_of(wrapping: Wrapping, sealed: &[u8], key: &MasterKey) -> String {
    format!("{PREFIX}{}${}${}", wrapping.name(), URL_SAFE_NO_PAD.encode(sealed), key.id())
}

fn parse(text: &str) -> Option<(Wrapping, Vec<u8>, &str)> {
    let (how, rest) = text.strip_prefix(PREFIX)?.split_once('$')?;
    let (sealed, id) = rest.split_once('$')?;
    let wrapping = Wrapping::ALL.into_iter().find(|wrapping| wrapping.name() == how)?;
    Some((wrapping, URL_SAFE_NO_PAD.decode(sealed).ok()?, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_what_was_written() {
        let key = MasterKey::generate(&Random::system());
        for wrapping in Wrapping::ALL {
            let text = text_of(wrapping, b"sealed", &key);
            assert_eq!(parse(&text), Some((wrapping, b"sealed".to_vec(), &*key.id().to_string())));
        }
        for wrong in ["", PREFIX, "hvmk-pkcs11$rot13$AAAA$00", "hvmk-pkcs11$aes-gcm$AAAA", "hvmk-pkcs11$aes-gcm$*$00"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
