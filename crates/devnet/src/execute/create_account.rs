//! Activating an address without moving value. Source: java-tron `CreateAccountActuator`.

use tron::Address;
use tron::proto::AccountCreateContract;

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::{address, existing, take};
use crate::receipt::Outcome;
use crate::state::{Account, Draft};

pub(super) struct Checked {
    owner: Address,
    account: Address,
    fee: i64,
}

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &AccountCreateContract,
) -> Result<Checked, Rejected> {
    let owner = address(&message.owner_address, "Invalid ownerAddress")?;
    let payer = existing(draft, &owner, "not exists")?;
    let fee = draft.parameter("getCreateNewAccountFeeInSystemContract");
    if payer.balance < fee {
        return Err(invalid("Validate CreateAccountActuator error, insufficient fee."));
    }
    let account = address(&message.account_address, "Invalid account address")?;
    if draft.account(&account).is_some() {
        return Err(invalid("Account has existed"));
    }
    Ok(Checked { owner, account, fee })
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &AccountCreateContract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let Checked { owner, account, fee } = validate(draft, message)?;
    draft.put_account(account, Account::new(account, draft.head_ms()));
    take(draft, owner, fee)?;
    draft.burn(fee);
    outcome.contract_fee = fee;
    Ok(())
}
