//! Collecting what finished unlocking. Source: java-tron `WithdrawExpireUnfreezeActuator`.

use tron::Address;
use tron::proto::OwnerOnlyContract;

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing};
use crate::receipt::Outcome;
use crate::state::Draft;

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &OwnerOnlyContract,
) -> Result<Address, Rejected> {
    let owner = address(&message.owner_address, "Invalid address")?;
    let account = existing(draft, &owner, "not exists")?;
    let now = draft.head_ms();
    if !account.unfreezing.iter().any(|one| one.expire_ms <= now) {
        return Err(invalid("no unFreeze balance to withdraw "));
    }
    Ok(owner)
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &OwnerOnlyContract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let owner = validate(draft, message)?;
    outcome.withdrawn = collect(draft, owner);
    Ok(())
}

/// Moves all expired unfreezes to the balance and says how much that was.
pub(super) fn collect(draft: &mut Draft<'_>, owner: Address) -> i64 {
    let now = draft.head_ms();
    let mut collected = 0;
    draft.change(owner, |account| {
        account.unfreezing.retain(|one| {
            if one.expire_ms <= now {
                collected += one.amount;
            }
            one.expire_ms > now
        });
        account.balance += collected;
    });
    collected
}
