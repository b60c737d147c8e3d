//! What is sealed: whether it opens and belongs to what stands beside it, and that what was deleted is gone.

pub(in crate::vault) mod comparison;
pub mod damage;
pub mod erasure;
pub mod examination;
pub mod health;
pub(in crate::vault) mod known_damage;
pub mod sealing;
