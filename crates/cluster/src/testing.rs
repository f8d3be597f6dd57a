//! What tests share: a store in memory that keeps the same rules as the script in Redis, and a
//! cluster whose time and misfortunes are made up.

mod conformance;
mod load;
pub(crate) mod memory;
#[path = "../tests/rig/mod.rs"]
mod rig;
mod simulation;
