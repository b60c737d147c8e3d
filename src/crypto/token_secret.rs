//! API tokens: `00` and 40 characters of [A-Za-z0-9_-] (wire.md §4), which is 30 random bytes in base64url.

use crate::crypto::random::{Purpose, Random};
use crate::domain::api_token::TokenHash;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// A token in the clear, wiped when dropped. There is no `Debug`.
pub struct TokenSecret(Zeroizing<String>);

impl TokenSecret {
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        let bytes = Zeroizing::new(random.bytes::<30>(Purpose::Secret));
        Self(Zeroizing::new(format!("00{}", Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())).as_str())))
    }

    /// `None` where the text does not have the form of a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("00")?;
        let well_formed = rest.len() == 40 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        well_formed.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// What is stored and looked up in its place. 240 random bits need no salt and no slow hash.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        let mut hash = [0; 32];
        // By aws-lc, which wipes the block that the token stood in: `sha2` would leave it on the stack.
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        TokenHash(hash)
    }

    /// The token itself, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_42_characters_and_reads_back() {
        let token = TokenSecret::generate(&Random::system());
        assert_eq!(token.expose().len(), 42);
        assert_eq!(TokenSecret::parse(token.expose()).unwrap().hash(), token.hash());
    }

    #[test]
    fn what_does_not_look_like_a_token_is_none() {
        for wrong in [
            "",
            "00",
            &"0".repeat(41),
            &"0".repeat(43),
            &format!("01{}", "a".repeat(40)),
            &format!("00{}", "é".repeat(20)),
        ] {
            assert!(TokenSecret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
