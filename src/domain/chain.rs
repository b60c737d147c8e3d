//! An error with its causes, as the log and the screen show it.

use std::error::Error;
use std::fmt::{self, Write as _};

/// An error and all that caused it, on one line: what a client sent or a person typed is part of it, so control characters are
/// escaped.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut next = self.0.source();
        while let Some(source) = next {
            text = format!("{text}: {source}");
            next = source.source();
        }
        for character in text.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("there is no key {id}")]
    struct Missing {
        id: &'static str,
        #[source]
        cause: fmt::Error,
    }

    #[test]
    fn an_error_is_told_with_its_causes_on_one_line() {
        let error = Missing { id: "a\n2026 INFO forged \u{1b}[31m", cause: fmt::Error };
        assert_eq!(
            Chain(&error).to_string(),
            format!("there is no key a\\n2026 INFO forged \\u{{1b}}[31m: {}", fmt::Error)
        );
    }
}
