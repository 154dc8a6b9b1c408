//! Executing a transaction on a draft: pay for carrying it, then validate and act.
//!
//! One file a contract; each validates in java-tron's order with java-tron's texts.

mod bandwidth;
mod cancel_unfreeze;
mod create_account;
mod delegate;
mod energy;
mod fees;
mod freeze;
mod permission_update;
mod rejected;
pub(crate) mod signature;
pub(crate) mod token;
mod transfer;
pub(crate) mod trigger;
mod undelegate;
mod unfreeze;
mod withdraw;

use tron::Address;

pub(crate) use delegate::{availability, estimated_bandwidth, lend};
pub(crate) use rejected::{Rejected, invalid};

use crate::receipt::Outcome;
use crate::state::{Account, Draft};
use crate::transaction::{Action, Transaction};

/// Charges and executes a transaction whose signatures, references and times are already checked.
///
/// On an error the draft holds half of its changes; the caller reverts them.
///
/// Source: java-tron `Manager.processTransaction`.
pub(crate) fn execute(
    draft: &mut Draft<'_>,
    transaction: &Transaction,
) -> Result<Outcome, Rejected> {
    let action = transaction.action.as_ref().ok_or_else(|| invalid("No contract!"))?;
    let mut outcome = Outcome::default();
    bandwidth::consume(draft, transaction, action, &mut outcome)?;
    fees::consume(draft, transaction, &mut outcome)?;
    act(draft, transaction, action, &mut outcome)?;
    Ok(outcome)
}

fn act(
    draft: &mut Draft<'_>,
    transaction: &Transaction,
    action: &Action,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    match action {
        Action::CreateAccount(message) => create_account::run(draft, message, outcome),
        Action::Transfer(message) => transfer::run(draft, message, outcome),
        Action::PermissionUpdate(message) => permission_update::run(draft, message, outcome),
        Action::Freeze(message) => freeze::run(draft, message),
        Action::Unfreeze(message) => unfreeze::run(draft, message, outcome),
        Action::Withdraw(message) => withdraw::run(draft, message, outcome),
        Action::CancelUnfreeze(message) => cancel_unfreeze::run(draft, message, outcome),
        Action::Delegate(message) => delegate::run(draft, message),
        Action::Undelegate(message) => undelegate::run(draft, message),
        Action::Trigger(message) => {
            trigger::run(draft, message, transaction.data.fee_limit, outcome)
        }
        Action::Other { number, .. } => {
            Err(invalid(format!("contract type {number} is not executed by this devnet")))
        }
    }
}

/// Only the contract's own validation, as the transaction builders run it: no bandwidth, no fees, no
/// signature. The bandwidth that the delegate itself will cost is estimated instead.
pub(crate) fn validate(draft: &Draft<'_>, action: &Action) -> Result<(), Rejected> {
    match action {
        Action::CreateAccount(message) => create_account::validate(draft, message).map(drop),
        Action::Transfer(message) => transfer::validate(draft, message).map(drop),
        Action::PermissionUpdate(message) => permission_update::validate(draft, message).map(drop),
        Action::Freeze(message) => freeze::validate(draft, message).map(drop),
        Action::Unfreeze(message) => unfreeze::validate(draft, message).map(drop),
        Action::Withdraw(message) => withdraw::validate(draft, message).map(drop),
        Action::CancelUnfreeze(message) => cancel_unfreeze::validate(draft, message).map(drop),
        Action::Delegate(message) => delegate::validate(draft, message, true).map(drop),
        Action::Undelegate(message) => undelegate::validate(draft, message).map(drop),
        Action::Trigger(_) | Action::Other { .. } => Ok(()),
    }
}

/// The account of these address bytes, or the complaint that it is missing.
fn existing<'s>(
    draft: &'s Draft<'_>,
    address: &Address,
    missing: &str,
) -> Result<&'s Account, Rejected> {
    draft
        .account(address)
        .ok_or_else(|| invalid(format!("Account[{}] {missing}", address.to_hex())))
}

fn address(bytes: &[u8], complaint: &str) -> Result<Address, Rejected> {
    Address::from_slice(bytes).map_err(|_| invalid(complaint))
}

/// Takes sun from an account that was checked to have them.
fn take(draft: &mut Draft<'_>, address: Address, sun: i64) -> Result<(), Rejected> {
    let balance = draft.account(&address).map_or(0, |account| account.balance);
    if balance < sun {
        return Err(Rejected::Execute(format!(
            "{} insufficient balance, balance: {balance}, amount: {sun}",
            address.to_hex()
        )));
    }
    draft.change(address, |account| account.balance -= sun);
    Ok(())
}
