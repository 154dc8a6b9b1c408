//! A deposit: TRX that arrived on a merchant's deposit address, in a block that cannot be undone.

use std::fmt;

use tron::{Address, Sun, TxId};

use crate::id::MerchantId;
use crate::ledger::LedgerTx;
use crate::ledger::facts::deposit_credited;
use crate::time::UnixMillis;

/// A deposit's identity in the ledger, made as an order's is. What makes it unique is its transaction
/// and the contract's place in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DepositId(pub [u8; 16]);

impl fmt::Debug for DepositId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// TRX on a deposit address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deposit {
    /// Identity in the ledger.
    pub id: DepositId,
    /// Whose address it is.
    pub merchant: MerchantId,
    /// The deposit address.
    pub address: Address,
    /// Who sent it.
    pub sender: Address,
    /// How much.
    pub amount: Sun,
    /// The transaction.
    pub txid: TxId,
    /// The contract's place in the transaction; the chain allows one, so it is 0.
    pub contract_index: i64,
    /// The number of the solid block that holds it.
    pub block: i64,
    /// The block's time.
    pub at: UnixMillis,
    /// When it was seen, in wall time.
    pub seen: UnixMillis,
    /// Whether it was credited; less than the minimum is kept for looking at and not credited.
    pub is_credited: bool,
}

/// The deposit as it is kept, and the posting if it is enough to be credited.
///
/// Units: `minimum` sun; a deposit of exactly the minimum is credited.
#[must_use]
pub fn judge(deposit: Deposit, minimum: Sun) -> (Deposit, Option<LedgerTx>) {
    let deposit = Deposit { is_credited: deposit.amount >= minimum, ..deposit };
    let credit = deposit.is_credited.then(|| deposit_credited(&deposit));
    (deposit, credit)
}

#[cfg(test)]
pub(crate) mod example {
    use super::*;

    pub(crate) fn credited() -> Deposit {
        Deposit {
            id: DepositId([5; 16]),
            merchant: MerchantId(1),
            address: Address::from_evm([3; 20]),
            sender: Address::from_evm([4; 20]),
            amount: Sun::from_trx(10),
            txid: TxId::from_bytes([6; 32]),
            contract_index: 0,
            block: 9,
            at: UnixMillis(0),
            seen: UnixMillis(60_000),
            is_credited: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_itself_is_credited() {
        let minimum = Sun::from_trx(10);
        let (kept, credit) = judge(example::credited(), minimum);
        assert!(kept.is_credited && credit.is_some());
        let short = Deposit { amount: Sun::new(9_999_999), ..example::credited() };
        let (kept, credit) = judge(short, minimum);
        assert!(!kept.is_credited && credit.is_none(), "{kept:?}");
    }
}
