//! Inline hooks: kept and called.

pub mod call;
pub mod inline_hook;
mod lookup;
pub(in crate::vault) mod token_cache;
