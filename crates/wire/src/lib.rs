//! The platform's JSON format: names, numbers, error bodies, signatures, and nothing else.
//!
//! What it is: pure functions between bytes and plain structs, in both directions, because the
//! server reads requests and the sweeper writes them.
//!
//! What it is not: no HTTP server or client, no SQL, no clock, no randomness, no decision about an
//! order. It never asks whether a key exists or a balance suffices.
//!
//! Invariants:
//! - a word of the platform is spelled once, in [`names`]; a number of the platform once, in
//!   [`status`] or [`period`]; a sentence for the merchant once, in [`error`];
//! - what [`canon`] parses it renders back without losing a digit, and a duplicate key never parses;
//! - a signature is compared in constant time, and every accepted form covers the same content;
//! - nothing here panics on bytes from outside, and every input has a named limit.
//!
//! Read next: `docs/wire.md` for people who integrate, then [`names`], [`mod@sign`], [`endpoint`], and
//! the bytes themselves in `crates/wire/golden/`.

pub mod callback;
pub mod canon;
pub mod describe;
pub mod endpoint;
pub mod error;
pub mod idempotency;
pub mod names;
pub mod page;
pub mod period;
pub mod sign;
pub mod status;
pub mod time;

pub use callback::{CallbackBody, Source, WireFormat};
pub use canon::{CanonicalForm, Object, ParseError, Value};
pub use domain::Period;
pub use endpoint::auto_policy::{AutoPolicyRequest, AutoPolicyStatus};
pub use endpoint::collect_manual::{CollectRequest, CollectResponse};
pub use endpoint::count_policy::{CountPolicyEdit, CountPolicyRequest};
pub use endpoint::index_data::IndexData;
pub use endpoint::order::{EnergyRequest, EnergyResponse};
pub use endpoint::order_price::{PriceQuery, PriceResponse, Priced};
pub use endpoint::order_query::{OrderQuery, OrderResponse};
pub use endpoint::order_reclaim::ReclaimRequest;
pub use endpoint::order_transfer::{TransferRequest, TransferResponse};
pub use endpoint::policy_item::PolicyItem;
pub use endpoint::summary::{Bought, Summary};
pub use error::{ErrorBody, FieldErrors};
pub use idempotency::{Fingerprint, IdempotencyKey};
pub use page::{ListPlace, Page, PageRequest};
pub use sign::{Form, Timestamp, sign, verify};
pub use status::{CallbackStatus, DetailStatus, OrderStatus};
