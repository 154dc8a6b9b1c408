//! Signed transfers as the source of a run: it can sign nothing but them.

use std::collections::HashMap;

use tron::{Address, Signature, Sun, TokenUnits, TxId};

use super::check::{Expected, decode_signed};
use super::file::{OfflineError, PlanFile};
use crate::target::{KeySource, KeySourceError, Target};

/// A transfer that expires sooner than this is not ordered for any more, in milliseconds: what is
/// ordered takes some blocks, and would be paid for nothing.
pub const SEND_MARGIN_MS: i64 = 3 * 60_000;

/// A transfer that was signed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedTransfer {
    /// Its id.
    pub txid: TxId,
    /// Its bytes, as they are sent.
    pub bytes: Vec<u8>,
    /// What it moves.
    pub amount: TokenUnits,
    /// The most that it may burn.
    pub fee_limit: Sun,
    /// Chain time from which on no block can include it.
    pub expiration_ms: i64,
}

/// Every transfer of a signed plan, checked.
pub struct Prepared {
    order: Vec<Target>,
    transfers: HashMap<Address, PreparedTransfer>,
}

impl Prepared {
    /// Checks a signed plan as the signing machine did, and its signatures.
    ///
    /// Errors: the first transfer that differs, or is not signed by its sender.
    pub fn new(plan: &PlanFile, expected: &Expected) -> Result<Self, OfflineError> {
        let mut transfers = HashMap::new();
        let mut order = Vec::new();
        for entry in &plan.transfers {
            let differs = |mismatch| OfflineError::Transfer { from: entry.from, mismatch };
            let (decoded, signed) = decode_signed(plan, entry, expected).map_err(differs)?;
            let transfer = PreparedTransfer {
                txid: decoded.txid,
                bytes: signed.to_bytes(),
                amount: decoded.amount,
                fee_limit: decoded.fee_limit,
                expiration_ms: decoded.expiration_ms,
            };
            order.push(Target { address: entry.from, label: entry.label.clone() });
            transfers.insert(entry.from, transfer);
        }
        Ok(Self { order, transfers })
    }
}

impl KeySource for Prepared {
    fn describe(&self) -> String {
        format!("{} signed transfers", self.order.len())
    }

    fn page(&self, first: usize, count: usize) -> Result<Vec<Target>, KeySourceError> {
        Ok(self.order.iter().skip(first).take(count).cloned().collect())
    }

    fn sign(&self, target: &Target, _txid: &TxId) -> Result<Signature, KeySourceError> {
        Err(KeySourceError::NotHeld(target.address))
    }

    fn prepared(&self, address: Address) -> Option<&PreparedTransfer> {
        self.transfers.get(&address)
    }
}
