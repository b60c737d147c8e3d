//! What the tests share.

pub mod answer;
pub mod app;
pub mod fixed;
pub mod hook_server;
pub mod names;
pub mod process;
pub mod raw;
