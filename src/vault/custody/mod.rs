//! What is sealed: whether it opens and belongs to what stands beside it, that what was deleted is gone, and how all of it is moved,
//! backed up and restored.

pub mod audit;
pub mod backup;
pub(in crate::vault) mod comparison;
pub mod copying;
pub mod damage;
pub mod erasure;
pub mod examination;
pub mod health;
mod inventory;
pub(in crate::vault) mod known_backups;
pub(in crate::vault) mod known_damage;
pub mod master_key_rotation;
pub mod master_key_standing;
pub mod master_key_withdrawal;
pub mod moving;
mod opening;
mod org_look;
pub mod sealing;
pub(in crate::vault) mod seen_orgs;
pub(in crate::vault) mod told_master_keys;
