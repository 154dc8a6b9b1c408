//! How much energy a call may use, and who pays for it.
//!
//! Source: java-tron `VMActuator.getTotalEnergyLimitWithFixRatio`, `TransactionTrace.pay`,
//! `ReceiptCapsule.payEnergyBill`.

use tron::{Address, Resource};

use crate::execute::rejected::Rejected;
use crate::execute::take;
use crate::receipt::Receipt;
use crate::state::Draft;

/// Share of a call's energy that its caller pays, in percent; the deployer pays the rest as far as
/// its stake and the contract's limit reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sharing {
    pub(crate) caller_percent: i64,
    pub(crate) origin: Address,
    pub(crate) origin_limit: i64,
}

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Staked energy the caller can still use.
    caller_left: i64,
    origin_share: i64,
    pub(super) limit: i64,
}

/// Staked energy that an address can use now.
fn left_of(draft: &Draft<'_>, address: &Address) -> i64 {
    let (now, totals) = (draft.head_slot(), draft.totals(Resource::Energy));
    draft.account(address).map_or(0, |account| {
        let stake = &account.energy;
        (totals.limit_of(stake.yielding()) - stake.usage.recovered(now)).max(0)
    })
}

pub(super) fn allowance(
    draft: &Draft<'_>,
    caller: Address,
    fee_limit: i64,
    call_value: i64,
    sharing: Sharing,
) -> Allowance {
    let price = draft.parameter("getEnergyFee").max(1);
    let caller_left = left_of(draft, &caller);
    let balance = draft.account(&caller).map_or(0, |account| account.balance);
    let bought = (balance - call_value).max(0) / price;
    let caller_limit = caller_left.saturating_add(bought).min(fee_limit / price);
    let origin_share = origin_share(draft, caller, caller_limit, sharing);
    Allowance { caller_left, origin_share, limit: caller_limit.saturating_add(origin_share) }
}

/// What the deployer adds to the caller's limit.
fn origin_share(draft: &Draft<'_>, caller: Address, caller_limit: i64, sharing: Sharing) -> i64 {
    if sharing.origin == caller || sharing.caller_percent >= 100 {
        return 0;
    }
    let left = left_of(draft, &sharing.origin).min(sharing.origin_limit);
    if sharing.caller_percent <= 0 {
        return left;
    }
    let proportional = i128::from(caller_limit) * i128::from(100 - sharing.caller_percent)
        / i128::from(sharing.caller_percent);
    left.min(i64::try_from(proportional).unwrap_or(i64::MAX))
}

/// Charges used energy: deployer's share, then the caller's stake, then the caller's TRX.
///
/// A successful call first writes the caller's decayed usage back; a failed one does not. That is
/// the network's own asymmetry and moves the result by at most one unit.
pub(super) fn pay(
    draft: &mut Draft<'_>,
    caller: Address,
    used: i64,
    allowance: Allowance,
    sharing: Sharing,
    is_success: bool,
) -> Result<Receipt, Rejected> {
    let (now, head_ms) = (draft.head_slot(), draft.head_ms());
    let from_origin = if sharing.origin == caller {
        0
    } else {
        let share = i128::from(used) * i128::from(100 - sharing.caller_percent) / 100;
        allowance.origin_share.min(i64::try_from(share).unwrap_or(i64::MAX)).max(0)
    };
    if from_origin > 0 {
        draft.change(sharing.origin, |account| {
            account.energy.usage.increase(from_origin, now);
            account.operated_ms = head_ms;
        });
    }
    let by_caller = used - from_origin;
    let from_stake = by_caller.min(allowance.caller_left);
    draft.change(caller, |account| {
        if is_success {
            account.energy.usage.settle(now);
        }
        account.energy.usage.increase(from_stake, now);
        account.operated_ms = head_ms;
    });
    let energy_fee = (by_caller - from_stake).saturating_mul(draft.parameter("getEnergyFee"));
    take(draft, caller, energy_fee)?;
    draft.burn(energy_fee);
    Ok(Receipt {
        energy_usage: from_stake,
        energy_fee,
        origin_energy_usage: from_origin,
        energy_usage_total: used,
        ..Receipt::default()
    })
}
