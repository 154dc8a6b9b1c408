//! Paying for a transaction's bytes: staked bandwidth, then free, then TRX; never a mix.
//!
//! Source: java-tron `BandwidthProcessor.consume`.

use tron::{Address, Resource};

use crate::execute::rejected::{Rejected, invalid};
use crate::receipt::Outcome;
use crate::resource;
use crate::state::parameters::PUBLIC_NET_LIMIT;
use crate::state::{Account, Draft};
use crate::transaction::{Action, Transaction};

pub(super) fn consume(
    draft: &mut Draft<'_>,
    transaction: &Transaction,
    action: &Action,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let bytes = transaction.bandwidth();
    let owner = Address::from_slice(action.owner_bytes())
        .ok()
        .filter(|owner| draft.account(owner).is_some())
        .ok_or_else(|| unknown_owner(action.owner_bytes()))?;
    if creates_account(draft, action) {
        let most = draft.parameter("getMaxCreateAccountTxSize");
        let size = i64::try_from(transaction.unsigned_size()).unwrap_or(i64::MAX);
        if size > most {
            return Err(Rejected::TooBig(format!(
                "Too big new account transaction, TxId {}, the size is {size} bytes, maxTxSize {most}",
                transaction.id
            )));
        }
        return pay_for_creation(draft, owner, bytes, outcome);
    }
    if use_staked(draft, owner, bytes) || use_free(draft, owner, bytes) {
        outcome.receipt.net_usage = bytes;
        return Ok(());
    }
    let fee = bytes.saturating_mul(draft.parameter("getTransactionFee"));
    outcome.receipt.net_fee = burn(draft, owner, fee)?;
    Ok(())
}

fn unknown_owner(bytes: &[u8]) -> Rejected {
    let shown = Address::from_slice(bytes).map_or_else(|_| String::new(), |one| one.to_string());
    invalid(format!("account [{shown}] does not exist"))
}

/// Whether the first effect is a new account: that has its own price and no free bandwidth.
fn creates_account(draft: &Draft<'_>, action: &Action) -> bool {
    match action {
        Action::CreateAccount(_) => true,
        Action::Transfer(message) => {
            Address::from_slice(&message.to_address).is_ok_and(|to| draft.account(&to).is_none())
        }
        Action::Trigger(_)
        | Action::PermissionUpdate(_)
        | Action::Freeze(_)
        | Action::Unfreeze(_)
        | Action::Withdraw(_)
        | Action::CancelUnfreeze(_)
        | Action::Delegate(_)
        | Action::Undelegate(_)
        | Action::Other { .. } => false,
    }
}

fn pay_for_creation(
    draft: &mut Draft<'_>,
    owner: Address,
    bytes: i64,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let cost = bytes.saturating_mul(draft.parameter("getCreateNewAccountBandwidthRate"));
    if use_staked(draft, owner, cost) {
        outcome.receipt.net_usage = cost;
    } else {
        outcome.receipt.net_fee = burn(draft, owner, draft.parameter("getCreateAccountFee"))?;
    }
    Ok(())
}

fn use_staked(draft: &mut Draft<'_>, owner: Address, bytes: i64) -> bool {
    let totals = draft.totals(Resource::Bandwidth);
    let (now, head_ms) = (draft.head_slot(), draft.head_ms());
    let has_room = |account: &Account| {
        let stake = &account.bandwidth;
        bytes <= totals.limit_of(stake.yielding()) - stake.usage.recovered(now)
    };
    let fits = draft.account(&owner).is_some_and(has_room);
    if fits {
        draft.change(owner, |account| {
            account.bandwidth.usage.increase(bytes, now);
            account.operated_ms = head_ms;
        });
    }
    fits
}

fn use_free(draft: &mut Draft<'_>, owner: Address, bytes: i64) -> bool {
    let (now, head_ms) = (draft.head_slot(), draft.head_ms());
    let free_limit = draft.parameter("getFreeNetLimit");
    let public_limit = draft.parameter(PUBLIC_NET_LIMIT);
    let used = draft
        .account(&owner)
        .map_or(0, |account| resource::free_increase(account.free_used, 0, account.free_slot, now));
    let properties = draft.properties();
    let public_used =
        resource::free_increase(properties.public_net_used, 0, properties.public_net_slot, now);
    if bytes > free_limit - used || bytes > public_limit - public_used {
        return false;
    }
    draft.change(owner, |account| {
        account.free_used = resource::free_increase(used, bytes, now, now);
        account.free_slot = now;
        account.operated_ms = head_ms;
    });
    let properties = draft.properties_mut();
    properties.public_net_used = resource::free_increase(public_used, bytes, now, now);
    properties.public_net_slot = now;
    true
}

fn burn(draft: &mut Draft<'_>, owner: Address, fee: i64) -> Result<i64, Rejected> {
    let head_ms = draft.head_ms();
    let can_pay = draft.account(&owner).is_some_and(|account| account.balance >= fee);
    if !can_pay {
        return Err(Rejected::Bandwidth);
    }
    draft.change(owner, |account| {
        account.balance -= fee;
        account.operated_ms = head_ms;
    });
    draft.burn(fee);
    Ok(fee)
}
