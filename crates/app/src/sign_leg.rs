//! Sign a leg: from plan and chain head to stored bytes. Nothing is sent here.

use std::sync::atomic::Ordering;

use domain::{ChainTx, Leg, LegKind, LegState, Road, TxState, UnixMillis, WholeOrder};
use node::NodeError;
use tron::{Address, Contract, RawTx, RefBlock, SignedTx, Sun, TxId};

use crate::App;
use crate::ports::StoreError;
use crate::rows::NewWallet;

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
    /// The amount to take back is read from the chain, never remembered: a record that shrank would
    /// otherwise be refused for ever.
    pub async fn sign_leg(
        &self,
        whole: &WholeOrder,
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
                let records = self.node.delegated(leg.owner, receiver).await?;
                let shown: Sun = records.iter().map(|record| record.amount(resource)).sum();
                let balance = match returnable(whole, leg, balance, shown) {
                    Returnable::Stake(balance) => balance,
                    Returnable::Nothing => return Ok(Signed::NothingToReturn),
                    Returnable::NotVisible => return Ok(Signed::NotVisible),
                };
                Contract::Undelegate { owner: leg.owner, receiver, resource, balance }
            }
            (Road::Back, LegKind::Activation) => return Ok(Signed::NothingToReturn),
        };
        self.build(leg, road, contract).await.map(Signed::Tx)
    }

    async fn build(
        &self,
        leg: &Leg,
        road: Road,
        contract: Contract,
    ) -> Result<ChainTx, SignFailed> {
        let view = self.view.get().ok_or(SignFailed::ChainUnknown)?;
        let wallet = self.wallet(leg.owner).await?;
        let expiration =
            UnixMillis(view.head.timestamp_ms).after_ms(self.settings.tx_expiration_ms);
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
        Ok(ChainTx {
            txid,
            leg: leg.id,
            road,
            signer: wallet.signer,
            bytes,
            expiration,
            state: TxState::Stored,
            is_maybe_taken: false,
            sent_at: None,
            block: None,
        })
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

/// What to take back, of the stake that the chain shows as lent by this wallet to this receiver.
///
/// The record is one for all orders, so a node that lags can show another order's stake and not this
/// one's. Only once the delegation is solid does less mean that the rest is gone.
fn returnable(whole: &WholeOrder, leg: &Leg, balance: Sun, shown: Sun) -> Returnable {
    let out = whole.live_tx(leg.id.number, Road::Out);
    let is_solid = out.is_none_or(|tx| tx.state == TxState::Solid);
    match shown {
        shown if shown >= balance => Returnable::Stake(balance),
        Sun::ZERO if is_solid && leg.state == LegState::Owed => Returnable::Nothing,
        shown if is_solid && shown > Sun::ZERO => Returnable::Stake(shown),
        _ => Returnable::NotVisible,
    }
}

#[cfg(test)]
mod tests {
    use domain::collect::Scene;
    use domain::{KeyId, LegId, MerchantId, Order, OrderId, OrderState};
    use tron::{Bandwidth, Energy, Resource, TokenUnits};

    use super::*;

    const LENT: Sun = Sun::from_trx(100);

    /// An order that owes what it lent, with its way out in this state.
    fn owing(out: TxState) -> WholeOrder {
        let (id, wallet) = (OrderId([1; 16]), Address::from_evm([1; 20]));
        let order = Order {
            id,
            merchant: MerchantId(1),
            key: KeyId(1),
            receiver: Address::from_evm([2; 20]),
            recipient: None,
            token_amount: TokenUnits(1),
            scene: Scene::RecipientHolds,
            reference: None,
            callback_url: None,
            transfer_energy: Energy::new(64_285),
            energy: Energy::new(64_285),
            bandwidth: Bandwidth::ZERO,
            has_activation: false,
            price: Sun::ZERO,
            balance_after: Sun::ZERO,
            state: OrderState::Delivered,
            created: UnixMillis(0),
            ready: Some(UnixMillis(0)),
            used: Some(UnixMillis(0)),
            used_by: None,
            ended: None,
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
        WholeOrder { order, legs: vec![leg], txs: vec![tx] }
    }

    #[test]
    fn less_than_was_lent_is_taken_back_only_once_the_way_out_is_solid() {
        let shown = |out: TxState, trx: i64| {
            let whole = owing(out);
            returnable(&whole, &whole.legs[0], LENT, Sun::from_trx(trx))
        };
        for (out, trx, expected) in [
            (TxState::Included, 100, Returnable::Stake(LENT)),
            (TxState::Included, 250, Returnable::Stake(LENT)),
            (TxState::Included, 99, Returnable::NotVisible),
            (TxState::Included, 0, Returnable::NotVisible),
            (TxState::Solid, 99, Returnable::Stake(Sun::from_trx(99))),
            (TxState::Solid, 0, Returnable::Nothing),
        ] {
            assert_eq!(shown(out, trx), expected, "{trx} TRX with a way out {out:?}");
        }
    }
}
