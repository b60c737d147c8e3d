//! Connections: one request at a time, bounded in number and memory, ended in order.

mod crowd;
mod pacing;
mod stop;
mod unread;
