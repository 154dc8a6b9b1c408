//! A node that is misread on purpose.

use std::sync::Arc;

use async_trait::async_trait;
use node::{
    AccountView, BatchCall, BatchOutcome, Block, BlockTx, Broadcast, ChainParameters, ChainTotals,
    ConstantCall, DelegatedRecord, Head, Included, Lookup, Loss, NodeError, Refusal, ResourceView,
    TronNode,
};
use tron::{Address, Bandwidth, ContractType, Energy, Resource, Sun, TokenUnits, TxId};

use crate::mutation::Mutation;

/// A node whose answers are misread in one way.
pub(crate) struct MutatedNode {
    pub(crate) inner: Arc<dyn TronNode>,
    pub(crate) mutation: Mutation,
}

/// More than any transfer takes.
const PLENTY: i64 = 1_000_000;

macro_rules! passed_on {
    ($(fn $name:ident($($given:ident: $kind:ty),*) -> $out:ty;)+) => {
        #[async_trait]
        impl TronNode for MutatedNode {
            $(async fn $name(&self, $($given: $kind),*) -> Result<$out, NodeError> {
                self.inner.$name($($given),*).await
            })+

            async fn resources(&self, address: Address) -> Result<Option<ResourceView>, NodeError> {
                let shown = self.inner.resources(address).await?;
                let is_believed = self.mutation != Mutation::NoReadBack;
                Ok(if is_believed { shown } else { shown.map(with_plenty) })
            }

            async fn resources_since(
                &self,
                address: Address,
                at_ms: i64,
            ) -> Result<Option<ResourceView>, NodeError> {
                if self.mutation == Mutation::NoReadBack {
                    return self.resources(address).await;
                }
                self.inner.resources_since(address, at_ms).await
            }

            async fn delegated(
                &self,
                owner: Address,
                receiver: Address,
            ) -> Result<Vec<DelegatedRecord>, NodeError> {
                if self.mutation == Mutation::TrustEmptyRecords {
                    return Ok(Vec::new());
                }
                self.inner.delegated(owner, receiver).await
            }

            async fn delegated_since(
                &self,
                owner: Address,
                receiver: Address,
                at_ms: i64,
            ) -> Result<Vec<DelegatedRecord>, NodeError> {
                if self.mutation == Mutation::TrustEmptyRecords {
                    return Ok(Vec::new());
                }
                self.inner.delegated_since(owner, receiver, at_ms).await
            }

            async fn block(&self, number: i64) -> Result<Option<Block>, NodeError> {
                let shown = self.inner.block(number).await?;
                let is_whole = self.mutation != Mutation::ExpiredIsLost;
                Ok(if is_whole { shown } else { shown.map(without_some_delegations) })
            }

            async fn lookup_solid(&self, txid: TxId) -> Result<Lookup, NodeError> {
                match self.inner.lookup_solid(txid).await? {
                    Lookup::Absent if self.mutation == Mutation::ForgetUndoneUse => {
                        Ok(Lookup::Included(Box::new(found_after_all())))
                    }
                    shown => Ok(shown),
                }
            }

            async fn broadcast(&self, txid: TxId, signed_tx: &[u8]) -> Broadcast {
                match self.inner.broadcast(txid, signed_tx).await {
                    Broadcast::Unanswered { text }
                        if self.mutation == Mutation::UnansweredIsRefused =>
                    {
                        Broadcast::Refused { reason: Refusal::Contract, text }
                    }
                    answer => answer,
                }
            }

            async fn provably_lost(
                &self,
                txid: TxId,
                expiration_ms: i64,
            ) -> Result<Loss, NodeError> {
                if self.mutation == Mutation::ExpiredIsLost {
                    return Ok(Loss::Lost);
                }
                self.inner.provably_lost(txid, expiration_ms).await
            }
        }
    };
}

passed_on! {
    fn head() -> Head;
    fn solid_head() -> Head;
    fn solid_blocks(first: i64, count: i64) -> Vec<Block>;
    fn account(address: Address) -> Option<AccountView>;
    fn totals() -> ChainTotals;
    fn constant_call(owner: Address, contract: Address, data: &[u8], call_value: Sun)
        -> ConstantCall;
    fn token_balance(token: Address, holder: Address) -> TokenUnits;
    fn call_batch(calls: &[BatchCall]) -> Vec<BatchOutcome>;
    fn trx_balances(addresses: &[Address]) -> Vec<Sun>;
    fn chain_parameters() -> ChainParameters;
    fn max_delegatable(owner: Address, resource: Resource) -> Sun;
    fn delegation_index(owner: Address) -> Vec<Address>;
    fn lookup(txid: TxId) -> Lookup;
}

/// The receipt of a transfer that worked and cost nothing.
const fn found_after_all() -> Included {
    Included {
        block_number: 1,
        block_timestamp_ms: 1,
        succeeded: true,
        fee: Sun::ZERO,
        energy_burn: Sun::ZERO,
        bandwidth_burn: Sun::ZERO,
        energy_used: Energy::ZERO,
        origin_energy_used: Energy::ZERO,
        energy_used_total: Energy::ZERO,
        bandwidth_used: Bandwidth::ZERO,
        result_text: String::new(),
        logs: Vec::new(),
    }
}

/// A block that leaves out one in four delegations: then only the proof shows that it is there.
fn without_some_delegations(mut shown: Block) -> Block {
    let is_left_out = |tx: &BlockTx| {
        let kind = tx.contract.and_then(|contract| contract.kind);
        kind == Some(ContractType::Delegate) && tx.txid.as_bytes()[0].is_multiple_of(4)
    };
    shown.transactions.retain(|tx| !is_left_out(tx));
    shown
}

fn with_plenty(mut shown: ResourceView) -> ResourceView {
    shown.energy_limit = Energy::new(shown.energy_used.get() + PLENTY);
    shown.staked_bandwidth_limit = Bandwidth::new(shown.staked_bandwidth_used.get() + PLENTY);
    shown
}
