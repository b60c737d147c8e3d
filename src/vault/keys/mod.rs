//! Hook keys: made, rotated and deleted, who uses them, what they sign, and how they are published.

pub mod hook_key;
pub mod import;
pub mod key_reference;
mod lookup;
pub mod publishing;
mod relatives;
pub mod rotation;
pub mod signing;
pub mod upkeep;
