//! One file for each endpoint: parse, call one use case, map the answer.

pub mod auto_policy;
pub mod collect_manual;
pub mod count_policy;
pub mod health;
pub mod index_data;
pub mod interface;
pub mod order;
pub mod order_price;
pub mod order_query;
pub mod order_reclaim;
pub mod order_transfer;
mod policy_list;
pub mod summary;
