//! One binary for all tests: real HTTP on port 0, real SQLite files in folders of their own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod anomalies;
mod api;
mod cli;
mod connections;
mod damage;
mod failover;
mod many_servers;
mod memory;
mod postgres;
mod races;
mod stale;
mod store;
mod support;
mod tidy;
mod verifier;
