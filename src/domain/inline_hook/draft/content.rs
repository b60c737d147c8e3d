//! What a draft comes to when it was checked.

use crate::domain::inline_hook::{Channel, HookType, HookVersion};
use crate::domain::name::Name;

/// A draft that was checked.
#[derive(Debug)]
pub struct HookContent {
    pub name: Name,
    pub hook_type: HookType,
    pub version: HookVersion,
    pub channel: Channel,
    pub secret: SecretSource,
}

/// Where the secret of a hook comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretSource {
    /// The channel has none.
    None,
    /// From the draft.
    Given,
    /// From the hook as it was.
    Kept,
}
