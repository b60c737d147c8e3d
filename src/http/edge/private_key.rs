//! Private keys in bodies that have no place for one: who sends one means to import it, and would get another key.

use crate::domain::invalid::{Invalid, InvalidField};
use serde_json::Value;

/// What a JWK has only where it is private or symmetric (RFC 7518, clauses 6.2.2, 6.3.2 and 6.4.1).
const MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The end of the first line of a private key in PEM, whatever its form (RFC 7468, clauses 10 and 11; older ones name their
/// algorithm first).
const PEM: &str = "PRIVATE KEY-----";

/// Looks at every depth of a body.
///
/// # Errors
/// [`Invalid::PrivateKey`] at a member that holds a private key or a part of one.
pub fn refuse_private_key(body: &Value) -> Result<(), InvalidField> {
    match body {
        Value::String(text) if text.contains(PEM) => Err(Invalid::PrivateKey.at("body")),
        Value::Array(items) => items.iter().try_for_each(refuse_private_key),
        Value::Object(members) => {
            members.iter().try_for_each(|(name, value)| match MEMBERS.into_iter().find(|member| member == name) {
                Some(member) if value.is_string() || value.is_array() => Err(Invalid::PrivateKey.at(member)),
                _ => refuse_private_key(value),
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}
