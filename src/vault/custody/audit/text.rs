//! What is read of the text of an entry.

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
pub(super) struct Text {
    pub(super) target: Vec<TargetText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetText {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) display_name: String,
    pub(super) detail_entry: Option<Map<String, Value>>,
}

/// `None` for a text in no form that is known.
pub(super) fn readable_text(text: &str) -> Option<Text> {
    serde_json::from_str(text).ok()
}

impl TargetText {
    pub(super) fn detail(&self, name: &str) -> Option<&str> {
        self.detail_entry.as_ref()?.get(name)?.as_str()
    }
}
