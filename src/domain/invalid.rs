//! Why a piece of input is not a value of the domain.

use std::net::IpAddr;

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
    #[error("is not of the form last=3,daily=7,weekly=4,monthly=12,yearly=5 (also hourly), and not all")]
    KeepRules,
    #[error("is neither a number of requests per minute above zero nor `off`")]
    RateLimit,
    #[error("is not an http or https URL without a path, a query or a user name")]
    PublicUrl,
    #[error("is outside the range of times that can be written")]
    Time,
    #[error("is not one of: {0}")]
    OneOf(&'static str),
    #[error("is not a number from 1 to {limit}")]
    Limit { limit: u32 },
    #[error("is not of the form eventType eq \"…\", or several of them joined by `or`")]
    Filter,
    #[error("has more than {words} words, or one of more than {characters} characters")]
    Words { words: usize, characters: usize },
    #[error("is not from the link of an earlier answer")]
    Cursor,
    #[error("is not a moment such as 2025-10-24T13:06:07.000Z")]
    Moment,
    #[error("cannot be changed")]
    Immutable,
    #[error("does not apply here, and must be null")]
    NotApplicable,
    #[error("is not an https URL without white space, a user name and a fragment")]
    Url,
    #[error("does not begin with https://, and its host is not opened by HOOKVAULT_HOOK_ALLOW")]
    PlainHttp,
    #[error("has the address {0}, which is not a public one and is not opened by HOOKVAULT_HOOK_ALLOW")]
    AddressNotAllowed(IpAddr),
    #[error("is not a list of host names, addresses and networks such as 10.0.0.0/8")]
    HookAllow,
    #[error("is a header that the vault sets itself")]
    ReservedHeader,
    #[error("is there twice")]
    Duplicate,
    #[error("is not printable ASCII")]
    HeaderValue,
    #[error("is not a number of seconds from 1 to {limit}")]
    Seconds { limit: u64 },
    #[error("is not a number of seconds from {from} to {to}: {why}")]
    SecondsBetween { from: u64, to: u64, why: &'static str },
    #[error("has more than {limit} entries")]
    TooMany { limit: usize },
    #[error(
        "holds a private key or a part of one, and the vault makes its keys itself: send the name alone, and use that key \
         no more, since it was sent"
    )]
    PrivateKey,
    #[error("belongs to the vault itself")]
    Reserved,
    #[error("is not a registered consumer of the key")]
    NotRegistered,
    #[error("is not one of the curves P-256, P-384 and P-521")]
    Curve,
}

/// A member of some input with the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct InvalidField {
    /// The path to the member, as in `channel.config.uri`.
    pub field: &'static str,
    pub reason: Invalid,
}

impl Invalid {
    /// The rule, broken by this member.
    #[must_use]
    pub const fn at(self, field: &'static str) -> InvalidField {
        InvalidField { field, reason: self }
    }
}
