//! Reads shared within one block: what many orders ask at once is asked once.
//!
//! The state that reads show changes with blocks, so answers are kept until the watcher reports the
//! next head, and never longer than an age limit in case nobody watches. Identical questions that are
//! under way at once share one request and its answer, also when that is an error; errors are not
//! kept. Whoever must see the chain as it is now asks [`Cached::fresh`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tron::{Address, BlockId, Resource, Sun, TokenUnits, TxId};

use crate::batch::{BatchCall, BatchOutcome};
use crate::broadcast::Broadcast;
use crate::loss::Loss;
use crate::port::TronNode;
use crate::shelf::Shelf;
use crate::verdict::NodeError;
use crate::view::account::AccountView;
use crate::view::block::{Block, Head};
use crate::view::constant_call::ConstantCall;
use crate::view::delegation::DelegatedRecord;
use crate::view::lookup::Lookup;
use crate::view::parameters::ChainParameters;
use crate::view::resources::{ChainTotals, ResourceView};

/// Bounds of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSettings {
    /// Longest time that an answer is used, counted from its question.
    pub age_max: Duration,
    /// Most answers kept per kind of question.
    pub entries_max: usize,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { age_max: Duration::from_secs(6), entries_max: 10_000 }
    }
}

/// Everything that tells one simulated call from another.
type CallKey = (Address, Address, Vec<u8>, Sun);

/// A node whose reads of the head state are shared within a block.
pub struct Cached<N: ?Sized> {
    newest: Mutex<Option<BlockId>>,
    accounts: Shelf<Address, Option<AccountView>>,
    resources: Shelf<Address, Option<ResourceView>>,
    balances: Shelf<(Address, Address), TokenUnits>,
    calls: Shelf<CallKey, ConstantCall>,
    totals: Shelf<(), ChainTotals>,
    parameters: Shelf<(), ChainParameters>,
    inner: Arc<N>,
}

impl<N: TronNode + ?Sized + 'static> Cached<N> {
    /// Shares the reads of `inner`.
    pub fn new(inner: Arc<N>, settings: CacheSettings) -> Self {
        Self {
            newest: Mutex::new(None),
            accounts: Shelf::new(settings),
            resources: Shelf::new(settings),
            balances: Shelf::new(settings),
            calls: Shelf::new(settings),
            totals: Shelf::new(settings),
            parameters: Shelf::new(settings),
            inner,
        }
    }

    /// The node itself: for reads that must be fresh, such as whether a receiver is ready.
    pub const fn fresh(&self) -> &Arc<N> {
        &self.inner
    }

    /// Tells that this is the newest block now; answers from before another block are dropped.
    ///
    /// Compared by id, so that a reorganisation at the same height counts as new.
    pub fn advance_to(&self, block: BlockId) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.replace(block) == Some(block) {
            return;
        }
        drop(newest);
        self.clear();
    }

    /// Drops every answer; questions under way no longer serve those who come after.
    pub fn clear(&self) {
        self.accounts.clear();
        self.resources.clear();
        self.balances.clear();
        self.calls.clear();
        self.totals.clear();
        self.parameters.clear();
    }

    /// Reads that were answered without a request of their own, since start.
    pub fn shared_reads(&self) -> u64 {
        self.accounts.shared()
            + self.resources.shared()
            + self.balances.shared()
            + self.calls.shared()
            + self.totals.shared()
            + self.parameters.shared()
    }
}

#[async_trait]
impl<N: TronNode + ?Sized + 'static> TronNode for Cached<N> {
    async fn head(&self) -> Result<Head, NodeError> {
        self.inner.head().await
    }

    async fn solid_head(&self) -> Result<Head, NodeError> {
        self.inner.solid_head().await
    }

    async fn block(&self, number: i64) -> Result<Option<Block>, NodeError> {
        self.inner.block(number).await
    }

    async fn solid_blocks(&self, first: i64, count: i64) -> Result<Vec<Block>, NodeError> {
        self.inner.solid_blocks(first, count).await
    }

    async fn account(&self, address: Address) -> Result<Option<AccountView>, NodeError> {
        let node = Arc::clone(&self.inner);
        self.accounts.get(address, async move { node.account(address).await }).await
    }

    async fn resources(&self, address: Address) -> Result<Option<ResourceView>, NodeError> {
        let node = Arc::clone(&self.inner);
        self.resources.get(address, async move { node.resources(address).await }).await
    }

    async fn resources_since(
        &self,
        address: Address,
        at_ms: i64,
    ) -> Result<Option<ResourceView>, NodeError> {
        self.inner.resources_since(address, at_ms).await
    }

    async fn totals(&self) -> Result<ChainTotals, NodeError> {
        let node = Arc::clone(&self.inner);
        self.totals.get((), async move { node.totals().await }).await
    }

    async fn constant_call(
        &self,
        owner: Address,
        contract: Address,
        data: &[u8],
        call_value: Sun,
    ) -> Result<ConstantCall, NodeError> {
        let (node, data) = (Arc::clone(&self.inner), data.to_vec());
        let key = (owner, contract, data.clone(), call_value);
        let ask = async move { node.constant_call(owner, contract, &data, call_value).await };
        self.calls.get(key, ask).await
    }

    async fn token_balance(
        &self,
        token: Address,
        holder: Address,
    ) -> Result<TokenUnits, NodeError> {
        let node = Arc::clone(&self.inner);
        let ask = async move { node.token_balance(token, holder).await };
        self.balances.get((token, holder), ask).await
    }

    /// Not kept: whoever asks for a hundred at once asks once.
    async fn call_batch(&self, calls: &[BatchCall]) -> Result<Vec<BatchOutcome>, NodeError> {
        self.inner.call_batch(calls).await
    }

    /// Not kept either.
    async fn trx_balances(&self, addresses: &[Address]) -> Result<Vec<Sun>, NodeError> {
        self.inner.trx_balances(addresses).await
    }

    async fn chain_parameters(&self) -> Result<ChainParameters, NodeError> {
        let node = Arc::clone(&self.inner);
        self.parameters.get((), async move { node.chain_parameters().await }).await
    }

    async fn max_delegatable(&self, owner: Address, resource: Resource) -> Result<Sun, NodeError> {
        self.inner.max_delegatable(owner, resource).await
    }

    async fn delegated(
        &self,
        owner: Address,
        receiver: Address,
    ) -> Result<Vec<DelegatedRecord>, NodeError> {
        self.inner.delegated(owner, receiver).await
    }

    async fn delegated_since(
        &self,
        owner: Address,
        receiver: Address,
        at_ms: i64,
    ) -> Result<Vec<DelegatedRecord>, NodeError> {
        self.inner.delegated_since(owner, receiver, at_ms).await
    }

    async fn delegation_index(&self, owner: Address) -> Result<Vec<Address>, NodeError> {
        self.inner.delegation_index(owner).await
    }

    async fn broadcast(&self, txid: TxId, signed_tx: &[u8]) -> Broadcast {
        self.inner.broadcast(txid, signed_tx).await
    }

    async fn lookup(&self, txid: TxId) -> Result<Lookup, NodeError> {
        self.inner.lookup(txid).await
    }

    async fn lookup_solid(&self, txid: TxId) -> Result<Lookup, NodeError> {
        self.inner.lookup_solid(txid).await
    }

    async fn provably_lost(&self, txid: TxId, expiration_ms: i64) -> Result<Loss, NodeError> {
        self.inner.provably_lost(txid, expiration_ms).await
    }
}
