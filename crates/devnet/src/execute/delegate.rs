//! Lending staked resource. Source: java-tron `DelegateResourceActuator`.

use prost::Message;
use tron::proto::DelegateResourceContract;
use tron::{Address, Resource};

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing};
use crate::resource::Totals;
use crate::state::properties::SLOT_MS;
use crate::state::{Account, Draft, RecordKey};

const SUN_PER_TRX: i64 = 1_000_000;
/// What a lock without a period means: 3 days of blocks.
const DEFAULT_LOCK_BLOCKS: i64 = 86_400;
/// Bytes of the smallest delegate transaction, as the node estimates them.
const ESTIMATE_BASE_BYTES: i64 = 275;

pub(super) struct Checked {
    owner: Address,
    receiver: Address,
    resource: Resource,
    /// Zero is "not locked".
    expire_ms: i64,
}

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &DelegateResourceContract,
    is_building: bool,
) -> Result<Checked, Rejected> {
    switched_on(draft)?;
    let owner = address(&message.owner_address, "Invalid address")?;
    let account = existing(draft, &owner, "not exists")?;
    if message.balance < SUN_PER_TRX {
        return Err(invalid("delegateBalance must be greater than or equal to 1 TRX"));
    }
    let resource = available_for(draft, account, message, is_building)?;
    let receiver = address(&message.receiver_address, "Invalid receiverAddress")?;
    if receiver == owner {
        return Err(invalid("receiverAddress must not be the same as ownerAddress"));
    }
    let receiving = existing(draft, &receiver, "not exists")?;
    let expire_ms = lock_end(draft, owner, receiver, resource, message)?;
    if receiving.is_contract {
        return Err(invalid("Do not allow delegate resources to contract addresses"));
    }
    Ok(Checked { owner, receiver, resource, expire_ms })
}

fn switched_on(draft: &Draft<'_>) -> Result<(), Rejected> {
    if draft.parameter("getAllowDelegateResource") != 1 {
        return Err(invalid("No support for resource delegate"));
    }
    if draft.parameter("getUnfreezeDelayDays") <= 0 {
        return Err(invalid(
            "Not support Delegate resource transaction, need to be opened by the committee",
        ));
    }
    Ok(())
}

fn available_for(
    draft: &Draft<'_>,
    account: &Account,
    message: &DelegateResourceContract,
    is_building: bool,
) -> Result<Resource, Rejected> {
    let resource = Resource::from_code(message.resource)
        .ok_or_else(|| invalid("ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]"))?;
    let extra = if is_building { estimated_bandwidth(account, resource) } else { 0 };
    let (now, totals) = (draft.head_slot(), draft.totals(resource));
    if availability(account, resource, totals, now, extra) < message.balance {
        let word = match resource {
            Resource::Bandwidth => "FreezeBandwidthV2",
            Resource::Energy => "FreezeEnergyV2",
        };
        return Err(invalid(format!(
            "delegateBalance must be less than or equal to available {word} balance"
        )));
    }
    Ok(resource)
}

/// Own stake, in sun, that is not tied up by current use; may be negative.
pub(crate) fn availability(
    account: &Account,
    resource: Resource,
    totals: Totals,
    now: i64,
    extra_used: i64,
) -> i64 {
    let stake = account.stake(resource);
    let used = stake.usage.recovered(now).saturating_add(extra_used);
    stake.frozen - totals.tied_up(used, stake.acquired)
}

/// What the node thinks a delegate of everything will cost in bandwidth; nothing for energy.
///
/// Source: java-tron `TransactionUtil.estimateConsumeBandWidthSize`.
pub(crate) fn estimated_bandwidth(account: &Account, resource: Resource) -> i64 {
    match resource {
        Resource::Energy => 0,
        Resource::Bandwidth => {
            let size = |lock: bool, lock_period, balance| {
                DelegateResourceContract { lock, lock_period, balance, ..Default::default() }
                    .encoded_len()
            };
            let most = size(true, 864_000, account.bandwidth.frozen);
            let least = size(false, 0, SUN_PER_TRX);
            ESTIMATE_BASE_BYTES + i64::try_from(most.saturating_sub(least)).unwrap_or(0)
        }
    }
}

