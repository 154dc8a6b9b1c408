//! Moving TRX; a new recipient is activated. Source: java-tron `TransferActuator`.

use tron::Address;
use tron::proto::TransferContract;

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, take};
use crate::receipt::Outcome;
use crate::state::{Account, Draft};

pub(super) struct Checked {
    owner: Address,
    to: Address,
    fee: i64,
}

pub(super) fn validate(draft: &Draft<'_>, message: &TransferContract) -> Result<Checked, Rejected> {
    let owner = address(&message.owner_address, "Invalid ownerAddress!")?;
    let to = address(&message.to_address, "Invalid toAddress!")?;
    if to == owner {
        return Err(invalid("Cannot transfer TRX to yourself."));
    }
    let Some(account) = draft.account(&owner) else {
        return Err(invalid("Validate TransferContract error, no OwnerAccount."));
    };
    if message.amount <= 0 {
        return Err(invalid("Amount must be greater than 0."));
    }
    let recipient = draft.account(&to);
    let fee = match recipient {
        Some(_) => 0,
        None => draft.parameter("getCreateNewAccountFeeInSystemContract"),
    };
    if draft.parameter("getForbidTransferToContract") == 1
        && recipient.is_some_and(|recipient| recipient.is_contract)
    {
        return Err(invalid("Cannot transfer TRX to a smartContract."));
    }
    let needed = message.amount.checked_add(fee).ok_or_else(|| invalid("long overflow"))?;
    if account.balance < needed {
        return Err(invalid("Validate TransferContract error, balance is not sufficient."));
    }
    let received = recipient.map_or(0, |recipient| recipient.balance);
    received.checked_add(message.amount).ok_or_else(|| invalid("long overflow"))?;
    Ok(Checked { owner, to, fee })
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &TransferContract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let Checked { owner, to, fee } = validate(draft, message)?;
    if draft.account(&to).is_none() {
        draft.put_account(to, Account::new(to, draft.head_ms()));
    }
    take(draft, owner, message.amount + fee)?;
    draft.burn(fee);
    draft.change(to, |account| account.balance += message.amount);
    outcome.contract_fee = fee;
    Ok(())
}
