//! Several instances share one camera list, and each camera is opened by exactly one of them.
//!
//! ```text
//! every half second, one atomic step in Redis (exchange, redis/beat.lua):
//!
//!    signs of life, leases given back, leases asked for  ->
//!    <-  who lives, which leases changed, the version of the camera list
//!
//! coordinator: where each camera belongs (placement), what may be open until when (lease)
//!    |-> Ownership: the engine opens, closes, or reads from the owner
//!    |-> Engine::synchronise when the list has another version
//!
//! beside it (reports, redis/reports.lua): how each camera is at its owner
//! ```
//!
//! The rooms: `placement`, `lease` and `coordinator` decide, without I/O and with the time handed
//! in; `exchange` is what is told and learned; `redis` is where it is told; `seal` keeps passwords
//! unreadable there; `registry` is the camera list; `followers` is between all this and the engine;
//! `node` runs it all, and `last_resort` ends a
//! process that cannot close its cameras in time.

pub mod clock;
pub mod coordinator;
pub mod exchange;
mod followers;
mod last_resort;
pub mod lease;
mod node;
pub mod placement;
mod redis;
mod registry;
mod reports;
mod seal;
#[cfg(test)]
mod testing;

pub use node::{Node, Settings};
pub use redis::{Address, Leases};
pub use registry::RedisRegistry;
pub use seal::{NoKey, Seal};
