//! What the tests share.

pub mod answer;
pub mod app;
pub mod fixed;
pub mod process;
pub mod raw;
