//! OAuth 2.0 for programs: from a client assertion to an access token, and from an access token to a caller (wire.md §5).
//!
//! 1. [`grant`] is the token endpoint: [`assertion`] says who the client is (RFC 7523), [`proof`] which key its token is bound
//!    to (RFC 9449), and [`access_token`] signs what it gets.
//! 2. [`access_token`] turns a token of the org's own into a caller, [`issuer_token`] one of a trusted issuer, whose keys
//!    [`issuers`] fetches.
//! 3. [`replay`] lets a proof, and an assertion that has a `jti`, count once, whichever process sees it.
//! 4. [`upkeep`] does what is due from time to time.

pub mod access_token;
mod assertion;
mod claims;
pub mod error;
pub mod grant;
mod issuer_token;
pub mod issuers;
mod proof;
mod replay;
pub mod signing_key;
mod upkeep;

pub use replay::SingleUse;
