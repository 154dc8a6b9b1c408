//! One file per endpoint: its request read, its answer written, and the same backwards for clients.

mod callback_url;
mod field;

pub mod auto_policy;
pub mod collect_manual;
pub mod count_policy;
pub mod index_data;
pub mod order;
pub mod order_price;
pub mod order_query;
pub mod order_reclaim;
pub mod order_transfer;
pub mod policy_item;
pub mod summary;

pub use callback_url::MAX_CALLBACK_URL_CHARS;
pub use field::MAX_REFERENCE_CHARS;

/// An answer that should be a success lacks a member or has it with another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer has no usable \"{0}\"")]
pub struct BadAnswer(pub &'static str);
