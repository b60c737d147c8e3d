//! Why a piece of input is not a value of the domain.

/// A rule of the domain that some input breaks. `Display` is a phrase that completes "the value …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("is blank")]
    Blank,
    #[error("is too long (more than {limit} characters)")]
    TooLong { limit: usize },
    #[error("contains a control character")]
    ControlCharacter,
    #[error("is not a well-formed id")]
    Id,
    #[error("is not a host name (letters, digits, dots and hyphens, without a scheme or a port)")]
    Domain,
    #[error("is not a known scope")]
    Scope,
    #[error("names no scope")]
    NoScope,
    #[error("is not one of: auto, documented, live")]
    Dialect,
    #[error("is neither a number of requests per minute above zero nor `off`")]
    RateLimit,
    #[error("is not an http or https URL without a path, a query or a user name")]
    PublicUrl,
    #[error("is outside the range of times that can be written")]
    Time,
}
