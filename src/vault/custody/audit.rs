//! The audit trail: who did what, to what, from where, and how it ended.
//!
//! 1. A change has its entry in its own transaction ([`record`]). Uses of keys, and refusals for lack of rights, are told together, a second
//!    later at the most ([`telling`], [`uses`]).
//! 2. An entry is one line of JSON in the shape of the System Log ([`entry`]). Its number is its place in the trail of its org, from 0 on.
//! 3. The entries are the leaves of a tree (RFC 6962), so that one can be proved without the rest ([`checkpoint`]).
//! 4. Each row carries a seal, and the head says how many entries there are: what was altered, removed or reordered is named
//!    ([`verify`]).
//! 5. What the trail says is there must be there, and what it says is gone must not ([`account`]): that shows rows that were removed, and
//!    old ones that were put back. A rotation of the master key is believed where the trail tells of it ([`master_keys`]).

mod account;
pub mod broken;
pub mod checkpoint;
mod entry;
pub mod export;
pub mod fact;
pub(in crate::vault) mod heads;
mod loss;
mod lost_key;
pub mod master_keys;
mod present;
pub mod reading;
pub(in crate::vault) mod record;
pub mod retention;
mod state;
mod telling;
mod text;
pub(in crate::vault) mod uses;
pub mod verify;
