//! Calling a contract: the built-in token is the only one there is.
//!
//! Source: java-tron `VMActuator`, `Wallet.triggerConstantContract`, `Wallet.estimateEnergy`.

use tron::Address;
use tron::proto::TriggerSmartContract;

use crate::execute::address;
use crate::execute::energy::{allowance, pay};
use crate::execute::rejected::{Rejected, invalid};
use crate::execute::token::{self, Effect, Token};
use crate::receipt::{CallOutcome, ContractResult, Outcome, Receipt};
use crate::state::{Draft, View};

/// Energy that a constant call may use.
pub(crate) const CONSTANT_CALL_ENERGY: i64 = 100_000_000;
/// Text of a revert, as the network stores it.
pub(crate) const REVERTED: &str = "REVERT opcode executed";
const SUN_PER_TRX: i64 = 1_000_000;

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &TriggerSmartContract,
    fee_limit: i64,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let caller = address(&message.owner_address, "Invalid address")?;
    let token = precheck(draft, message, fee_limit, caller)?;
    let allowance = allowance(draft, caller, fee_limit, message.call_value, token.sharing());
    let call = token::call(draft.view(), &token, caller, &message.data, message.call_value);
    let is_affordable = call.energy() <= allowance.limit;
    let used = if is_affordable { call.energy() } else { allowance.limit };
    let (result, returned, logs, failure) = match call.effect {
        _ if !is_affordable => {
            let text = call.cost.out_of_energy_text(allowance.limit);
            (ContractResult::OutOfEnergy, Vec::new(), Vec::new(), Some(text))
        }
        Effect::Reverted => {
            (ContractResult::Revert, Vec::new(), Vec::new(), Some(REVERTED.to_owned()))
        }
        Effect::Returned { data, logs, writes } => {
            token::apply(draft, writes);
            (ContractResult::Success, data, logs, None)
        }
    };
    let is_success = result == ContractResult::Success;
    let net = std::mem::take(&mut outcome.receipt);
    let bill = pay(draft, caller, used, allowance, token.sharing(), is_success)?;
    let penalty = if is_affordable { call.cost.penalty } else { call.cost.penalty.min(used) };
    draft.properties_mut().token.cycle_energy += used - penalty;
    outcome.receipt = Receipt {
        energy_penalty_total: penalty,
        net_usage: net.net_usage,
        net_fee: net.net_fee,
        other_fee: net.other_fee,
        ..bill
    };
    outcome.call = Some(CallOutcome { contract: token.address, result, returned, logs, failure });
    Ok(())
}

fn precheck(
    draft: &Draft<'_>,
    message: &TriggerSmartContract,
    fee_limit: i64,
    caller: Address,
) -> Result<Token, Rejected> {
    let most = draft.parameter("getMaxFeeLimit");
    if fee_limit < 0 || fee_limit > most {
        return Err(invalid(format!("feeLimit must be >= 0 and <= {most}")));
    }
    if message.call_value < 0 {
        return Err(invalid("callValue must be >= 0"));
    }
    let token = token_at(draft.view(), &message.contract_address)
        .ok_or_else(|| invalid("No contract or not a smart contract"))?;
    let balance = draft.account(&caller).map_or(0, |account| account.balance);
    if balance < message.call_value {
        return Err(invalid("Validate InternalTransfer error, balance is not sufficient."));
    }
    Ok(token)
}

/// The built-in token, if these are its address bytes.
pub(crate) fn token_at(view: View<'_>, bytes: &[u8]) -> Option<Token> {
    let address = Address::from_slice(bytes).ok()?;
    let token = view.properties().token.contract;
    (token.address == address).then_some(token)
}

/// What `estimateenergy` answers for a call that needs this much: it tries fee limits by halving and
/// stops within 1 TRX, so it says too much.
pub(crate) fn estimate(needed: i64, price: i64, max_fee_limit: i64) -> i64 {
    let price = price.max(1);
    let suffices = |fee_limit: i64| fee_limit / price >= needed;
    let mut low = price.saturating_mul(needed);
    let mut high = max_fee_limit;
    if suffices(low.saturating_mul(2)) {
        high = low.saturating_mul(2);
    }
    while low.saturating_add(SUN_PER_TRX) < high {
        let middle = low + (high - low) / 2;
        if suffices(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high / price + i64::from(high % price != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_overstate_as_published() {
        for (needed, answer) in
            [(64_285, 72_321), (130_285, 138_428), (935, 1_870), (14_650, 21_975), (29_650, 37_063)]
        {
            assert_eq!(estimate(needed, 100, 15_000_000_000), answer, "{needed}");
        }
    }
}
