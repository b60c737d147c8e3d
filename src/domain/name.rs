//! Names that people give to keys, tokens and orgs.

use super::invalid::Invalid;
use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint};
use std::fmt;

/// 1 to 255 characters (Unicode scalar values), one of which shows, without white space around them and without control
/// characters.
///
/// Everything else is kept as it was sent, emoji and right-to-left text included; case counts (wire.md §1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// In characters.
    pub const MAX_LENGTH: usize = 255;

    /// Trims, then checks.
    ///
    /// # Errors
    /// [`Invalid::Blank`], [`Invalid::TooLong`] or [`Invalid::ControlCharacter`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = Self::known(text)?;
        if name.0.chars().all(shows_nothing) { Err(Invalid::Blank) } else { Ok(name) }
    }

    /// As [`Self::parse`], for a name that somebody has perhaps already: earlier versions took those that show nothing.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn known(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::Blank);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(Invalid::TooLong { limit: Self::MAX_LENGTH });
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Such as a zero-width space (Unicode, UAX #44: Default_Ignorable_Code_Point, White_Space).
fn shows_nothing(character: char) -> bool {
    character.is_whitespace() || DefaultIgnorableCodePoint::for_char(character)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_name_is_dropped_and_the_rest_is_kept() {
        assert_eq!(Name::parse(" \t my key\n").unwrap().as_str(), "my key");
        for kept in ["a", "Ключ", "🔑🪝", "مفتاح\u{200f}", &"x".repeat(255), &"é".repeat(255)] {
            assert_eq!(Name::parse(kept).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn a_name_that_breaks_a_rule_is_refused_with_that_rule() {
        assert_eq!(Name::parse(""), Err(Invalid::Blank));
        assert_eq!(Name::parse(" \u{a0}\u{3000}"), Err(Invalid::Blank));
        assert_eq!(Name::parse(&"x".repeat(256)), Err(Invalid::TooLong { limit: 255 }));
        for nothing in ["\u{200b}", "\u{feff}", "\u{200d} \u{2060}", "\u{3164}", "\u{ad}", "\u{e0020}"] {
            assert_eq!(Name::parse(nothing), Err(Invalid::Blank), "{nothing:?}");
            assert_eq!(Name::known(nothing).unwrap().as_str(), nothing, "one that is there is read");
        }
        for control in ["a\0b", "a\u{7f}b", "a\u{85}b", "a\nb", "a\u{1b}[31mb"] {
            assert_eq!(Name::parse(control), Err(Invalid::ControlCharacter), "{control:?}");
        }
    }
}
