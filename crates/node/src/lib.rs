//! Ask TRON nodes: one port, the HTTP client behind it, fail-over, caching, verdicts.
//!
//! Not here: decisions about orders, keys, signing (`tron` does that), any clock but timers.
//!
//! Invariants: every call is bounded in time and size; nothing that a node sends can make us panic;
//! a number that is there and unreadable is an error, never a guess; doubt about a sent transaction
//! is [`Broadcast::Unanswered`], never "failed"; [`Loss::Lost`] is only said by one endpoint that
//! showed a solid head past the expiration *before* it showed no receipt.
//!
//! | File | Holds |
//! |---|---|
//! | `port` | [`TronNode`]: the only thing other rooms need to name |
//! | `view/` | the answers, typed, each with the reading of its JSON |
//! | `batch` | many contract calls in one request, where a node offers it |
//! | `broadcast`, `loss` | what a sent transaction may mean, and the proof that it is lost |
//! | `verdict` | [`NodeError`], and [`Verdict`]: what to do about it |
//! | `transport`, `client` | [`Transport`] carries JSON; [`JsonNode`] is the port over any transport |
//! | `http`, `limit`, `suspension` | the transport over HTTP, and how it spares a provider |
//! | `failover`, `health` | [`Failover`]: several nodes, which of them are believed |
//! | `cache`, `shelf` | [`Cached`]: identical reads are done once a block |
//!
//! They stack: `Cached<Failover of JsonNode<HttpTransport>>` in production, `JsonNode` over an
//! in-process chain in the simulator.
//!
//! Read next: [`port`], then [`loss`].

pub mod batch;
pub mod broadcast;
pub mod cache;
pub mod call;
pub mod client;
pub mod failover;
pub mod health;
pub mod http;
pub mod json;
pub mod limit;
pub mod loss;
pub mod port;
pub mod receipts;
mod shelf;
mod since;
pub mod suspension;
pub mod transport;
pub mod verdict;
pub mod view;

pub use batch::{BATCH_CALLS_MAX, BatchCall, BatchOutcome};
pub use broadcast::{Broadcast, Refusal};
pub use cache::{CacheSettings, Cached};
pub use call::{Call, CallCount, Counters};
pub use client::{JsonNode, NodeSettings, black_hole};
pub use failover::{Failover, FailoverSettings, Member};
pub use health::{Health, HealthRule};
pub use http::{Endpoint, EndpointError, HttpLimits, HttpTransport};
pub use limit::RequestLimit;
pub use loss::{Loss, LossRule, proof_deadline};
pub use port::{BLOCKS_PER_READ_MAX, TronNode};
pub use transport::{Transport, TransportError};
pub use verdict::{NodeError, Verdict};
pub use view::account::{AccountView, StakeView};
pub use view::block::{Block, BlockTx, ContractSummary, Head};
pub use view::constant_call::{ConstantCall, ConstantOutcome};
pub use view::delegation::DelegatedRecord;
pub use view::lookup::{EventLog, Included, Lookup};
pub use view::parameters::ChainParameters;
pub use view::resources::{ChainTotals, ResourceView};
