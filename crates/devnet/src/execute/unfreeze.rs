//! Beginning to unlock stake. Source: java-tron `UnfreezeBalanceV2Actuator`.

use tron::proto::UnfreezeBalanceV2Contract;
use tron::{Address, Resource};

use crate::execute::freeze::change_stake;
use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing, withdraw};
use crate::receipt::Outcome;
use crate::state::Draft;
use crate::state::account::Unfreezing;

/// Most unfreezes under way at a time.
pub(crate) const MAX_UNFREEZING: usize = 32;
const DAY_MS: i64 = 86_400_000;

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &UnfreezeBalanceV2Contract,
) -> Result<(Address, Resource), Rejected> {
    let owner = address(&message.owner_address, "Invalid address")?;
    let account = existing(draft, &owner, "does not exist")?;
    let (resource, none) = match Resource::from_code(message.resource) {
        Some(resource @ Resource::Bandwidth) => (resource, "no frozenBalance(BANDWIDTH)"),
        Some(resource @ Resource::Energy) => (resource, "no frozenBalance(Energy)"),
        None => {
            return Err(invalid("ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]"));
        }
    };
    let frozen = account.stake(resource).frozen;
    if frozen <= 0 {
        return Err(invalid(none));
    }
    let balance = message.unfreeze_balance;
    if balance <= 0 || balance > frozen {
        return Err(invalid(format!("Invalid unfreeze_balance, [{balance}] is error")));
    }
    let now = draft.head_ms();
    let under_way = account.unfreezing.iter().filter(|one| one.expire_ms > now).count();
    if under_way >= MAX_UNFREEZING {
        return Err(invalid("Invalid unfreeze operation, unfreezing times is over limit"));
    }
    Ok((owner, resource))
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &UnfreezeBalanceV2Contract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let (owner, resource) = validate(draft, message)?;
    outcome.withdrawn = withdraw::collect(draft, owner);
    let amount = message.unfreeze_balance;
    let expire_ms = draft.head_ms() + draft.parameter("getUnfreezeDelayDays") * DAY_MS;
    change_stake(draft, owner, resource, -amount);
    draft.change(owner, |account| {
        account.unfreezing.push(Unfreezing { resource, amount, expire_ms });
    });
    Ok(())
}
