//! Staking again what has not finished unlocking. Source: java-tron `CancelAllUnfreezeV2Actuator`.

use tron::proto::OwnerOnlyContract;
use tron::{Address, Resource};

use crate::execute::freeze::change_stake;
use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing, withdraw};
use crate::receipt::{Cancelled, Outcome};
use crate::state::Draft;

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &OwnerOnlyContract,
) -> Result<Address, Rejected> {
    let owner = address(&message.owner_address, "Invalid address")?;
    let account = existing(draft, &owner, "not exists")?;
    if account.unfreezing.is_empty() {
        return Err(invalid("No unfreezeV2 list to cancel"));
    }
    Ok(owner)
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &OwnerOnlyContract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let owner = validate(draft, message)?;
    outcome.withdrawn = withdraw::collect(draft, owner);
    let mut unfreezing = Vec::new();
    draft.change(owner, |account| unfreezing = std::mem::take(&mut account.unfreezing));
    let mut cancelled = Cancelled::default();
    for one in unfreezing {
        match one.resource {
            Resource::Bandwidth => cancelled.bandwidth += one.amount,
            Resource::Energy => cancelled.energy += one.amount,
        }
        change_stake(draft, owner, one.resource, one.amount);
    }
    outcome.cancelled = Some(cancelled);
    Ok(())
}
