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
pub mod error;
pub mod grant;
mod issuer_token;
pub mod issuers;
mod proof;
mod replay;
pub mod signing_key;
mod upkeep;

pub use proof::NONCE_LIFETIME;
pub use replay::SingleUse;

use serde_json::Value;
use std::time::Duration;

/// By how much clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(60);

/// A moment of a JWT: seconds since 1970, perhaps with a fraction, which does not count (RFC 7519, clause 2).
fn numeric_date(value: &Value) -> Option<i64> {
    let seconds = value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX));
    // Out of range it becomes the nearest that there is, which is too early or too late all the same.
    #[expect(clippy::cast_possible_truncation, reason = "the conversion saturates")]
    seconds.or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
}

/// Whether a claim `aud` names this audience (RFC 7519, clause 4.1.3).
fn names_audience(value: &Value, matches: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(one) => matches(one),
        Value::Array(several) => several.iter().any(|one| one.as_str().is_some_and(&matches)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_numeric_date_may_have_a_fraction_and_nothing_else() {
        assert_eq!(numeric_date(&json!(1_761_311_167)), Some(1_761_311_167));
        assert_eq!(numeric_date(&json!(1_761_311_167.9)), Some(1_761_311_167));
        assert_eq!(numeric_date(&json!(1e300)), Some(i64::MAX));
        assert_eq!(numeric_date(&json!(u64::MAX)), Some(i64::MAX));
        for wrong in [json!("1761311167"), json!(null), json!([1]), json!(true)] {
            assert_eq!(numeric_date(&wrong), None, "{wrong}");
        }
    }
}
