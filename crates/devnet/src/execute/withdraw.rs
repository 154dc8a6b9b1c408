//! Collecting what finished unlocking. Source: java-tron `WithdrawExpireUnfreezeActuator`.

use tron::Address;
use tron::proto::OwnerOnlyContract;

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing};
use crate::receipt::Outcome;
use crate::state::Session;

pub(super) fn validate(
    session: &Session<'_>,
    message: &OwnerOnlyContract,
) -> Result<Address, Rejected> {
    let owner = address(&message.owner_address, "Invalid address")?;
    let account = existing(session, &owner, "not exists")?;
    let now = session.head_ms();
    if !account.unfreezing.iter().any(|one| one.expire_ms <= now) {
        return Err(invalid("no unFreeze balance to withdraw "));
    }
    Ok(owner)
}

pub(super) fn run(
    session: &mut Session<'_>,
    message: &OwnerOnlyContract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let owner = validate(session, message)?;
    outcome.withdrawn = collect(session, owner);
    Ok(())
}

/// Moves all expired unfreezes to the balance and says how much that was.
pub(super) fn collect(session: &mut Session<'_>, owner: Address) -> i64 {
    let now = session.head_ms();
    let mut collected = 0;
    session.change(owner, |account| {
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
