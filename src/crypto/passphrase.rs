//! A master key that is derived from a passphrase, by Argon2id (RFC 9106).
//!
//! How stands in a text: `hvmk-argon2id$v=19$m=65536,t=3,p=4$SALT$ID`, the salt in base64url, and the id of the master key, so that
//! a wrong passphrase is told from a wrong key. The text opens nothing by itself, but who has it can try passphrases.

use crate::crypto::master_key::MasterKey;
use crate::crypto::random::{Purpose, Random};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// What such a text begins with.
pub const PREFIX: &str = "hvmk-argon2id$";

/// How many characters a new passphrase must have.
pub const MIN_LENGTH: usize = 12;

/// The second recommended option of RFC 9106, clause 4: 64 MiB, three passes. The first wants 2 GiB, for each command that opens the
/// vault; a small machine has none to spare.
const COST: Cost = Cost { memory: 64 * 1024, passes: 3, lanes: 4 };

/// What a text may ask for: the first recommended option, and time to spare. More would be a start that never ends.
const MOST: Cost = Cost { memory: 2 * 1024 * 1024, passes: 64, lanes: 64 };

const SALT_LENGTH: usize = 16;

/// Why there is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseError {
    TooShort,
    /// The text is not one of ours.
    Form,
    Wrong,
    NoMemory,
}

/// Wiped when dropped. There is no `Debug` and no `Display`.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// That of a file, which ends in a line feed that is not part of it.
    #[must_use]
    pub fn from_file(content: &str) -> Self {
        Self(Zeroizing::new(content.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// A master key that nobody has had before, and the text by which the passphrase gives it again.
    ///
    /// # Errors
    /// [`PassphraseError::TooShort`] or [`PassphraseError::NoMemory`].
    pub fn generate(&self, random: &Random) -> Result<(MasterKey, String), PassphraseError> {
        if self.0.chars().count() < MIN_LENGTH {
            return Err(PassphraseError::TooShort);
        }
        let recipe = Recipe { cost: COST, salt: random.bytes(Purpose::Nonce) };
        let key = recipe.follow(self)?;
        let text = format!("{recipe}${}", key.id());
        Ok((key, text))
    }

    /// The master key that a text of [`Self::generate`] is about.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn open(&self, text: &str) -> Result<MasterKey, PassphraseError> {
        let (recipe, id) = text.trim().rsplit_once('$').ok_or(PassphraseError::Form)?;
        let key = recipe.parse::<Recipe>()?.follow(self)?;
        if key.id().to_string() == id { Ok(key) } else { Err(PassphraseError::Wrong) }
    }
}

/// What Argon2id costs. Memory is in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// How a passphrase becomes a master key.
#[derive(Debug, PartialEq, Eq)]
struct Recipe {
    cost: Cost,
    salt: [u8; SALT_LENGTH],
}

impl Recipe {
    fn follow(&self, passphrase: &Passphrase) -> Result<MasterKey, PassphraseError> {
        let Cost { memory, passes, lanes } = self.cost;
        let params = Params::new(memory, passes, lanes, Some(MasterKey::LENGTH)).map_err(|_| PassphraseError::Form)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; MasterKey::LENGTH]);
        // The lengths are right, so memory is all that may be missing.
        let derived = argon2.hash_password_into(passphrase.0.as_bytes(), &self.salt, key.as_mut_slice());
        derived.map_err(|_| PassphraseError::NoMemory)?;
        Ok(MasterKey::from_bytes(key))
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { memory, passes, lanes } = self.cost;
        let salt = URL_SAFE_NO_PAD.encode(self.salt);
        write!(f, "{PREFIX}v=19$m={memory},t={passes},p={lanes}${salt}")
    }
}

impl FromStr for Recipe {
    type Err = PassphraseError;

    fn from_str(text: &str) -> Result<Self, PassphraseError> {
        let parse = || {
            let (cost, salt) = text.strip_prefix(PREFIX)?.strip_prefix("v=19$")?.split_once('$')?;
            let (memory, rest) = cost.strip_prefix("m=")?.split_once(",t=")?;
            let (passes, lanes) = rest.split_once(",p=")?;
            let number = |text: &str, most| text.parse().ok().filter(|number| *number <= most);
            let cost = Cost {
                memory: number(memory, MOST.memory)?,
                passes: number(passes, MOST.passes)?,
                lanes: number(lanes, MOST.lanes)?,
            };
            Some(Self { cost, salt: URL_SAFE_NO_PAD.decode(salt).ok()?.try_into().ok()? })
        };
        parse().ok_or(PassphraseError::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_gives_its_master_key_again_and_another_one_none() {
        let passphrase = Passphrase::from_file("correct horse\n");
        let (key, text) = passphrase.generate(&Random::system()).unwrap();
        let salt_and_id = text.strip_prefix("hvmk-argon2id$v=19$m=65536,t=3,p=4$").unwrap();
        assert_eq!(salt_and_id.len(), 22 + 1 + 16);
        assert!(passphrase.open(&format!("{text}\n")).unwrap().as_bytes() == key.as_bytes());
        for wrong in ["correct horse ", "Correct horse", ""] {
            assert_eq!(Passphrase::from_file(wrong).open(&text).err(), Some(PassphraseError::Wrong));
        }
        let (other, again) = passphrase.generate(&Random::system()).unwrap();
        assert!(other.as_bytes() != key.as_bytes() && again != text, "the salt is another");
    }

    #[test]
    fn a_text_that_is_not_ours_is_refused_before_it_costs_anything() {
        let salt = URL_SAFE_NO_PAD.encode([7; SALT_LENGTH]);
        let passphrase = Passphrase::from_file("correct horse");
        let form = |text: &str| passphrase.open(text).err() == Some(PassphraseError::Form);
        for cost in
            ["m=2097153,t=3,p=4", "m=65536,t=65,p=4", "m=65536,t=3,p=65", "m=65536,t=0,p=4", "m=8,t=1,p=4", "m=,t=,p="]
        {
            assert!(form(&format!("{PREFIX}v=19${cost}${salt}$0011223344556677")), "{cost}");
        }
        for text in ["", PREFIX, "hvmk-argon2id$v=19$m=65536,t=3,p=4$AAAA$00", "hvmk-argon2id$v=16$m=65536,t=3,p=4$$"] {
            assert!(form(text), "{text}");
        }
    }

    #[test]
    fn a_new_passphrase_is_not_short() {
        let generate = |text: &str| Passphrase::from_file(text).generate(&Random::system()).err();
        assert_eq!(generate("elevenchars\n"), Some(PassphraseError::TooShort));
        // Characters count, not bytes.
        assert_eq!(generate("ääääääääää"), Some(PassphraseError::TooShort));
    }

    #[test]
    fn the_derivation_is_argon2id() {
        // By the reference implementation: printf password | argon2 somesaltsomesalt -id -t 3 -k 32 -p 4 -l 32 -r
        let recipe = Recipe { cost: Cost { memory: 32, passes: 3, lanes: 4 }, salt: *b"somesaltsomesalt" };
        let key = recipe.follow(&Passphrase::from_file("password")).unwrap();
        let hex: String = key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "f25048ec48311a804ea9edd74e08c30765aa0f8d47c2a5b5a6097243cdf2e5ce");
    }
}
