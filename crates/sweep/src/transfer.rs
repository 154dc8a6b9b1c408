//! One token transfer: built and signed here, sent, followed, and judged by its receipt.

use std::time::Duration;

use node::{Broadcast, Included, Lookup, Loss, NodeError, TronNode};
use tron::trc20;
use tron::{
    Address, Contract, Energy, RawTx, RefBlock, SecretKey, SignedTx, Sun, TokenUnits, TxId,
};

/// How long the signed transfer can be included, from the newest block, in milliseconds.
pub const EXPIRATION_MS: i64 = 60_000;
/// Wait between two looks for the receipt.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Sends of the same bytes, one for every this many looks.
const LOOKS_A_SEND: u32 = 15;

/// What is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The token's contract.
    pub token: Address,
    /// Where to.
    pub to: Address,
    /// How much, in the token's smallest unit.
    pub amount: TokenUnits,
    /// The most TRX that the call may burn, staked energy counted at the energy price.
    pub fee_limit: Sun,
}

/// A transfer that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub txid: TxId,
    /// The block that holds it.
    pub block: i64,
    /// Energy that it took in all.
    pub energy_used: Energy,
    /// TRX burned for energy.
    pub energy_burn: Sun,
    /// TRX burned for bandwidth.
    pub bandwidth_burn: Sun,
}

/// Why the tokens did not move.
#[derive(Debug, thiserror::Error)]
pub enum TransferFailed {
    /// The chain could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node refused the transaction.
    #[error("the node refused the transfer: {0}")]
    Refused(String),
    /// It was included and failed.
    #[error("the transfer {txid} failed: {text}")]
    Failed {
        /// Its id.
        txid: TxId,
        /// The chain's words.
        text: String,
    },
    /// It was included without the expected Transfer log.
    #[error("the transfer {0} moved no tokens")]
    NoLog(TxId),
    /// It expired without being included; the tokens are where they were.
    #[error("the transfer {0} expired")]
    Expired(TxId),
}

/// Signs a transfer with the owner's key, sends it and follows it into a block.
///
/// Shape: returns when a block holds it, or when it can never be held.
/// Errors: [`TransferFailed`]; the tokens have not moved then.
pub async fn send(
    node: &dyn TronNode,
    key: &SecretKey,
    transfer: &Transfer,
) -> Result<Receipt, TransferFailed> {
    let (head, solid) = futures::try_join!(node.head(), node.solid_head())?;
    let owner = key.address();
    let expiration_ms = head.timestamp_ms + EXPIRATION_MS;
    let raw = RawTx {
        contract: Contract::Trigger {
            owner,
            contract: transfer.token,
            data: trc20::transfer_data(transfer.to, transfer.amount),
            call_value: Sun::ZERO,
        },
        ref_block: RefBlock::from_block_id(&solid.id),
        expiration_ms,
        timestamp_ms: head.timestamp_ms,
        fee_limit: transfer.fee_limit,
        permission_id: 0,
        memo: Vec::new(),
    }
    .encode();
    let txid = TxId::of_raw(&raw);
    let bytes = SignedTx { raw, signatures: vec![key.sign(&txid)] }.to_bytes();
    let mut looks = 0;
    loop {
        if looks % LOOKS_A_SEND == 0
            && let Broadcast::Refused { text, .. } = node.broadcast(txid, &bytes).await
            && looks == 0
        {
            return Err(TransferFailed::Refused(text));
        }
        looks += 1;
        tokio::time::sleep(LOOK_EVERY).await;
        if let Lookup::Included(found) = node.lookup(txid).await? {
            return judge(owner, transfer, txid, &found);
        }
        match node.provably_lost(txid, expiration_ms).await? {
            Loss::Lost => return Err(TransferFailed::Expired(txid)),
            Loss::Included(found) => return judge(owner, transfer, txid, &found),
            Loss::Undecided { .. } => {}
        }
    }
}

/// The receipt and the Transfer log decide, never the call's return value.
fn judge(
    owner: Address,
    transfer: &Transfer,
    txid: TxId,
    found: &Included,
) -> Result<Receipt, TransferFailed> {
    if !found.succeeded {
        return Err(TransferFailed::Failed { txid, text: found.result_text.clone() });
    }
    let has_moved =
        found.logs.iter().filter(|log| log.contract_address == transfer.token).any(|log| {
            trc20::decode_transfer_log(&log.topics, &log.data).is_ok_and(|moved| {
                moved.from == owner && moved.to == transfer.to && moved.amount == transfer.amount
            })
        });
    if !has_moved {
        return Err(TransferFailed::NoLog(txid));
    }
    Ok(Receipt {
        txid,
        block: found.block_number,
        energy_used: found.energy_used_total,
        energy_burn: found.energy_burn,
        bandwidth_burn: found.bandwidth_burn,
    })
}
