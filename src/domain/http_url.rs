//! Where a hook is called, and where tokens for it come from.

use super::invalid::Invalid;
use std::fmt;
use url::Url;

/// An absolute http or https URL of at most 1024 characters, without a user name and without a fragment.
///
/// It is shown as it was given (clients compare), and used as it was parsed: the parser has turned every form of an IPv4
/// address (decimal, octal, hexadecimal, short) into the usual one (WHATWG URL, clause 3.5).
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    parsed: Url,
}

impl HttpUrl {
    /// In characters (wire.md §6).
    pub const MAX_LENGTH: usize = 1024;

    /// # Errors
    /// [`Invalid::Blank`], [`Invalid::TooLong`] or [`Invalid::Url`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::Blank);
        }
        if text.chars().count() > Self::MAX_LENGTH {
            return Err(Invalid::TooLong { limit: Self::MAX_LENGTH });
        }
        // The parser would drop white space and control characters silently.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Invalid::Url);
        }
        let parsed = Url::parse(text).map_err(|_| Invalid::Url)?;
        let has_user = !parsed.username().is_empty() || parsed.password().is_some();
        let usable = matches!(parsed.scheme(), "http" | "https") && parsed.host().is_some();
        if !usable || has_user || parsed.fragment().is_some() {
            return Err(Invalid::Url);
        }
        Ok(Self { text: text.to_owned(), parsed })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.parsed
    }

    /// Without its query, in which some services keep a key.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.text.split_once('?') {
            Some((address, _)) => format!("{address}?…"),
            None => self.text.clone(),
        }
    }

    #[must_use]
    pub fn is_https(&self) -> bool {
        self.parsed.scheme() == "https"
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_as_given_and_used_as_parsed() {
        let url = HttpUrl::parse("https://Hooks.Example.com").unwrap();
        assert_eq!(url.to_string(), "https://Hooks.Example.com");
        assert_eq!(url.as_url().as_str(), "https://hooks.example.com/");
    }

    #[test]
    fn what_is_no_address_of_a_hook_is_refused() {
        assert_eq!(HttpUrl::parse(" "), Err(Invalid::Blank));
        let long = |length: usize| format!("https://a/{}", "x".repeat(length - 10));
        assert!(HttpUrl::parse(&long(1024)).is_ok());
        assert_eq!(HttpUrl::parse(&long(1025)), Err(Invalid::TooLong { limit: 1024 }));
        for wrong in [
            "hooks.example.com",
            "/hook",
            "ftp://a/",
            "file:///etc/passwd",
            "https://",
            "https://u@a/",
            "https://u:p@a/",
            "https://a/#f",
            "https://a/ b",
            "https://a/\tb",
            " https://a/",
            "https://[::1",
            "https://1.2.3.4.5/",
        ] {
            assert_eq!(HttpUrl::parse(wrong), Err(Invalid::Url), "{wrong:?}");
        }
    }
}
