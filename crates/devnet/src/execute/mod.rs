//! Executing a transaction on a session: pay for carrying it, then validate and act.
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
use crate::state::{Account, Session};
use crate::transaction::{Action, Transaction};

/// Charges and executes a transaction whose signatures, references and times are already checked.
///
/// On an error the session holds half of its changes; the caller reverts them.
///
/// Source: java-tron `Manager.processTransaction`.
pub(crate) fn execute(
    session: &mut Session<'_>,
    transaction: &Transaction,
) -> Result<Outcome, Rejected> {
    let action = transaction.action.as_ref().ok_or_else(|| invalid("No contract!"))?;
    let mut outcome = Outcome::default();
    bandwidth::consume(session, transaction, action, &mut outcome)?;
    fees::consume(session, transaction, &mut outcome)?;
    act(session, transaction, action, &mut outcome)?;
    Ok(outcome)
}

fn act(
    session: &mut Session<'_>,
    transaction: &Transaction,
    action: &Action,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    match action {
        Action::CreateAccount(message) => create_account::run(session, message, outcome),
        Action::Transfer(message) => transfer::run(session, message, outcome),
        Action::PermissionUpdate(message) => permission_update::run(session, message, outcome),
        Action::Freeze(message) => freeze::run(session, message),
        Action::Unfreeze(message) => unfreeze::run(session, message, outcome),
        Action::Withdraw(message) => withdraw::run(session, message, outcome),
        Action::CancelUnfreeze(message) => cancel_unfreeze::run(session, message, outcome),
        Action::Delegate(message) => delegate::run(session, message),
        Action::Undelegate(message) => undelegate::run(session, message),
        Action::Trigger(message) => {
            trigger::run(session, message, transaction.data.fee_limit, outcome)
        }
        Action::Other { number, .. } => {
            Err(invalid(format!("contract type {number} is not executed by this devnet")))
        }
    }
}

/// Only the contract's own validation, as the transaction builders run it: no bandwidth, no fees, no
/// signature. The bandwidth that the delegate itself will cost is estimated instead.
pub(crate) fn validate(session: &Session<'_>, action: &Action) -> Result<(), Rejected> {
    match action {
        Action::CreateAccount(message) => create_account::validate(session, message).map(drop),
        Action::Transfer(message) => transfer::validate(session, message).map(drop),
        Action::PermissionUpdate(message) => {
            permission_update::validate(session, message).map(drop)
        }
        Action::Freeze(message) => freeze::validate(session, message).map(drop),
        Action::Unfreeze(message) => unfreeze::validate(session, message).map(drop),
        Action::Withdraw(message) => withdraw::validate(session, message).map(drop),
        Action::CancelUnfreeze(message) => cancel_unfreeze::validate(session, message).map(drop),
        Action::Delegate(message) => delegate::validate(session, message, true).map(drop),
        Action::Undelegate(message) => undelegate::validate(session, message).map(drop),
        Action::Trigger(_) | Action::Other { .. } => Ok(()),
    }
}

/// The account of these address bytes, or the complaint that it is missing.
fn existing<'s>(
    session: &'s Session<'_>,
    address: &Address,
    missing: &str,
) -> Result<&'s Account, Rejected> {
    session
        .account(address)
        .ok_or_else(|| invalid(format!("Account[{}] {missing}", address.to_hex())))
}

fn address(bytes: &[u8], complaint: &str) -> Result<Address, Rejected> {
    Address::from_slice(bytes).map_err(|_| invalid(complaint))
}

/// Takes sun from an account that was checked to have them.
fn take(session: &mut Session<'_>, address: Address, sun: i64) -> Result<(), Rejected> {
    let balance = session.account(&address).map_or(0, |account| account.balance);
    if balance < sun {
        return Err(Rejected::Execute(format!(
            "{} insufficient balance, balance: {balance}, amount: {sun}",
            address.to_hex()
        )));
    }
    session.change(address, |account| account.balance -= sun);
    Ok(())
}
