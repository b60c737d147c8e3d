//! How each row is measured.

pub mod footprint;
pub mod reads;
pub mod signing;
pub mod writes;
