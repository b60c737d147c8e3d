//! What happened on the way to a hook, for people to read. Tokens, assertions and secrets are shown by their length.

use crate::outbound::{Answer, OutboundError};
use serde_json::Value;
use std::time::Duration;

/// As much of an answer as a person wants to see, in characters.
const SHOWN: usize = 2000;

/// One step, in lines.
#[derive(Debug)]
pub struct Step {
    pub title: String,
    pub sent: Vec<String>,
    pub received: Vec<String>,
    pub took: Duration,
}

/// A secret, by its length.
pub fn hidden(secret: &str) -> String {
    format!("… ({} characters)", secret.chars().count())
}

/// The lines of an answer. Of JSON, members that hold tokens are hidden.
pub fn received(answer: &Result<Answer, OutboundError>) -> Vec<String> {
    match answer {
        Err(error) => vec![error.to_string()],
        Ok(answer) => {
            let mut lines = vec![format!("status {}", answer.status)];
            lines.extend(answer.location.as_ref().map(|location| format!("Location: {location}")));
            lines.extend(answer.content_type.as_ref().map(|kind| format!("Content-Type: {kind}")));
            lines.extend(body(&answer.body));
            lines
        }
    }
}

fn body(bytes: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(mut object)) => {
            for (name, value) in &mut object {
                if let Value::String(text) = value
                    && name.ends_with("_token")
                {
                    *value = hidden(text).into();
                }
            }
            Value::Object(object).to_string()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.is_empty() {
        None
    } else if shown.len() < text.len() {
        Some(format!("{shown} … ({} bytes in all)", bytes.len()))
    } else {
        Some(shown)
    }
}
