//! The OpenAPI document, and the page that shows it.

pub mod document;
pub mod page;
pub mod refusal;
pub mod value;
