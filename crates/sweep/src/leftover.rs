//! How much TRX can leave an address, so that nothing stays stuck: pure arithmetic.

use tron::{Address, Bandwidth, Contract, RawTx, RefBlock, Signature, SignedTx, Sun, TokenUnits};

use crate::run::now_ms;

/// What can be moved from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// What arrives.
    pub(crate) amount: Sun,
    /// Burned for bandwidth, as the address has not enough of it.
    pub(crate) fee: Sun,
}

/// What an address with this balance can send now; `None` if it holds nothing, or only what sending it
/// would burn.
pub(crate) fn leftover(
    (owner, to): (Address, Address),
    balance: Sun,
    bandwidth_fee: Sun,
    has: impl Fn(Bandwidth) -> bool,
) -> Option<Leftover> {
    let mut amount = balance;
    while amount > Sun::ZERO {
        let bytes = bandwidth_of(owner, to, amount);
        let fee = match has(bytes) {
            true => Sun::ZERO,
            false => Sun::new(bandwidth_fee.get().saturating_mul(bytes.get())),
        };
        let rest = balance - fee;
        // A smaller amount may take a byte less; it settles after a step or two.
        if rest >= amount {
            return Some(Leftover { amount, fee: balance - amount });
        }
        amount = rest;
    }
    None
}

impl Leftover {
    /// Whether it is as much as was asked for, and more than moving it burns.
    pub(crate) fn is_worth(&self, min: Sun) -> bool {
        self.amount >= min && self.amount > self.fee
    }
}

/// Sun as the journal counts whatever is moved.
pub(crate) fn units(amount: Sun) -> TokenUnits {
    TokenUnits(u128::try_from(amount.get()).unwrap_or(0))
}

/// The transfer without its place in time.
pub(crate) fn bare(owner: Address, to: Address, amount: Sun) -> RawTx {
    RawTx {
        contract: Contract::Transfer { owner, to, amount },
        ref_block: RefBlock { bytes: [0xff; 2], hash: [0xff; 8] },
        expiration_ms: now_ms(),
        timestamp_ms: now_ms(),
        fee_limit: Sun::ZERO,
        permission_id: 0,
        memo: Vec::new(),
    }
}

/// What the network charges for carrying it.
fn bandwidth_of(owner: Address, to: Address, amount: Sun) -> Bandwidth {
    let raw = bare(owner, to, amount).encode();
    SignedTx { raw, signatures: vec![Signature::from_bytes([0; 65])] }.bandwidth()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEE: Sun = Sun::new(1_000);

    fn of(balance: i64, has_bandwidth: bool) -> Option<Leftover> {
        let pair = (Address::from_evm([1; 20]), Address::from_evm([2; 20]));
        leftover(pair, Sun::new(balance), FEE, |_| has_bandwidth)
    }

    #[test]
    fn everything_leaves_and_what_carrying_it_burns_is_taken_off() {
        let free = of(7_000_000, true).unwrap();
        assert_eq!((free.amount.get(), free.fee), (7_000_000, Sun::ZERO));
        let paid = of(7_000_000, false).unwrap();
        assert_eq!(paid.amount + paid.fee, Sun::new(7_000_000));
        assert!((260_000..280_000).contains(&paid.fee.get()), "{paid:?}");
        assert_eq!(of(0, true), None);
        assert_eq!(of(paid.fee.get() - 1_000, false), None, "only what sending would burn");
        assert!(paid.is_worth(Sun::new(6_000_000)) && !paid.is_worth(Sun::new(7_000_000)));
    }
}
