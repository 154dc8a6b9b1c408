//! Fees for more than one signature and for a memo.
//!
//! Source: java-tron `Manager.consumeMultiSignFee`, `Manager.consumeMemoFee`.

use tron::Address;

use crate::execute::rejected::Rejected;
use crate::receipt::Outcome;
use crate::state::Draft;
use crate::transaction::Transaction;

pub(super) fn consume(
    draft: &mut Draft<'_>,
    transaction: &Transaction,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let Some(owner) = transaction.owner() else { return Ok(()) };
    if transaction.signatures.len() > 1 {
        charge(draft, owner, "getMultiSignFee", outcome)?;
    }
    if !transaction.data.data.is_empty() {
        charge(draft, owner, "getMemoFee", outcome)?;
    }
    Ok(())
}

fn charge(
    draft: &mut Draft<'_>,
    owner: Address,
    key: &'static str,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let fee = draft.parameter(key);
    super::take(draft, owner, fee).map_err(|_| Rejected::Bandwidth)?;
    draft.burn(fee);
    outcome.receipt.other_fee += fee;
    Ok(())
}
