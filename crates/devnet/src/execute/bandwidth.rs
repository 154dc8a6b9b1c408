//! Paying for a transaction's bytes: staked bandwidth, then free, then TRX; never a mix.
//!
//! Source: java-tron `BandwidthProcessor.consume`.

use tron::{Address, Resource};

use crate::execute::rejected::{Rejected, invalid};
use crate::receipt::Outcome;
use crate::resource;
use crate::state::parameters::PUBLIC_NET_LIMIT;
use crate::state::{Account, Session};
use crate::transaction::{Action, Transaction};

pub(super) fn consume(
    session: &mut Session<'_>,
    transaction: &Transaction,
    action: &Action,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let bytes = transaction.bandwidth();
    let owner = Address::from_slice(action.owner_bytes())
        .ok()
        .filter(|owner| session.account(owner).is_some())
        .ok_or_else(|| unknown_owner(action.owner_bytes()))?;
    if creates_account(session, action) {
        let most = session.parameter("getMaxCreateAccountTxSize");
        let size = i64::try_from(transaction.unsigned_size()).unwrap_or(i64::MAX);
        if size > most {
            return Err(Rejected::TooBig(format!(
                "Too big new account transaction, TxId {}, the size is {size} bytes, maxTxSize {most}",
                transaction.id
            )));
        }
        return pay_for_creation(session, owner, bytes, outcome);
    }
    if use_staked(session, owner, bytes) || use_free(session, owner, bytes) {
        outcome.receipt.net_usage = bytes;
        return Ok(());
    }
    let fee = bytes.saturating_mul(session.parameter("getTransactionFee"));
    outcome.receipt.net_fee = burn(session, owner, fee)?;
    Ok(())
}

fn unknown_owner(bytes: &[u8]) -> Rejected {
    let shown = Address::from_slice(bytes).map_or_else(|_| String::new(), |one| one.to_string());
    invalid(format!("account [{shown}] does not exist"))
}

/// Whether the first effect is a new account: that has its own price and no free bandwidth.
fn creates_account(session: &Session<'_>, action: &Action) -> bool {
    match action {
        Action::CreateAccount(_) => true,
        Action::Transfer(message) => {
            Address::from_slice(&message.to_address).is_ok_and(|to| session.account(&to).is_none())
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
    session: &mut Session<'_>,
    owner: Address,
    bytes: i64,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let cost = bytes.saturating_mul(session.parameter("getCreateNewAccountBandwidthRate"));
    if use_staked(session, owner, cost) {
        outcome.receipt.net_usage = cost;
    } else {
        outcome.receipt.net_fee = burn(session, owner, session.parameter("getCreateAccountFee"))?;
    }
    Ok(())
}

fn use_staked(session: &mut Session<'_>, owner: Address, bytes: i64) -> bool {
    let totals = session.totals(Resource::Bandwidth);
    let (now, head_ms) = (session.head_slot(), session.head_ms());
    let has_room = |account: &Account| {
        let stake = &account.bandwidth;
        bytes <= totals.limit_of(stake.yielding()) - stake.usage.recovered(now)
    };
    let fits = session.account(&owner).is_some_and(has_room);
    if fits {
        session.change(owner, |account| {
            account.bandwidth.usage.increase(bytes, now);
            account.operated_ms = head_ms;
        });
    }
    fits
}

fn use_free(session: &mut Session<'_>, owner: Address, bytes: i64) -> bool {
    let (now, head_ms) = (session.head_slot(), session.head_ms());
    let free_limit = session.parameter("getFreeNetLimit");
    let public_limit = session.parameter(PUBLIC_NET_LIMIT);
    let used = session
        .account(&owner)
        .map_or(0, |account| resource::free_increase(account.free_used, 0, account.free_slot, now));
    let properties = session.properties();
    let public_used =
        resource::free_increase(properties.public_net_used, 0, properties.public_net_slot, now);
    if bytes > free_limit - used || bytes > public_limit - public_used {
        return false;
    }
    session.change(owner, |account| {
        account.free_used = resource::free_increase(used, bytes, now, now);
        account.free_slot = now;
        account.operated_ms = head_ms;
    });
    let properties = session.properties_mut();
    properties.public_net_used = resource::free_increase(public_used, bytes, now, now);
    properties.public_net_slot = now;
    true
}

fn burn(session: &mut Session<'_>, owner: Address, fee: i64) -> Result<i64, Rejected> {
    let head_ms = session.head_ms();
    let can_pay = session.account(&owner).is_some_and(|account| account.balance >= fee);
    if !can_pay {
        return Err(Rejected::Bandwidth);
    }
    session.change(owner, |account| {
        account.balance -= fee;
        account.operated_ms = head_ms;
    });
    session.burn(fee);
    Ok(fee)
}
