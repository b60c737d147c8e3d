//! hookvault: a vault for the RSA keys that sign calls to hooks, speaking the Okta Key Management API.
//!
//! In reading order:
//!
//! 1. [`domain`]: values and rules.
//! 2. [`crypto`]: makes, seals and opens keys.
//! 3. [`repository`]: what is kept, as traits; `repository::sqlite` keeps it.
//! 4. [`outbound`]: calls to hooks and token endpoints.
//! 5. [`vault`]: the use cases.
//! 6. [`http`] and [`cli`]: the two faces.
//! 7. [`config`], [`telemetry`], [`app`]: settings, logs, and what puts it all together.
//! 8. [`bench`]: measures all of it from outside.

pub mod domain;

pub mod crypto;

pub mod repository;

pub mod outbound;

pub mod vault;

pub mod http;

pub mod cli;

pub mod config;

pub mod telemetry;

pub mod app;

pub mod bench;
