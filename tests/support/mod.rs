//! What the tests share.

pub mod age;
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
pub mod reseal;
pub mod seal;
pub mod softhsm;
pub mod somebody;
pub mod standby;

/// How often something is tried: more often where somebody asks for it by this variable.
#[expect(clippy::disallowed_methods, reason = "how many are tried is no setting of the product")]
pub fn rounds(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |rounds| rounds.parse().unwrap())
}
