//! Staking TRX. Source: java-tron `FreezeBalanceV2Actuator`.

use tron::proto::FreezeBalanceV2Contract;
use tron::{Address, Resource};

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing};
use crate::state::Draft;

const SUN_PER_TRX: i64 = 1_000_000;

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &FreezeBalanceV2Contract,
) -> Result<(Address, Resource), Rejected> {
    let owner = address(&message.owner_address, "Invalid address")?;
    let account = existing(draft, &owner, "not exists")?;
    let balance = message.frozen_balance;
    if balance <= 0 {
        return Err(invalid("frozenBalance must be positive"));
    }
    if balance < SUN_PER_TRX {
        return Err(invalid("frozenBalance must be greater than or equal to 1 TRX"));
    }
    if balance > account.balance {
        return Err(invalid("frozenBalance must be less than or equal to accountBalance"));
    }
    let resource = Resource::from_code(message.resource)
        .ok_or_else(|| invalid("ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]"))?;
    Ok((owner, resource))
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &FreezeBalanceV2Contract,
) -> Result<(), Rejected> {
    let (owner, resource) = validate(draft, message)?;
    draft.change(owner, |account| account.balance -= message.frozen_balance);
    change_stake(draft, owner, resource, message.frozen_balance);
    Ok(())
}

/// Adds to (or takes from) an own stake, and the network's weight by whole TRX.
pub(super) fn change_stake(draft: &mut Draft<'_>, owner: Address, resource: Resource, sun: i64) {
    let Some(account) = draft.account(&owner) else { return };
    let owned = account.stake(resource).owned();
    let grown = (owned + sun) / SUN_PER_TRX - owned / SUN_PER_TRX;
    draft.change(owner, |account| account.stake_mut(resource).frozen += sun);
    draft.add_weight(resource, grown);
}
