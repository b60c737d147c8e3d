//! What is sealed: whether it opens, and that what was deleted is gone.

pub(in crate::vault) mod erasure;
pub mod sealing;
