//! How claims of JWTs are read, whoever made them: moments and audiences.

use serde_json::Value;
use std::time::Duration;

/// By how much clocks may differ.
pub(super) const LEEWAY: Duration = Duration::from_secs(60);

/// A moment of a JWT: seconds since 1970, perhaps with a fraction, which does not count (RFC 7519, clause 2).
pub(super) fn numeric_date(value: &Value) -> Option<i64> {
    let seconds = value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX));
    // Out of range it becomes the nearest that there is, which is too early or too late all the same.
    #[expect(clippy::cast_possible_truncation, reason = "the conversion saturates")]
    seconds.or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
}

/// Whether a claim `aud` names this audience (RFC 7519, clause 4.1.3).
pub(super) fn names_audience(value: &Value, matches: impl Fn(&str) -> bool) -> bool {
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
