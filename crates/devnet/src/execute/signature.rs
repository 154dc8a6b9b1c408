//! Who signed, and whether they may.
//!
//! Source: java-tron `TransactionCapsule.validateSignature`, `checkPermission`, `checkWeight`.

use tron::{Address, Operations, Permission, Signature};

use crate::execute::rejected::Rejected;
use crate::signing::Signing;
use crate::state::View;
use crate::state::account::{Permissions, default_operations};
use crate::transaction::Transaction;

/// Most signatures a transaction may carry.
const MAX_SIGNATURES: usize = 5;
const SIGNATURE_BYTES: usize = 65;
/// From java-tron 4.8.2 on, a broadcast takes no longer ones.
const MAX_SIGNATURE_BYTES: usize = 68;

/// What each signature of a transaction says, worked out once and kept with it.
pub(crate) type Signers = Vec<Result<Address, String>>;

/// Recovers the signers. This is the slow part and depends on nothing but the bytes.
pub(crate) fn signers(transaction: &Transaction, signing: Signing) -> Signers {
    transaction
        .signatures
        .iter()
        .map(|bytes| {
            if !(SIGNATURE_BYTES..=MAX_SIGNATURE_BYTES).contains(&bytes.len()) {
                return Err(format!("Signature size is {}", bytes.len()));
            }
            let signature = Signature::from_slice(&bytes[..SIGNATURE_BYTES])
                .expect("the slice has the length of a signature");
            let signer = signing.signer(&transaction.id, &signature);
            signer.ok_or_else(|| "Could not recover public key from signature".to_owned())
        })
        .collect()
}

/// Checks the signers against the permission that the transaction names.
pub(crate) fn check(
    view: View<'_>,
    transaction: &Transaction,
    signers: &Signers,
) -> Result<(), Rejected> {
    authorise(view, transaction, signers).map_err(Rejected::Signature)
}

fn authorise(view: View<'_>, transaction: &Transaction, signers: &Signers) -> Result<(), String> {
    let Some(action) = transaction.action.as_ref().filter(|_| !signers.is_empty()) else {
        return Err("miss sig or contract".to_owned());
    };
    if signers.len() > MAX_SIGNATURES {
        return Err("too many signatures".to_owned());
    }
    let id = transaction.permission_id();
    let permission = permission(view, transaction.owner(), id)
        .ok_or_else(|| "permission isn't exit".to_owned())?;
    if id != 0 {
        let operations = permission
            .operations
            .filter(|_| permission.id != 0)
            .ok_or_else(|| "Permission type is error".to_owned())?;
        if !operations.allows(action.number()) {
            return Err("Permission denied".to_owned());
        }
    }
    if weigh(&permission, transaction, signers)? < i128::from(permission.threshold) {
        return Err("sig error".to_owned());
    }
    Ok(())
}

fn permission(view: View<'_>, owner: Option<Address>, id: i32) -> Option<Permission> {
    let Some(owner) = owner else {
        return (id == 0).then(nobody);
    };
    match view.account(&owner) {
        Some(account) => account.permissions.by_id(id).cloned(),
        None => Permissions::default_of(owner).by_id(id).cloned(),
    }
}

/// The permission of an owner that is no address: no key fits it.
fn nobody() -> Permission {
    let zero = Address::from_evm([0; 20]);
    Permission {
        keys: Permission::active(0, "", Operations::NONE, zero).keys,
        ..Permission::owner(zero)
    }
}

/// The weight of the signers together, if each of them belongs to the permission.
pub(crate) fn weigh(
    permission: &Permission,
    transaction: &Transaction,
    signers: &Signers,
) -> Result<i128, String> {
    if signers.len() > permission.keys.len() {
        return Err(format!(
            "Signature count is {} more than key counts of permission : {}",
            signers.len(),
            permission.keys.len()
        ));
    }
    let mut seen: Vec<Address> = Vec::new();
    let mut weight = 0;
    for (signer, bytes) in signers.iter().zip(&transaction.signatures) {
        let signer = *signer.as_ref().map_err(Clone::clone)?;
        let Some(key) = permission.keys.iter().find(|key| key.address == signer) else {
            return Err(format!(
                "{} is signed by {signer} but it is not contained of permission.",
                hex::encode(bytes)
            ));
        };
        if seen.contains(&signer) {
            return Err(format!("{signer} has signed twice!"));
        }
        seen.push(signer);
        weight += i128::from(key.weight);
    }
    Ok(weight)
}

/// The types that a permission update may allow: those the network has switched on.
pub(crate) fn available_operations() -> Operations {
    default_operations()
}
