//! The addresses that merchants may have been told to pay to.

use std::collections::{BTreeMap, BTreeSet};

use domain::MerchantId;
use tron::Address;

use crate::administer::DepositKeys;
use crate::ports::StoreError;
use crate::records::Database;

/// Numbers beyond the highest known merchant's whose addresses are looked at: merchants that were added
/// since the copy.
const NUMBERS_BEYOND: i64 = 100;

/// Who is paid at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payee {
    /// Whose address it is; `None` where the rows do not say.
    pub(super) merchant: Option<MerchantId>,
    /// Its number below its extended public key.
    pub(super) number: i64,
}

/// Every address that was handed out, and those that a copy may have forgotten: of each number below the
/// configured key up to [`NUMBERS_BEYOND`] after the highest merchant's. A number is given again after a
/// restore, so that it does not say whose such an address is.
///
/// Shape: one derivation a number without an address.
pub(super) async fn payees(
    database: &dyn Database,
    keys: Option<&dyn DepositKeys>,
) -> Result<BTreeMap<Address, Payee>, StoreError> {
    let handed = database.deposit_addresses(None).await?;
    let payee = |merchant, number| Payee { merchant, number };
    let mut payees: BTreeMap<Address, Payee> =
        handed.iter().map(|one| (one.address, payee(Some(one.merchant), one.number))).collect();
    let Some(keys) = keys else { return Ok(payees) };
    let known: BTreeSet<i64> = handed
        .iter()
        .filter(|one| one.xpub == keys.fingerprint())
        .map(|one| one.merchant.0)
        .collect();
    let highest = database.merchants().await?.iter().map(|one| one.id.0).max().unwrap_or(0);
    let unknown = (1..=highest + NUMBERS_BEYOND).filter(|number| !known.contains(number));
    for (number, address) in unknown.filter_map(|number| keys.address(MerchantId(number))) {
        payees.entry(address).or_insert(payee(None, number));
    }
    Ok(payees)
}
