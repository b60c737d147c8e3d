//! What the tests share.

pub mod answer;
pub mod app;
pub mod client_key;
pub mod cluster;
pub mod database;
pub mod fixed;
pub mod hook_server;
pub mod memory;
pub mod names;
pub mod oauth;
pub mod process;
pub mod raw;
