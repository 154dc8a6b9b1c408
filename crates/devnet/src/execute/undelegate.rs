//! Taking lent resource back. Source: java-tron `UnDelegateResourceActuator`.

use tron::proto::UnDelegateResourceContract;
use tron::{Address, Resource};

use crate::execute::delegate::unlock_expired;
use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing};
use crate::resource::{Usage, carried_back};
use crate::state::{Draft, RecordKey};

pub(super) struct Checked {
    owner: Address,
    receiver: Address,
    resource: Resource,
}

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &UnDelegateResourceContract,
) -> Result<Checked, Rejected> {
    if draft.parameter("getAllowDelegateResource") != 1 {
        return Err(invalid("No support for resource delegate"));
    }
    if draft.parameter("getUnfreezeDelayDays") <= 0 {
        return Err(invalid(
            "Not support unDelegate resource transaction, need to be opened by the committee",
        ));
    }
    let owner = address(&message.owner_address, "Invalid address")?;
    existing(draft, &owner, "does not exist")?;
    let receiver = address(&message.receiver_address, "Invalid receiverAddress")?;
    if receiver == owner {
        return Err(invalid("receiverAddress must not be the same as ownerAddress"));
    }
    let record = |is_locked| draft.record(&RecordKey { from: owner, to: receiver, is_locked });
    let (unlocked, locked) = (record(false), record(true));
    if unlocked.is_none() && locked.is_none() {
        return Err(invalid("delegated Resource does not exist"));
    }
    let request = message.balance;
    if request <= 0 {
        return Err(invalid("unDelegateBalance must be more than 0 TRX"));
    }
    let resource = Resource::from_code(message.resource)
        .ok_or_else(|| invalid("ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]"))?;
    let now = draft.head_ms();
    let expired = locked
        .map(|record| *record.lent(resource))
        .filter(|lent| lent.expire_ms < now)
        .map_or(0, |lent| lent.amount);
    let unlock = unlocked.map_or(0, |record| record.lent(resource).amount) + expired;
    if unlock < request {
        let word = match resource {
            Resource::Bandwidth => "insufficient delegatedFrozenBalance(BANDWIDTH)",
            Resource::Energy => "insufficient delegateFrozenBalance(Energy)",
        };
        return Err(invalid(format!("{word}, request={request}, unlock_balance={unlock}")));
    }
    Ok(Checked { owner, receiver, resource })
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &UnDelegateResourceContract,
) -> Result<(), Rejected> {
    let Checked { owner, receiver, resource } = validate(draft, message)?;
    let balance = message.balance;
    let carried = take_from_receiver(draft, receiver, resource, balance);
    let now_ms = draft.head_ms();
    unlock_expired(draft, owner, receiver, now_ms);
    shrink_record(draft, owner, receiver, resource, balance);
    let now = draft.head_slot();
    draft.change(owner, |account| {
        let stake = account.stake_mut(resource);
        stake.delegated -= balance;
        stake.frozen += balance;
        if let Some((units, usage)) = carried.filter(|(units, _)| *units > 0) {
            stake.usage.absorb(units, &usage, now);
        }
    });
    Ok(())
}

/// Shrinks what the receiver may use and says how much of its use goes back with the stake; nothing
/// when the receiver is gone.
fn take_from_receiver(
    draft: &mut Draft<'_>,
    receiver: Address,
    resource: Resource,
    balance: i64,
) -> Option<(i64, Usage)> {
    let (now, totals) = (draft.head_slot(), draft.totals(resource));
    let mut carried = None;
    draft.change(receiver, |account| {
        let stake = account.stake_mut(resource);
        stake.usage.increase(0, now);
        let mut units = 0;
        if stake.acquired < balance {
            // A contract that destroyed itself and was created again.
            stake.acquired = 0;
        } else {
            units = carried_back(stake.usage.used, balance, stake.yielding(), totals);
            stake.acquired -= balance;
        }
        stake.usage.used -= units;
        carried = Some((units, stake.usage));
    });
    carried
}

fn shrink_record(
    draft: &mut Draft<'_>,
    from: Address,
    to: Address,
    resource: Resource,
    balance: i64,
) {
    let key = RecordKey { from, to, is_locked: false };
    let mut record = draft.record(&key).unwrap_or_default();
    record.lent_mut(resource).amount -= balance;
    let is_gone = record.is_empty();
    draft.put_record(key, (!is_gone).then_some(record));
    if is_gone && draft.record(&RecordKey { is_locked: true, ..key }).is_none() {
        draft.link(from, to, None);
    }
}
