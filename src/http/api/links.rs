//! `_links` of an answer: what can be done next (draft-kelly-json-hal, clause 4.1.1).

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// In this order on the wire.
pub struct Links(Vec<(&'static str, Link)>);

#[derive(Serialize)]
pub struct Link {
    href: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Hints>,
}

/// The methods that the address takes.
#[derive(Serialize)]
struct Hints {
    allow: Vec<&'static str>,
}

impl Link {
    pub fn new(href: String, allow: &[&'static str]) -> Self {
        Self { href, hints: Some(Hints { allow: allow.to_vec() }) }
    }

    /// Without a word on methods.
    pub const fn plain(href: String) -> Self {
        Self { href, hints: None }
    }
}

impl Links {
    pub fn new(links: impl IntoIterator<Item = (&'static str, Link)>) -> Self {
        Self(links.into_iter().collect())
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, link) in &self.0 {
            map.serialize_entry(name, link)?;
        }
        map.end()
    }
}
