//! Replacing all permissions. Source: java-tron `AccountPermissionUpdateActuator`.

use std::sync::Arc;

use tron::proto::{AccountPermissionUpdateContract, PermissionMessage};
use tron::{Address, Operations, Permission};

use crate::execute::rejected::{Rejected, invalid};
use crate::execute::signature::available_operations;
use crate::execute::{address, take};
use crate::receipt::Outcome;
use crate::state::Draft;
use crate::state::account::Permissions;

const MAX_ACTIVE_PERMISSIONS: usize = 8;
const MAX_KEYS: usize = 5;
const MAX_NAME_BYTES: usize = 32;
const FIRST_ACTIVE_ID: i32 = 2;

const OWNER: i32 = 0;
const ACTIVE: i32 = 2;

pub(super) struct Checked {
    owner: Address,
    permissions: Permissions,
    fee: i64,
}

pub(super) fn validate(
    draft: &Draft<'_>,
    message: &AccountPermissionUpdateContract,
) -> Result<Checked, Rejected> {
    let owner = address(&message.owner_address, "invalidate ownerAddress")?;
    if draft.account(&owner).is_none() {
        return Err(invalid("ownerAddress account does not exist"));
    }
    let owner_message =
        message.owner.as_ref().ok_or_else(|| invalid("owner permission is missed"))?;
    if message.witness.is_some() {
        return Err(invalid("account isn't witness can't set witness permission"));
    }
    if message.actives.is_empty() {
        return Err(invalid("active permission is missed"));
    }
    if message.actives.len() > MAX_ACTIVE_PERMISSIONS {
        return Err(invalid("active permission is too many"));
    }
    if owner_message.r#type != OWNER {
        return Err(invalid("owner permission type is error"));
    }
    let owner_permission = check(owner_message)?;
    let mut actives = Vec::new();
    for (message, id) in message.actives.iter().zip(FIRST_ACTIVE_ID..) {
        if message.r#type != ACTIVE {
            return Err(invalid("active permission type is error"));
        }
        actives.push(Permission { id, ..check(message)? });
    }
    let permissions = Permissions { owner: Permission { id: 0, ..owner_permission }, actives };
    Ok(Checked { owner, permissions, fee: draft.parameter("getUpdateAccountPermissionFee") })
}

fn check(message: &PermissionMessage) -> Result<Permission, Rejected> {
    let name = if message.r#type == OWNER { "Owner" } else { "Active" };
    if message.keys.len() > MAX_KEYS {
        return Err(invalid(format!(
            "number of keys in permission should not be greater than {MAX_KEYS}"
        )));
    }
    if message.keys.is_empty() {
        return Err(invalid("key's count should be greater than 0"));
    }
    if message.threshold <= 0 {
        return Err(invalid("permission's threshold should be greater than 0"));
    }
    if message.permission_name.len() > MAX_NAME_BYTES {
        return Err(invalid("permission's name is too long"));
    }
    if message.parent_id != 0 {
        return Err(invalid("permission's parent should be owner"));
    }
    check_keys(message, name)?;
    check_operations(message, name)?;
    Permission::from_message(message).map_err(|_| invalid("operations size must 32"))
}

fn check_keys(message: &PermissionMessage, name: &str) -> Result<(), Rejected> {
    let mut weight: i64 = 0;
    for (index, key) in message.keys.iter().enumerate() {
        if message.keys[..index].iter().any(|earlier| earlier.address == key.address) {
            return Err(invalid(format!("address should be distinct in permission {name}")));
        }
        address(&key.address, "key is not a validate address")?;
        if key.weight <= 0 {
            return Err(invalid("key's weight should be greater than 0"));
        }
        weight = weight.checked_add(key.weight).ok_or_else(|| invalid("long overflow"))?;
    }
    if weight < message.threshold {
        return Err(invalid(format!(
            "sum of all key's weight should not be less than threshold in permission {name}"
        )));
    }
    Ok(())
}

fn check_operations(message: &PermissionMessage, name: &str) -> Result<(), Rejected> {
    let operations = &message.operations;
    if message.r#type == OWNER {
        if operations.is_empty() {
            return Ok(());
        }
        return Err(invalid(format!("{name} permission needn't operations")));
    }
    let bits: [u8; 32] =
        operations.as_slice().try_into().map_err(|_| invalid("operations size must 32"))?;
    let (wanted, available) = (Operations::from_bytes(bits), available_operations());
    match (0..256).find(|number| wanted.allows(*number) && !available.allows(*number)) {
        Some(number) => Err(invalid(format!("{number} isn't a validate ContractType"))),
        None => Ok(()),
    }
}

pub(super) fn run(
    draft: &mut Draft<'_>,
    message: &AccountPermissionUpdateContract,
    outcome: &mut Outcome,
) -> Result<(), Rejected> {
    let Checked { owner, permissions, fee } = validate(draft, message)?;
    draft.change(owner, |account| account.permissions = Arc::new(permissions));
    take(draft, owner, fee)?;
    draft.burn(fee);
    outcome.contract_fee = fee;
    Ok(())
}
