//! The port over any transport: builds the questions, reads the answers, counts both.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tron::{Address, Resource, Sun, TokenUnits, TxId, to_hex, trc20};

use crate::batch::{self, BatchCall, BatchOutcome};
use crate::broadcast::Broadcast;
use crate::call::{Call, Counters};
use crate::json::{self, Read};
use crate::loss::{self, Loss, LossRule};
use crate::port::{BLOCKS_PER_READ_MAX, TronNode};
use crate::receipts::Receipts;
use crate::since;
use crate::transport::{Transport, TransportError};
use crate::verdict::NodeError;
use crate::view::account::AccountView;
use crate::view::block::{Block, Head};
use crate::view::constant_call::{ConstantCall, ConstantOutcome};
use crate::view::delegation::{self, DelegatedRecord};
use crate::view::lookup::Lookup;
use crate::view::parameters::ChainParameters;
use crate::view::resources::{ChainTotals, ResourceView};

/// The black hole: it exists on the public networks, so the chain totals can be read from it, and it
/// can be the caller of reads.
#[must_use]
pub fn black_hole() -> Address {
    Address::from_evm([0; 20])
}

/// How one node is asked.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// Longest wait for one answer, the wait for a turn included.
    pub call_timeout: Duration,
    /// How much proof of loss this endpoint must give.
    pub loss_rule: LossRule,
    /// Addresses that exist on this chain, in the order in which they are tried for the totals.
    pub totals_addresses: Vec<Address>,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(5),
            loss_rule: LossRule::POOL,
            totals_addresses: vec![black_hole()],
        }
    }
}

/// One TRON node behind a transport.
pub struct JsonNode<T> {
    transport: T,
    settings: NodeSettings,
    counters: Counters,
    /// Which receipts it should have.
    receipts: Receipts,
    /// Index of the totals address that was found to exist.
    totals_from: AtomicUsize,
}

impl<T: Transport> JsonNode<T> {
    /// A node that is asked through `transport`.
    pub fn new(transport: T, settings: NodeSettings) -> Self {
        Self {
            transport,
            settings,
            counters: Counters::default(),
            receipts: Receipts::default(),
            totals_from: AtomicUsize::new(0),
        }
    }

    /// How often each call was made.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The transport, for its own controls.
    pub const fn transport(&self) -> &T {
        &self.transport
    }

    async fn ask(&self, call: Call, body: Value) -> Result<Value, NodeError> {
        self.counters.count_made(call);
        let limit = self.settings.call_timeout;
        let answer = match tokio::time::timeout(limit, self.transport.call(call.path(), body)).await
        {
            Err(_) => Err(TransportError::Timeout { limit }),
            Ok(answer) => answer,
        };
        let answer = match answer {
            Ok(answer) => open_envelope(call, answer),
            Err(source) => Err(NodeError::Unreachable { call, source }),
        };
        if answer.is_err() {
            self.counters.count_failed(call);
        }
        answer
    }

    async fn read<V>(
        &self,
        call: Call,
        body: Value,
        read: impl FnOnce(&Value) -> Read<V>,
    ) -> Result<V, NodeError> {
        let answer = self.ask(call, body).await?;
        read(&answer).map_err(|source| {
            self.counters.count_failed(call);
            NodeError::Unreadable { call, source }
        })
    }

    async fn read_head(&self, call: Call) -> Result<Head, NodeError> {
        self.read(call, json!({"detail": false}), |answer| {
            let missing = json::bad("blockID", json::Problem::Missing);
            Head::read(answer)?.map_or(missing, Ok)
        })
        .await
    }

    async fn read_lookup(&self, call: Call, txid: TxId) -> Result<Lookup, NodeError> {
        let body = json!({"value": txid.to_string()});
        self.read(call, body, |answer| Lookup::read(answer, txid)).await
    }
}

/// Separates answers from errors, which nodes send with HTTP status 200 as `{"Error": ...}`.
fn open_envelope(call: Call, answer: Value) -> Result<Value, NodeError> {
    let Some(error) = answer.get("Error").or_else(|| answer.get("error")) else {
        return Ok(answer);
    };
    let text = json::shortened(error.as_str().unwrap_or(&error.to_string()));
    if is_about_capacity(&text) {
        return Err(NodeError::Busy { call, text });
    }
    Err(NodeError::Answered { call, text })
}

/// Whether an error text means that nothing was processed for want of capacity.
///
/// Source: java-tron `RateLimiterServlet`; the provider's texts are as users report them.
fn is_about_capacity(text: &str) -> bool {
    ["IllegalAccessException", "lack of computing resources", "suspended for", "frequency limit"]
        .iter()
        .any(|sign| text.contains(sign))
}

#[async_trait]
impl<T: Transport> TronNode for JsonNode<T> {
    async fn head(&self) -> Result<Head, NodeError> {
        self.read_head(Call::Head).await
    }

    async fn solid_head(&self) -> Result<Head, NodeError> {
        self.read_head(Call::SolidHead).await
    }

    async fn block(&self, number: i64) -> Result<Option<Block>, NodeError> {
        let body = json!({"num": number});
        self.read(Call::Block, body, |answer| Block::read(answer, number)).await
    }

