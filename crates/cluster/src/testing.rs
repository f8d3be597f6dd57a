//! What tests share: a store in memory that keeps the same rules as the script in Redis, and a
//! cluster whose time and misfortunes are made up.

pub(crate) mod memory;
mod simulation;
