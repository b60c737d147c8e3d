//! Hook keys: made and deleted, who uses them, what they sign, and how they are published.

pub mod hook_key;
pub mod import;
pub mod key_reference;
pub mod publishing;
pub mod signing;
