//! Fees for more than one signature and for a memo.
//!
//! Source: java-tron `Manager.consumeMultiSignFee`, `Manager.consumeMemoFee`.

use tron::Address;

use crate::execute::rejected::Rejected;
use crate::receipt::Outcome;
use crate::state::Session;
use crate::transaction::Transaction;

pub(super) fn consume(
    session: &mut Session<'_>,
    transaction: &Transaction,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let Some(owner) = transaction.owner() else { return Ok(()) };
    if transaction.signatures.len() > 1 {
        charge(session, owner, "getMultiSignFee", outcome)?;
    }
    if !transaction.data.data.is_empty() {
        charge(session, owner, "getMemoFee", outcome)?;
    }
    Ok(())
}

fn charge(
    session: &mut Session<'_>,
    owner: Address,
    key: &'static str,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let fee = session.parameter(key);
    super::take(session, owner, fee).map_err(|_| Rejected::Bandwidth)?;
    session.burn(fee);
    outcome.receipt.other_fee += fee;
    Ok(())
}
