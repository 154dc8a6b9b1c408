//! Signing a plan: no network, no clock, only bytes and keys.

use super::check::{Expected, decode};
use super::file::{OfflineError, PlanFile};
use crate::target::{KeySource, Target};

/// Checks every transfer against its own bytes, and only if all are what they should be signs them.
///
/// Errors: the first transfer that differs or has no key; nothing is signed then.
pub fn sign(
    plan: &PlanFile,
    keys: &dyn KeySource,
    expected: &Expected,
) -> Result<PlanFile, OfflineError> {
    let mut decoded = Vec::with_capacity(plan.transfers.len());
    for entry in &plan.transfers {
        let differs = |mismatch| OfflineError::Transfer { from: entry.from, mismatch };
        decoded.push(decode(plan, entry, expected).map_err(differs)?);
    }
    let mut signed = plan.clone();
    for (entry, decoded) in signed.transfers.iter_mut().zip(decoded) {
        let target = Target { address: entry.from, label: entry.label.clone() };
        let signature = keys
            .sign(&target, &decoded.txid)
            .map_err(|source| OfflineError::Key { from: entry.from, source })?;
        entry.signature = Some(hex::encode(signature.as_bytes()));
    }
    Ok(signed.sealed())
}
