//! Sign a leg: from plan and chain head to stored bytes. Nothing is sent here.

use std::sync::atomic::Ordering;

use domain::order::leftover;
use domain::order::whole::last_change;
use domain::{ChainTx, Leg, LegKind, LegState, Road, TxState, UnixMillis, WholeOrder};
use node::{DelegatedRecord, NodeError};
use tron::{Address, Contract, RawTx, RefBlock, Resource, SignedTx, Sun, TxId};

use crate::App;
use crate::chain_view::Snapshot;
use crate::ports::StoreError;
use crate::rows::NewWallet;

/// A view is old after this part of a transaction's time to live: one is sent more than once.
const OLD_VIEW_PART: i64 = 3;

/// A signed transaction, or why there is none.
#[derive(Debug)]
pub enum Signed {
    /// To be stored, then sent.
    Tx(ChainTx),
    /// The chain shows that nothing is left to take back.
    NothingToReturn,
    /// The chain does not show yet what is to be taken back.
    NotVisible,
}

/// A signed transaction that nobody has stored or sent yet.
#[derive(Debug)]
pub(crate) struct SignedBytes {
    /// SHA-256 of the raw data.
    pub(crate) txid: TxId,
    /// Who signed.
    pub(crate) signer: Address,
    /// The signed transaction.
    pub(crate) bytes: Vec<u8>,
    /// Chain time after which it can never be included.
    pub(crate) expiration: UnixMillis,
}

/// Why a leg cannot be signed now.
#[derive(Debug, thiserror::Error)]
pub enum SignFailed {
    /// The chain was not read yet.
    #[error("the chain was not read yet")]
    ChainUnknown,
    /// The wallet is not in the pool any more.
    #[error("wallet {0} is not in the pool")]
    UnknownWallet(Address),
    /// Its key is not in this process.
    #[error("no key for {signer}, which signs for wallet {wallet}")]
    NoKey {
        /// The wallet.
        wallet: Address,
        /// Whose key is missing.
        signer: Address,
    },
    /// The leg is not there.
    #[error("the order has no leg {0}")]
    NoLeg(u8),
    /// The chain cannot be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Builds and signs the transaction that a leg wants on a road.
    ///
    /// `others` are the other live orders on the same receiver. The amount to take back is read from
    /// the chain, never remembered: a record that shrank would otherwise be refused for ever.
    pub async fn sign_leg(
        &self,
        whole: &WholeOrder,
        others: &[WholeOrder],
        number: u8,
        road: Road,
    ) -> Result<Signed, SignFailed> {
        let leg = whole.leg(number).ok_or(SignFailed::NoLeg(number))?;
        let receiver = whole.order.receiver;
        let contract = match (road, leg.kind) {
            (Road::Out, LegKind::Activation) => {
                Contract::CreateAccount { owner: leg.owner, account: receiver }
            }
            (Road::Out, LegKind::Delegation { resource, balance, .. }) => {
                Contract::Delegate { owner: leg.owner, receiver, resource, balance, lock: None }
            }
            (Road::Back, LegKind::Delegation { resource, balance, .. }) => {
                let is_settled = is_settled(whole, others, leg);
                let records = self.node.delegated(leg.owner, receiver).await?;
                let mut found =
                    returnable(leg.state, is_settled, balance, lent(&records, resource));
                if found.leaves_out_some_of(balance) {
                    let Some(records) = self.proven(leg.owner, whole, others).await? else {
                        return Ok(Signed::NotVisible);
                    };
                    found = returnable(leg.state, is_settled, balance, lent(&records, resource));
                }
                let balance = match found {
                    Returnable::Stake(balance) => balance,
                    Returnable::Nothing => return Ok(Signed::NothingToReturn),
                    Returnable::NotVisible => return Ok(Signed::NotVisible),
                };
                Contract::Undelegate { owner: leg.owner, receiver, resource, balance }
            }
            (Road::Back, LegKind::Leftover { balance, .. }) => {
                let left = self.left_over(leg.owner, balance, whole, others).await?;
                let Some(left) = left else { return Ok(Signed::NotVisible) };
                let balance = balance.min(left);
                if balance <= Sun::ZERO {
                    return Ok(Signed::NothingToReturn);
                }
                let resource = Resource::Energy;
                Contract::Undelegate { owner: leg.owner, receiver, resource, balance }
            }
            (Road::Back, LegKind::Activation) | (Road::Out, LegKind::Leftover { .. }) => {
                return Ok(Signed::NothingToReturn);
            }
        };
        let signed = self.sign_contract(leg.owner, contract).await?;
        Ok(Signed::Tx(ChainTx {
            txid: signed.txid,
            leg: leg.id,
            road,
            signer: signed.signer,
            bytes: signed.bytes,
            expiration: signed.expiration,
            state: TxState::Stored,
            is_maybe_taken: false,
            sent_at: None,
            block: None,
        }))
    }

