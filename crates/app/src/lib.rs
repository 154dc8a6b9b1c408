//! Run use cases: load, decide, commit. The network comes before or after a commit, never inside.
//!
//! Not here: axum, SQL, HTTP clients, the platform's names.
//!
//! Invariants: nothing is sent that is not stored; every change of state, money and outbox is one
//! commit; running any use case twice is harmless.
//!
//! Read next: [`ports`], then [`place_order`], then [`fill_order`].

pub mod admin_rows;
pub mod administer;
pub mod answers;
pub mod audit;
pub mod batch_rows;
pub mod batches;
mod chain_turn;
pub mod chain_view;
pub mod claim_due;
pub mod commit_counts;
pub mod deliver_callbacks;

pub mod describe;
pub mod describe_batch;
pub mod describe_order;
pub mod describe_policy;
pub mod figures;
pub mod fill_order;
pub mod follow_transfer;
pub mod keep_batches;
pub mod keep_policies;
pub mod look_at_batch;
mod order_event;
pub mod person_rows;
pub mod place_order;
pub mod pool_figures;
pub mod ports;
pub mod price_energy;
pub mod read_receiver;
pub mod reconcile;
pub mod reconcile_pool;
pub mod records;
pub mod rows;
pub mod scan_deposits;
pub mod send_transfer;
pub mod set_policies;
pub mod settings;
pub mod sign_leg;
pub mod stop_order;
pub mod take_back;
pub mod watch_chain;
mod watch_policies;
pub mod work;

pub use settings::Settings;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use batches::Batches;
use domain::callback::Format;
use node::TronNode;
use ports::{Clock, Ids, Poster, Signer, Store};
use tokio::sync::Notify;

/// Everything that the use cases use. One for each process; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Keeps rows.
    pub store: Arc<dyn Store>,
    /// Reads batches, from where `store` keeps them.
    pub batches: Arc<dyn Batches>,
    /// Asks the chain, always afresh.
    pub node: Arc<dyn TronNode>,
    /// Asks the chain, but identical questions within one block only once.
    pub cached_node: Arc<dyn TronNode>,
    /// Signs for the pool.
    pub signer: Arc<dyn Signer>,
    /// Posts callbacks.
    pub poster: Arc<dyn Poster>,
    /// Renders callbacks.
    pub format: Arc<dyn Format>,
    /// Reads the time.
    pub clock: Arc<dyn Clock>,
    /// Makes identities.
    pub ids: Arc<dyn Ids>,
    /// What the operator configured.
    pub settings: Arc<Settings>,
    /// What the newest block says, read once for everybody.
    pub view: Arc<chain_view::ChainView>,
    /// Rung when an order wants attention.
    pub order_bell: Arc<Notify>,
    /// Rung when a policy wants attention.
    pub policy_bell: Arc<Notify>,
    /// Rung when a batch wants attention.
    pub batch_bell: Arc<Notify>,
    /// Rung when a transfer wants attention.
    pub transfer_bell: Arc<Notify>,
    /// Rung when a callback is owed.
    pub callback_bell: Arc<Notify>,
    /// Where batches go on after rows that had to wait.
    pub batch_places: Arc<keep_batches::Places>,
    /// The newest transaction timestamp given out; no two transactions of a process share one.
    pub last_timestamp_ms: Arc<AtomicI64>,
}
