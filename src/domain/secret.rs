//! Text that must not be shown.

use zeroize::Zeroizing;

/// A secret that somebody gave to the vault. There is no `Debug`; it is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for where it is sealed or sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}