/// When the lock of this delegation ends, or zero without a lock.
fn lock_end(
    draft: &Draft<'_>,
    from: Address,
    to: Address,
    resource: Resource,
    message: &DelegateResourceContract,
) -> Result<i64, Rejected> {
    if !message.lock {
        return Ok(0);
    }
    let most = draft.parameter("getMaxDelegateLockPeriod");
    if message.lock_period < 0 || message.lock_period > most {
        return Err(invalid(format!(
            "The lock period of delegate resource cannot be less than 0 and cannot exceed {most}!"
        )));
    }
    let blocks = if message.lock_period == 0 { DEFAULT_LOCK_BLOCKS } else { message.lock_period };
    let now = draft.head_ms();
    let key = RecordKey { from, to, is_locked: true };
    let locked_until = draft.record(&key).map_or(0, |record| record.lent(resource).expire_ms);
    let remaining = locked_until - now;
    if blocks * SLOT_MS < remaining {
        let name = resource.name();
        return Err(invalid(format!(
            "The lock period for {name} this time cannot be less than the remaining time\
             [{remaining}ms] of the last lock period for {name}!"
        )));
    }
    Ok(now + blocks * SLOT_MS)
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &DelegateResourceContract,
) -> Result<(), Rejected> {
    let Checked { owner, receiver, resource, expire_ms } = validate(draft, message, false)?;
    lend(draft, owner, receiver, resource, message.balance, expire_ms);
    Ok(())
}

/// Moves stake from the owner's own to the receiver's use; everything was validated.
pub(crate) fn lend(
    draft: &mut Draft<'_>,
    from: Address,
    to: Address,
    resource: Resource,
    balance: i64,
    expire_ms: i64,
) {
    let now = draft.head_ms();
    unlock_expired(draft, from, to, now);
    let key = RecordKey { from, to, is_locked: expire_ms != 0 };
    let mut record = draft.record(&key).unwrap_or_default();
    let lent = record.lent_mut(resource);
    lent.amount += balance;
    lent.expire_ms = expire_ms;
    draft.put_record(key, Some(record));
    draft.link(from, to, Some(now));
    draft.change(to, |account| account.stake_mut(resource).acquired += balance);
    draft.change(from, |account| {
        let stake = account.stake_mut(resource);
        stake.delegated += balance;
        stake.frozen -= balance;
    });
}

/// Moves locked amounts whose time is up into the unlocked record.
///
/// A resource that was never locked has expiry 0, so an unlocked record may be stored empty; the
/// network does the same, and hides it from reads.
///
/// Source: java-tron `DelegatedResourceStore.unLockExpireResource`.
pub(super) fn unlock_expired(draft: &mut Draft<'_>, from: Address, to: Address, now: i64) {
    let locked_key = RecordKey { from, to, is_locked: true };
    let Some(mut locked) = draft.record(&locked_key) else { return };
    if locked.energy.expire_ms >= now && locked.bandwidth.expire_ms >= now {
        return;
    }
    let unlocked_key = RecordKey { from, to, is_locked: false };
    let mut unlocked = draft.record(&unlocked_key).unwrap_or_default();
    for resource in [Resource::Energy, Resource::Bandwidth] {
        let lent = locked.lent_mut(resource);
        if lent.expire_ms < now {
            unlocked.lent_mut(resource).amount += lent.amount;
            unlocked.lent_mut(resource).expire_ms = 0;
            *lent = crate::state::record::Lent::default();
        }
    }
    draft.put_record(locked_key, (!locked.is_empty()).then_some(locked));
    draft.put_record(unlocked_key, Some(unlocked));
}
