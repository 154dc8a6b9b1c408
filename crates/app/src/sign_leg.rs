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
                if shown == Sun::ZERO {
                    return Ok(missing(whole, leg));
                }
                let balance = balance.min(shown);
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

/// Nothing is shown as lent. Only once the delegation is solid does that mean that it is gone; before,
/// the node may simply lag.
fn missing(whole: &WholeOrder, leg: &Leg) -> Signed {
    let out = whole.live_tx(leg.id.number, Road::Out);
    let is_solid = out.is_none_or(|tx| tx.state == TxState::Solid);
    match is_solid && leg.state == LegState::Owed {
        true => Signed::NothingToReturn,
        false => Signed::NotVisible,
    }
}