    async fn solid_blocks(&self, first: i64, count: i64) -> Result<Vec<Block>, NodeError> {
        let end = first.saturating_add(count.clamp(1, BLOCKS_PER_READ_MAX));
        let body = json!({"startNum": first, "endNum": end});
        let blocks =
            self.read(Call::SolidBlocks, body, |answer| Block::read_row(answer, first)).await?;
        match blocks.is_empty() {
            true => Err(NodeError::NoSolidBlock { number: first }),
            false => Ok(blocks),
        }
    }

    async fn account(&self, address: Address) -> Result<Option<AccountView>, NodeError> {
        let body = json!({"address": address.to_hex()});
        self.read(Call::Account, body, |answer| AccountView::read(answer, address)).await
    }

    async fn resources(&self, address: Address) -> Result<Option<ResourceView>, NodeError> {
        let body = json!({"address": address.to_hex()});
        self.read(Call::Resources, body, ResourceView::read).await
    }

    async fn resources_since(
        &self,
        address: Address,
        at_ms: i64,
    ) -> Result<Option<ResourceView>, NodeError> {
        since::resources(self, address, at_ms).await
    }

    async fn totals(&self) -> Result<ChainTotals, NodeError> {
        let addresses = &self.settings.totals_addresses;
        let start = self.totals_from.load(Ordering::Relaxed);
        for step in 0..addresses.len() {
            let index = (start + step) % addresses.len();
            if let Some(view) = self.resources(addresses[index]).await? {
                self.totals_from.store(index, Ordering::Relaxed);
                return Ok(view.totals);
            }
        }
        Err(NodeError::NoTotals)
    }

    async fn constant_call(
        &self,
        owner: Address,
        contract: Address,
        data: &[u8],
        call_value: Sun,
    ) -> Result<ConstantCall, NodeError> {
        let mut body = json!({
            "owner_address": owner.to_hex(),
            "contract_address": contract.to_hex(),
            "data": to_hex(data),
        });
        if call_value != Sun::ZERO {
            body["call_value"] = json!(call_value.get());
        }
        self.read(Call::ConstantCall, body, ConstantCall::read).await
    }

    async fn token_balance(
        &self,
        token: Address,
        holder: Address,
    ) -> Result<TokenUnits, NodeError> {
        let data = trc20::balance_of_data(holder);
        let call = self.constant_call(black_hole(), token, &data, Sun::ZERO).await?;
        match (&call.outcome, call.token_units()) {
            (ConstantOutcome::Succeeded, Some(units)) => Ok(units),
            (ConstantOutcome::Succeeded, None) => {
                let text = "balanceOf returned no 128-bit amount".to_owned();
                Err(NodeError::ContractCall { text })
            }
            (ConstantOutcome::Reverted(text) | ConstantOutcome::Refused(text), _) => {
                Err(NodeError::ContractCall { text: text.clone() })
            }
        }
    }

    async fn call_batch(&self, calls: &[BatchCall]) -> Result<Vec<BatchOutcome>, NodeError> {
        let body = batch::request(calls);
        self.read(Call::CallBatch, body, |answer| batch::read(answer, calls.len())).await
    }

    async fn trx_balances(&self, addresses: &[Address]) -> Result<Vec<Sun>, NodeError> {
        let body = batch::balances_request(addresses);
        let read = |answer: &Value| batch::read_balances(answer, addresses.len());
        self.read(Call::CallBatch, body, read).await
    }

    async fn chain_parameters(&self) -> Result<ChainParameters, NodeError> {
        self.read(Call::ChainParameters, json!({}), ChainParameters::read).await
    }

    async fn max_delegatable(&self, owner: Address, resource: Resource) -> Result<Sun, NodeError> {
        let body = json!({"owner_address": owner.to_hex(), "type": resource.code()});
        self.read(Call::MaxDelegatable, body, delegation::read_max_size).await
    }

    async fn delegated(
        &self,
        owner: Address,
        receiver: Address,
    ) -> Result<Vec<DelegatedRecord>, NodeError> {
        let body = json!({"fromAddress": owner.to_hex(), "toAddress": receiver.to_hex()});
        self.read(Call::Delegated, body, DelegatedRecord::read_all).await
    }

    async fn delegated_since(
        &self,
        owner: Address,
        receiver: Address,
        at_ms: i64,
    ) -> Result<Vec<DelegatedRecord>, NodeError> {
        since::delegated(self, self.settings.loss_rule, (owner, receiver), at_ms).await
    }

    async fn delegation_index(&self, owner: Address) -> Result<Vec<Address>, NodeError> {
        let body = json!({"value": owner.to_hex()});
        self.read(Call::DelegationIndex, body, delegation::read_receivers).await
    }

    async fn broadcast(&self, txid: TxId, signed_tx: &[u8]) -> Broadcast {
        let body = json!({"transaction": to_hex(signed_tx)});
        match self.ask(Call::Broadcast, body).await {
            Ok(answer) => Broadcast::read(&answer, txid),
            Err(error) => Broadcast::from_error(&error),
        }
    }

    async fn lookup(&self, txid: TxId) -> Result<Lookup, NodeError> {
        self.read_lookup(Call::Lookup, txid).await
    }

    async fn lookup_solid(&self, txid: TxId) -> Result<Lookup, NodeError> {
        self.read_lookup(Call::LookupSolid, txid).await
    }

    async fn provably_lost(&self, txid: TxId, expiration_ms: i64) -> Result<Loss, NodeError> {
        loss::prove(self, self.settings.loss_rule, &self.receipts, txid, expiration_ms).await
    }
}
