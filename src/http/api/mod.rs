//! The resources of the API, and the table of all routes.

pub mod hook_key;
pub mod inline_hook;
pub mod inline_hook_schema;
mod inline_hook_wire;
pub mod key_import;
pub mod key_reference;
pub mod key_rotation;
pub mod links;
pub mod log;
pub mod route;
pub mod routes;
pub mod signing;
pub mod user;
