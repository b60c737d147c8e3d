//! Identifiers: a three-character prefix that tells the kind, then 17 characters of [0-9A-Za-z] (wire.md §1).

use super::invalid::Invalid;
use std::fmt;

/// How many characters follow the prefix.
pub const SUFFIX_LENGTH: usize = 17;

/// An identifier with a prefix of its kind.
pub trait PrefixedId: Sized {
    const PREFIX: &'static str;

    /// # Errors
    /// [`Invalid::Id`] where the prefix, the length or a character is wrong.
    fn parse(text: &str) -> Result<Self, Invalid>;

    fn as_str(&self) -> &str;
}

macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl PrefixedId for $name {
            const PREFIX: &'static str = $prefix;

            fn parse(text: &str) -> Result<Self, Invalid> {
                let suffix = text.strip_prefix($prefix).ok_or(Invalid::Id)?;
                let well_formed =
                    suffix.len() == SUFFIX_LENGTH && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
                if well_formed { Ok(Self(text.to_owned())) } else { Err(Invalid::Id) }
            }

            fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

prefixed_id!(
    /// A hook key.
    HookKeyId, "HKY");
prefixed_id!(
    /// An inline hook.
    InlineHookId, "cal");
prefixed_id!(
    /// An organization.
    OrgId, "00o");
prefixed_id!(
    /// An API token; not the token itself, which is a secret.
    ApiTokenId, "00T");
prefixed_id!(
    /// The user on whose behalf an API token acts, one for each token.
    UserId, "00u");

prefixed_id!(
    /// A service app, which is its client id.
    ServiceAppId, "0oa");

/// The `kid` of somebody else's key, as it was given: 1 to 255 characters (RFC 7517, clause 4.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientKid(String);

impl ClientKid {
    /// # Errors
    /// [`Invalid::Blank`], [`Invalid::TooLong`] or [`Invalid::ControlCharacter`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MAX_LENGTH: usize = 255;
        match text {
            "" => Err(Invalid::Blank),
            text if text.chars().count() > MAX_LENGTH => Err(Invalid::TooLong { limit: MAX_LENGTH }),
            text if text.chars().any(char::is_control) => Err(Invalid::ControlCharacter),
            text => Ok(Self(text.to_owned())),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientKid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public identifier of a key pair, the JWK's `kid`: a UUID of version 4 in lower case (wire.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(uuid::Uuid);

impl KeyId {
    /// Makes a version 4 UUID of 16 random bytes (RFC 9562, clause 5.4).
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// Only the canonical form is a key id: lower case, with hyphens.
    ///
    /// # Errors
    /// [`Invalid::Id`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let id = Self(uuid::Uuid::try_parse(text).map_err(|_| Invalid::Id)?);
        if id.to_string() == text { Ok(id) } else { Err(Invalid::Id) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_prefix_of_its_kind_and_17_characters() {
        assert!(HookKeyId::parse("HKYr9awje8zXYgZF41d7").is_ok());
        for wrong in
            ["", "HKY", "HKYr9awje8zXYgZF41d", "HKYr9awje8zXYgZF41d7x", "00or9awje8zXYgZF41d7", "HKYr9awje8zXYgZF41-7"]
        {
            assert_eq!(HookKeyId::parse(wrong), Err(Invalid::Id), "{wrong}");
        }
    }

    #[test]
    fn a_key_id_is_accepted_in_its_canonical_form_alone() {
        let id = KeyId::from_random([0xAB; 16]);
        assert_eq!(id.to_string(), "abababab-abab-4bab-abab-abababababab");
        assert_eq!(KeyId::parse(&id.to_string()), Ok(id));
        assert_eq!(KeyId::parse(&id.to_string().to_uppercase()), Err(Invalid::Id));
        assert_eq!(KeyId::parse(&id.to_string().replace('-', "")), Err(Invalid::Id));
    }
}
