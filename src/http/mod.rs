//! The HTTP face: wire forms, routes, errors. Knows the vault's use cases and no storage.
//!
//! 1. [`edge::request`] surrounds everything: request id, authentication, rate limit, error bodies, headers, one log line.
//! 2. [`api::routes`] is the table of all routes; a guarded one can only be written with a
//!    [`edge::authentication::Granted`] first argument.
//! 3. A handler turns the wire form into a call of the vault, and the result into the wire form.
//! 4. [`edge::error`] turns every failure into status and JSON.

pub mod api;
pub mod edge;
pub mod openapi;
pub mod public;
pub mod server;
pub mod shared;
