//! The port: what a TRON node answers. Everybody who needs the chain names this trait and nothing else.

use async_trait::async_trait;
use tron::{Address, Resource, Sun, TokenUnits, TxId};

use crate::batch::{BatchCall, BatchOutcome};
use crate::broadcast::Broadcast;
use crate::loss::Loss;
use crate::verdict::NodeError;
use crate::view::account::AccountView;
use crate::view::block::{Block, Head};
use crate::view::constant_call::ConstantCall;
use crate::view::delegation::DelegatedRecord;
use crate::view::lookup::Lookup;
use crate::view::parameters::ChainParameters;
use crate::view::resources::{ChainTotals, ResourceView};

/// Most blocks that one request may ask for.
///
/// Source: java-tron `Wallet.getBlocksByLimitNext`, 100.
pub const BLOCKS_PER_READ_MAX: i64 = 100;

/// A TRON node, or several behind one face.
///
/// Every method is bounded in time. `None` and `Absent` are answers; an `Err` means that there is no
/// usable answer, and [`NodeError::verdict`] says what to do. Reads without "solid" show the head
/// block and what is pending on that node: they flicker, and prove nothing about finality.
#[async_trait]
pub trait TronNode: Send + Sync {
    /// The newest block's header.
    async fn head(&self) -> Result<Head, NodeError>;

    /// The newest block that cannot be undone any more.
    async fn solid_head(&self) -> Result<Head, NodeError>;

    /// One whole block with all its transactions; `None` beyond the head. One request.
    async fn block(&self, number: i64) -> Result<Option<Block>, NodeError>;

    /// At most `count` solid blocks in a row, from `first` on, with all their transactions. One request.
    ///
    /// At least one; fewer than asked for when the node's solid chain ends. `count` is at most
    /// [`BLOCKS_PER_READ_MAX`].
    /// Errors: also [`NodeError::NoSolidBlock`] when `first` is not there.
    async fn solid_blocks(&self, first: i64, count: i64) -> Result<Vec<Block>, NodeError>;

    /// One address; `None` if it was never activated. One request.
    async fn account(&self, address: Address) -> Result<Option<AccountView>, NodeError>;

    /// Limits and usage of one address; `None` if it was never activated. One request.
    async fn resources(&self, address: Address) -> Result<Option<ResourceView>, NodeError>;

    /// As [`Self::resources`], from a node that has seen the chain up to this block time: its head is
    /// read first. Two requests to one node, one after the other.
    ///
    /// Errors: [`NodeError::Behind`] when no node that answered has.
    async fn resources_since(
        &self,
        address: Address,
        at_ms: i64,
    ) -> Result<Option<ResourceView>, NodeError>;

    /// Total stake and yield of the whole chain.
    async fn totals(&self) -> Result<ChainTotals, NodeError>;

    /// Simulates a contract call by `owner` against the head state. One request.
    ///
    /// Units: `call_value` sun. The owner needs no account; it needs the tokens that it moves.
    async fn constant_call(
        &self,
        owner: Address,
        contract: Address,
        data: &[u8],
        call_value: Sun,
    ) -> Result<ConstantCall, NodeError>;

    /// Token balance of an address, in the token's smallest unit. One request.
    ///
    /// Errors: also when the contract does not answer `balanceOf` with one word.
    async fn token_balance(&self, token: Address, holder: Address)
    -> Result<TokenUnits, NodeError>;

    /// Runs up to [`BATCH_CALLS_MAX`](crate::BATCH_CALLS_MAX) contract calls against the head state,
    /// each on its own. One request.
    ///
    /// Errors: also when the node does not offer it; then [`Self::constant_call`] answers the same,
    /// one request a call.
    async fn call_batch(&self, calls: &[BatchCall]) -> Result<Vec<BatchOutcome>, NodeError>;

    /// Spendable TRX of up to [`BATCH_CALLS_MAX`](crate::BATCH_CALLS_MAX) addresses, in their order; zero
    /// for one that was never activated. One request.
    ///
    /// Errors: also when the node does not offer it; then [`Self::account`] answers the same, one
    /// request an address.
    async fn trx_balances(&self, addresses: &[Address]) -> Result<Vec<Sun>, NodeError>;

    /// Prices and limits set by vote. Errors: also when a needed one is absent. One request.
    async fn chain_parameters(&self) -> Result<ChainParameters, NodeError>;

    /// Stake that `owner` can lend now; zero if none or less than the chain's minimum of 1 TRX.
    async fn max_delegatable(&self, owner: Address, resource: Resource) -> Result<Sun, NodeError>;

    /// What `owner` lends `receiver`: no record, one, or an unlocked and a locked one.
    async fn delegated(
        &self,
        owner: Address,
        receiver: Address,
    ) -> Result<Vec<DelegatedRecord>, NodeError>;

    /// As [`Self::delegated`], for acting for good on what is *not* lent: from a node whose head was judged
    /// and found healthy, and has this block time or a later one when it is asked, the same in each round of
    /// its [`LossRule`](crate::LossRule). At least two requests to each node.
    ///
    /// Errors: [`NodeError::Behind`] when no node has seen as much, [`NodeError::Disagreement`] when answers
    /// differ.
    async fn delegated_since(
        &self,
        owner: Address,
        receiver: Address,
        at_ms: i64,
    ) -> Result<Vec<DelegatedRecord>, NodeError>;

    /// Everybody `owner` lends to. Not paged by the node: never in a loop.
    async fn delegation_index(&self, owner: Address) -> Result<Vec<Address>, NodeError>;

    /// Sends the bytes of a signed transaction. Sending the same bytes again is always safe.
    ///
    /// Never an `Err`: whatever goes wrong on the way is [`Broadcast::Unanswered`].
    /// `txid` is the id of those bytes; an answer about another transaction is not believed.
    async fn broadcast(&self, txid: TxId, signed_tx: &[u8]) -> Broadcast;

    /// The receipt of a transaction in any block, which may still be undone.
    async fn lookup(&self, txid: TxId) -> Result<Lookup, NodeError>;

    /// The receipt of a transaction in a solid block.
    async fn lookup_solid(&self, txid: TxId) -> Result<Lookup, NodeError>;

    /// Whether a transaction with this expiration can never be included any more.
    ///
    /// Only [`Loss::Lost`] allows a replacement to be signed. See [`crate::loss`] for the proof.
    async fn provably_lost(&self, txid: TxId, expiration_ms: i64) -> Result<Loss, NodeError>;
}