    /// Energy stake of a wallet at a receiver that no order counts on, by the chain's record; `None`
    /// while a transaction about it could still change that, or a node has to be waited for. Less than what
    /// is wanted of it is proven.
    async fn left_over(
        &self,
        owner: Address,
        wanted: Sun,
        whole: &WholeOrder,
        others: &[WholeOrder],
    ) -> Result<Option<Sun>, NodeError> {
        let mut live = others.to_vec();
        live.push(whole.clone());
        // What this order itself takes back is the very thing that is asked for.
        for own in live.iter_mut().filter(|live| live.order.id == whole.order.id) {
            own.legs.retain(|leg| !leg.kind.is_leftover());
        }
        if !leftover::is_settled(owner, &live) {
            return Ok(None);
        }
        let left = |records: &[DelegatedRecord]| {
            lent(records, Resource::Energy) - leftover::accounted_for(owner, &live)
        };
        let shown = left(&self.node.delegated(owner, whole.order.receiver).await?);
        if shown >= wanted {
            return Ok(Some(shown));
        }
        Ok(self.proven(owner, whole, others).await?.map(|records| left(&records)))
    }

    /// What a wallet lends the order's receiver, good enough to let the rest go for good: from nodes that
    /// have seen every change of it that is known, and everything that is settled. `None` when it has to be
    /// asked for again later.
    ///
    /// Shape: two requests a node, eight to a provider.
    async fn proven(
        &self,
        owner: Address,
        whole: &WholeOrder,
        others: &[WholeOrder],
    ) -> Result<Option<Vec<DelegatedRecord>>, NodeError> {
        let changed = last_change(others.iter().chain([whole]));
        let settled = self.view.moment(self.clock.now()).solid_now;
        let at_ms = changed.map_or(settled, |changed| changed.max(settled)).get();
        match self.node.delegated_since(owner, whole.order.receiver, at_ms).await {
            Ok(records) => Ok(Some(records)),
            // Not yet; one block later it may.
            Err(NodeError::Behind { .. } | NodeError::Disagreement) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// Builds and signs a transaction of a wallet of the pool; nothing is stored or sent.
    pub(crate) async fn sign_contract(
        &self,
        owner: Address,
        contract: Contract,
    ) -> Result<SignedBytes, SignFailed> {
        let view = self.view.get().ok_or(SignFailed::ChainUnknown)?;
        let wallet = self.wallet(owner).await?;
        let expiration = self.chain_time(&view).await?.after_ms(self.settings.tx_expiration_ms);
        let raw = RawTx {
            contract,
            // A solid block cannot be forked away, so the reference stays good.
            ref_block: RefBlock::from_block_id(&view.solid.id),
            expiration_ms: expiration.get(),
            timestamp_ms: self.unique_timestamp_ms(),
            fee_limit: Sun::ZERO,
            permission_id: wallet.permission_id,
            memo: Vec::new(),
        }
        .encode();
        let txid = TxId::of_raw(&raw);
        let signature = self
            .signer
            .sign(wallet.signer, &txid)
            .ok_or(SignFailed::NoKey { wallet: wallet.address, signer: wallet.signer })?;
        let bytes = SignedTx { raw, signatures: vec![signature] }.to_bytes();
        Ok(SignedBytes { txid, signer: wallet.signer, bytes, expiration })
    }

    /// The time of the newest block. A node is asked when what was seen seems old: a server that has too
    /// much to do would sign what has expired already, send it, and have it to do once more.
    async fn chain_time(&self, view: &Snapshot) -> Result<UnixMillis, NodeError> {
        let seen = view.head.timestamp_ms;
        let is_fresh = self.clock.now().0 < seen + self.settings.tx_expiration_ms / OLD_VIEW_PART;
        let newest = if is_fresh { seen } else { self.node.head().await?.timestamp_ms.max(seen) };
        Ok(UnixMillis(newest))
    }

    /// Wall time, but never twice the same: the chain has no nonce, and two equal transactions would
    /// be one.
    fn unique_timestamp_ms(&self) -> i64 {
        let now = self.clock.now().get();
        let last = &self.last_timestamp_ms;
        let mut before = last.load(Ordering::Relaxed);
        loop {
            let next = now.max(before.saturating_add(1));
            match last.compare_exchange_weak(before, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return next,
                Err(newer) => before = newer,
            }
        }
    }

    async fn wallet(&self, address: Address) -> Result<NewWallet, SignFailed> {
        let wallets = self.store.wallets().await?;
        wallets
            .into_iter()
            .find(|wallet| wallet.address == address)
            .ok_or(SignFailed::UnknownWallet(address))
    }
}

/// What can be taken back of a delegation.
#[derive(Debug, PartialEq, Eq)]
enum Returnable {
    Stake(Sun),
    Nothing,
    NotVisible,
}

impl Returnable {
    /// Whether acting on it lets stake stay with the receiver for good.
    fn leaves_out_some_of(&self, balance: Sun) -> bool {
        match self {
            Self::Stake(found) => *found < balance,
            Self::Nothing => true,
            Self::NotVisible => false,
        }
    }
}

/// Stake for one resource in these records.
fn lent(records: &[DelegatedRecord], resource: Resource) -> Sun {
    records.iter().map(|record| record.amount(resource)).sum()
}

/// What to take back, of the stake that the chain shows as lent by this wallet to this receiver.
///
/// The record is one for all orders, so a node that lags can show another order's stake and not this
/// one's. Only once everything about it is settled does less mean that the rest is gone.
fn returnable(state: LegState, is_settled: bool, balance: Sun, shown: Sun) -> Returnable {
    match shown {
        shown if shown >= balance => Returnable::Stake(balance),
        Sun::ZERO if is_settled && state == LegState::Owed => Returnable::Nothing,
        shown if is_settled && shown > Sun::ZERO => Returnable::Stake(shown),
        _ => Returnable::NotVisible,
    }
}

/// Whether every transaction about a wallet's stake with this receiver is solid or lost.
///
/// A fork can put another leg's way back before its way out: until that way out is there again, the
/// record is short by it, and what is taken back meanwhile would be too little by it for ever.
fn is_settled(whole: &WholeOrder, others: &[WholeOrder], leg: &Leg) -> bool {
    let resource_of = |kind: &LegKind| kind.stake().map(|(resource, _)| resource);
    let is_about_it = |order: &WholeOrder, number: u8| {
        order.leg(number).is_some_and(|other| {
            other.owner == leg.owner && resource_of(&other.kind) == resource_of(&leg.kind)
        })
    };
    others.iter().chain([whole]).all(|order| {
        let mut txs = order.txs.iter().filter(|tx| is_about_it(order, tx.leg.number));
        txs.all(|tx| matches!(tx.state, TxState::Solid | TxState::Lost))
    })
}

#[cfg(test)]
mod tests {
    use domain::pricing::UnitPrices;
    use domain::{KeyId, LegId, MerchantId, Order, OrderId, OrderKind, OrderState, Origin, Period};
    use tron::{Bandwidth, Energy};

    use super::*;

    const LENT: Sun = Sun::from_trx(100);

    /// An order that owes what it lent, with its way out in this state.
    fn owing(out: TxState) -> WholeOrder {
        let (id, wallet) = (OrderId([1; 16]), Address::from_evm([1; 20]));
        let order = Order {
            id,
            merchant: MerchantId(1),
            key: KeyId(1),
            origin: Origin::Api,
            kind: OrderKind::Energy { period: Period::HOUR },
            receiver: Address::from_evm([2; 20]),
            reference: None,
            callback_url: None,
            energy: Energy::new(64_285),
            bandwidth: Bandwidth::ZERO,
            has_activation: false,
            price: Sun::ZERO,
            unit_prices: UnitPrices::default(),
            balance_after: Sun::ZERO,
            state: OrderState::Delivered,
            created: UnixMillis(0),
            ready: Some(UnixMillis(0)),
            used: Some(UnixMillis(0)),
            used_by: None,
            undone_by: None,
            undone_until: None,
            stopped: None,
            ended: None,
            part_refunded: Sun::ZERO,
        };
        let leg = Leg {
            id: LegId { order: id, number: 1 },
            kind: LegKind::Delegation { resource: Resource::Energy, balance: LENT, units: 64_285 },
            owner: wallet,
            state: LegState::Owed,
            included_at: Some(UnixMillis(0)),
            returned_at: None,
        };
        let tx = ChainTx {
            txid: TxId::from_bytes([1; 32]),
            leg: leg.id,
            road: Road::Out,
            signer: wallet,
            bytes: Vec::new(),
            expiration: UnixMillis(60_000),
            state: out,
            is_maybe_taken: true,
            sent_at: None,
            block: Some(1),
        };
        WholeOrder { order, legs: vec![leg], txs: vec![tx], uses: Vec::new() }
    }

    #[test]
    fn less_than_was_lent_is_taken_back_only_once_everything_about_it_is_settled() {
        let shown = |out: TxState, other: TxState, trx: i64| {
            let (whole, other) = (owing(out), owing(other));
            let (leg, others) = (&whole.legs[0], [other]);
            let is_settled = is_settled(&whole, &others, leg);
            returnable(leg.state, is_settled, LENT, Sun::from_trx(trx))
        };
        let (included, solid) = (TxState::Included, TxState::Solid);
        for (out, other, trx, expected) in [
            (included, solid, 100, Returnable::Stake(LENT)),
            (included, solid, 250, Returnable::Stake(LENT)),
            (included, solid, 99, Returnable::NotVisible),
            (included, solid, 0, Returnable::NotVisible),
            (solid, TxState::Stored, 99, Returnable::NotVisible),
            (solid, included, 0, Returnable::NotVisible),
            (solid, included, 100, Returnable::Stake(LENT)),
            (solid, solid, 99, Returnable::Stake(Sun::from_trx(99))),
            (solid, TxState::Lost, 0, Returnable::Nothing),
        ] {
            let found = shown(out, other, trx);
            assert_eq!(found, expected, "{trx} TRX with ways out {out:?} and {other:?}");
        }
    }

    #[test]
    fn another_wallets_or_resources_legs_do_not_unsettle() {
        let whole = owing(TxState::Solid);
        let mut elsewhere = owing(TxState::Stored);
        elsewhere.legs[0].owner = Address::from_evm([7; 20]);
        let mut bandwidth = owing(TxState::Stored);
        bandwidth.legs[0].kind =
            LegKind::Delegation { resource: Resource::Bandwidth, balance: LENT, units: 345 };
        assert!(is_settled(&whole, &[elsewhere, bandwidth], &whole.legs[0]));
    }
}
