//! What a node answers, typed. Each file holds one answer and the reading of its JSON.

pub mod account;
pub mod block;
pub mod constant_call;
pub mod delegation;
pub mod lookup;
pub mod parameters;
pub mod permission;
pub mod resources;
