//! What everybody may ask: public keys, the token endpoint, metadata, probes.

pub mod home;
pub mod jwks;
pub mod oauth_metadata;
pub mod organization;
pub mod probe;
pub mod token_endpoint;
