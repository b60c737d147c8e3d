//! One binary for all tests: real HTTP on port 0, real SQLite files in folders of their own.

mod anomalies;
mod api;
mod cli;
mod races;
mod store;
mod support;
mod tidy;
