//! Inline hooks: kept and called.

pub mod call;
pub mod inline_hook;
pub(in crate::vault) mod token_cache;
