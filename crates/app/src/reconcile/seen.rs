//! What a block shows of the pool's wallets and of deposit addresses.

use std::collections::BTreeMap;

use domain::UnixMillis;
use domain::pool::WalletRole;
use node::{Block, BlockTx};
use tron::{Address, ContractType, Sun};

use super::findings::{Deed, UnknownDeposit, UnknownTx};
use super::payees::Payee;
use crate::rows::NewWallet;

/// What our signers did with wallets of the pool in a block, and had an effect.
///
/// A wallet's owner does other things with it: moves TRX elsewhere, lends by hand, activates an address.
/// Nobody ordered that, so only what the wallet is for, done with the permission that its signer holds,
/// is ours.
pub(super) fn deeds(block: &Block, wallets: &BTreeMap<Address, NewWallet>) -> Vec<UnknownTx> {
    let (number, at) = (block.head.number, UnixMillis(block.head.timestamp_ms));
    let done = block.transactions.iter().filter(|tx| tx.succeeded);
    done.filter_map(|tx| {
        let contract = tx.contract?;
        let wallet = wallets.get(&contract.owner?)?;
        let deed = deed(tx).filter(|deed| is_for(wallet.role, *deed))?;
        if contract.permission_id != Some(wallet.permission_id) {
            return None;
        }
        Some(UnknownTx {
            txid: tx.txid,
            block: number,
            at,
            wallet: wallet.address,
            receiver: contract.receiver?,
            deed,
            merchant: None,
            charge: Sun::ZERO,
            is_posted: false,
        })
    })
    .collect()
}

const fn is_for(role: WalletRole, deed: Deed) -> bool {
    match deed {
        Deed::Lent(..) | Deed::TookBack(..) => matches!(role, WalletRole::Lender),
        Deed::Activated => matches!(role, WalletRole::Activator),
        Deed::Sent(_) => matches!(role, WalletRole::Payer),
    }
}

fn deed(tx: &BlockTx) -> Option<Deed> {
    let contract = tx.contract?;
    let amount = contract.amount_sun.map(Sun::new);
    match contract.kind? {
        ContractType::Delegate => Some(Deed::Lent(contract.resource?, amount?)),
        ContractType::Undelegate => Some(Deed::TookBack(contract.resource?, amount?)),
        ContractType::CreateAccount => Some(Deed::Activated),
        ContractType::Transfer => Some(Deed::Sent(amount?)),
        // The pool's wallets are staked and given their rights by their owner, not by us.
        ContractType::Trigger
        | ContractType::PermissionUpdate
        | ContractType::Freeze
        | ContractType::Unfreeze
        | ContractType::WithdrawExpireUnfreeze
        | ContractType::CancelAllUnfreeze => None,
    }
}

/// Payments to deposit addresses in a block.
pub(super) fn deposits(block: &Block, payees: &BTreeMap<Address, Payee>) -> Vec<UnknownDeposit> {
    let paid = block.transactions.iter().filter(|tx| tx.succeeded);
    paid.filter_map(|tx| {
        let contract = tx.contract.filter(|one| one.kind == Some(ContractType::Transfer))?;
        let address = contract.receiver?;
        let payee = payees.get(&address)?;
        Some(UnknownDeposit {
            txid: tx.txid,
            block: block.head.number,
            merchant: payee.merchant,
            number: payee.number,
            address,
            amount: Sun::new(contract.amount_sun.filter(|amount| *amount > 0)?),
            is_ahead_of_scan: false,
        })
    })
    .collect()
}
