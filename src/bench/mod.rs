//! Measures this build on this machine: a vault of its own, in a server of its own, and beside each figure a ceiling of the same run.
//!
//! 1. [`catalogue`] says what is measured, and which goal it has; [`run`] goes through it.
//! 2. [`subject`] is the vault that is measured, on [`server`], a process of this program; [`fill`] gives it many orgs.
//! 3. [`load`] asks it, by requests of [`request`] over connections of [`client`].
//! 4. Ceilings are [`bare_server`], [`raw_store`] and [`signers`]: the same work with nothing of the vault around it.
//! 5. Samples become a [`row`] of [`spread`]s, and the rows a [`plot`].

mod bare_server;
pub mod catalogue;
mod client;
pub mod error;
mod fill;
mod load;
mod measure;
pub mod plot;
pub mod process;
mod raw_store;
mod request;
pub mod row;
pub mod run;
mod server;
pub mod settings;
mod signers;
pub mod spread;
mod subject;
mod threads;
