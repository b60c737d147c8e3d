//! Damage is told as damage: never as "not found", and never as an answer that is wrong.

mod flip;
mod flips;
mod look;
mod public_half;
mod replaced;
