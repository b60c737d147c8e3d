//! Who may do what: orgs, API tokens, service apps, and who a caller is.

pub mod api_token;
pub mod authenticate;
pub mod org;
mod pick;
mod removal;
pub mod service_app;
