//! `_links` of an answer: what can be done next (draft-kelly-json-hal, clause 4.1.1).

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// In this order on the wire.
pub struct Links(Vec<(&'static str, Link)>);

#[derive(Serialize, ToSchema)]
pub struct Link {
    #[schema(format = "uri")]
    href: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hints: Option<Hints>,
}

/// The methods that the address takes.
#[derive(Serialize, ToSchema)]
#[schema(as = LinkHints)]
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

impl PartialSchema for Links {
    fn schema() -> RefOr<Schema> {
        let link = Ref::from_schema_name(Link::name());
        ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(RefOr::Ref(link))).build().into()
    }
}

impl ToSchema for Links {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Links")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Link::name().into_owned(), Link::schema()));
        Link::schemas(schemas);
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
