//! One file for each endpoint: parse, call one use case, map the answer.

pub mod collect_manual;
pub mod health;
pub mod order_query;
