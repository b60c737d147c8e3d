//! What happened on the way to a hook, for people to read. Tokens, assertions and secrets are shown by their length.

use super::error::Party;
use crate::domain::secret::Secret;
use crate::outbound::{Answer, OutboundError};
use serde_json::Value;
use std::time::Duration;
use url::form_urlencoded::byte_serialize;

/// As much of an answer as a person wants to see, in characters.
const SHOWN: usize = 2000;

/// Shorter secrets are words that occur by chance.
const SHORTEST_SECRET: usize = 4;

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

/// A text with every secret of this call replaced, wherever it occurs: servers under development like to echo.
pub fn hide(text: &str, secrets: &[Secret]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        let forms = forms(secret.expose());
        forms.iter().fold(text, |text, form| text.replace(form, &hidden(secret.expose())))
    })
}

/// A secret as it may come back: as it is, in JSON, in a form, and without the scheme in front of it (`Bearer x`). The
/// longest forms come first.
fn forms(secret: &str) -> Vec<String> {
    let parts = [secret, secret.split_whitespace().last().unwrap_or_default()];
    let mut forms: Vec<String> = parts
        .into_iter()
        .filter(|part| part.len() >= SHORTEST_SECRET)
        .flat_map(|part| {
            let in_json = Value::from(part).to_string();
            [part.to_owned(), in_json[1..in_json.len() - 1].to_owned(), byte_serialize(part.as_bytes()).collect()]
        })
        .collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// The lines of an answer. In JSON, members that hold tokens are hidden, too; what else a token endpoint says is hidden whole.
pub fn received(party: Party, answer: &Result<Answer, OutboundError>, secrets: &[Secret]) -> Vec<String> {
    match answer {
        Err(error) => vec![error.to_string()],
        Ok(answer) => {
            let mut lines = vec![format!("status {}", answer.status)];
            let address =
                |location: &String| location.split(['?', '#']).next().map(|address| format!("Location: {address}"));
            lines.extend(answer.location.as_ref().and_then(address));
            lines.extend(answer.content_type.as_ref().map(|kind| format!("Content-Type: {kind}")));
            let mut lines: Vec<_> = lines.iter().map(|line| hide(line, secrets)).collect();
            lines.extend(body(party, &answer.body, secrets));
            lines
        }
    }
}

/// Hides what is called a token, at any depth. `token_type` is none.
fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_lowercase().replace('_', "");
                match value {
                    Value::Array(_) | Value::Object(_) => mask(value),
                    Value::String(text) if name.ends_with("token") => *value = hidden(text).into(),
                    Value::Number(number) if name.ends_with("token") => *value = hidden(&number.to_string()).into(),
                    Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
                }
            }
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn body(party: Party, bytes: &[u8], secrets: &[Secret]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) if value.is_object() || value.is_array() => {
            mask(&mut value);
            value.to_string()
        }
        // It may be a token in another form.
        _ if party == Party::TokenEndpoint && !bytes.is_empty() => hidden(&String::from_utf8_lossy(bytes)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    // Before it is cut: half a secret would not be recognized.
    let text = hide(&text, secrets);
    let shown: String = text.chars().take(SHOWN).collect();
    if shown.is_empty() {
        None
    } else if shown.len() < text.len() {
        Some(format!("{shown} … ({} bytes in all)", bytes.len()))
    } else {
        Some(shown)
    }
}
