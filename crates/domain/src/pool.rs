//! The pool: wallets whose stake is lent, and what each can still lend.

use std::collections::BTreeMap;

use tron::{Address, Resource, Sun};

use crate::collect::ChainTotals;
use crate::collect::plan::{most_units_for_sun, without_margin};
use crate::limits::{DELEGATION_MIN_SUN, LEG_BANDWIDTH, RETURN_BANDWIDTH};

/// What a wallet is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalletRole {
    /// Lends stake; its key may only delegate and undelegate.
    Lender,
    /// Activates addresses; its key may only create accounts.
    Activator,
    /// Sends TRX for merchants; its key may only transfer TRX, and it holds a small float.
    Payer,
}

/// A wallet of the pool as the last reading and our own reservations leave it.
///
/// Written by: `reconcile_pool` (capacity, bandwidth, balance), order decisions (reservations, open legs).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolWallet {
    /// The address whose stake is lent, or that pays for activations.
    pub address: Address,
    /// What it is for.
    pub role: WalletRole,
    /// Permission that our key holds on it; 0 is the owner permission.
    pub permission_id: i32,
    /// Whether new legs may use it.
    pub is_enabled: bool,
    /// Energy stake that the chain would let it delegate at the last reading, in sun.
    pub energy_capacity: Sun,
    /// Energy stake set aside for legs that the last reading did not show, in sun.
    pub energy_reserved: Sun,
    /// As `energy_capacity`, for bandwidth.
    pub bandwidth_capacity: Sun,
    /// As `energy_reserved`, for bandwidth.
    pub bandwidth_reserved: Sun,
    /// Bandwidth that its own transactions can use, at the last reading.
    pub own_bandwidth: i64,
    /// Legs of its stake that are not back yet: the bandwidth to take them back is spoken for.
    pub legs_open: i64,
    /// Liquid TRX, in sun, at the last reading.
    pub balance: Sun,
}

/// What the pool cannot supply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoCapacity {
    /// Not enough stake is free.
    #[error("the pool lacks {missing} sun of {} stake", resource.name())]
    Stake {
        /// Which resource.
        resource: Resource,
        /// How much more would be needed, in sun.
        missing: i64,
    },
    /// No activator has the TRX that an activation costs.
    #[error("no activator wallet can pay for an activation")]
    Activator,
    /// The network's totals could not be used.
    #[error("the network's resource totals are unreadable")]
    Totals,
}

/// What activating an address costs the activator at most, in sun: 1 TRX and 0.1 TRX for the bytes.
///
/// Source: chain parameters `getCreateNewAccountFeeInSystemContract`, `getCreateAccountFee`.
pub const ACTIVATION_COST_SUN: i64 = 1_100_000;

/// What a byte costs that no bandwidth pays for, in sun.
///
/// Source: chain parameter `getTransactionFee`.
const BYTE_PRICE_SUN: i64 = 1_000;

impl PoolWallet {
    /// Stake that a new leg may still take, in sun; never negative.
    #[must_use]
    pub fn free(&self, resource: Resource) -> Sun {
        let (capacity, reserved) = match resource {
            Resource::Energy => (self.energy_capacity, self.energy_reserved),
            Resource::Bandwidth => (self.bandwidth_capacity, self.bandwidth_reserved),
        };
        Sun::new(capacity.get().saturating_sub(reserved.get()).max(0))
    }

    /// Moves the reservation for one leg: positive when planned, negative when settled or dropped.
    pub fn reserve(&mut self, resource: Resource, amount: Sun) {
        match resource {
            Resource::Energy => self.energy_reserved = self.energy_reserved + amount,
            Resource::Bandwidth => self.bandwidth_reserved = self.bandwidth_reserved + amount,
        }
    }

    /// Whether new legs may take its stake.
    fn can_lend(&self) -> bool {
        self.is_enabled && self.role == WalletRole::Lender && self.can_pay_for_bytes()
    }

    /// Whether it can pay for the bytes of one more leg and of taking back all that is open, by bandwidth
    /// or by burning TRX.
    ///
    /// What it cannot pay for is refused until its bandwidth recovers, which takes a day: stake that is
    /// lent without that in mind stays with receivers long after they used it.
    fn can_pay_for_bytes(&self) -> bool {
        let wanted = self.legs_open.saturating_mul(RETURN_BANDWIDTH).saturating_add(LEG_BANDWIDTH);
        let missing = wanted.saturating_sub(self.own_bandwidth).max(0);
        self.balance.get() >= missing.saturating_mul(BYTE_PRICE_SUN)
    }
}

/// The wallets that a plan may draw on.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// Every wallet, in the order of their addresses.
    pub wallets: Vec<PoolWallet>,
}

impl Pool {
    /// Takes stake from as few wallets as possible, the one with the most free stake first.
    ///
    /// Errors: [`NoCapacity::Stake`] when `wallets_max` wallets together lack it.
    pub fn take(
        &mut self,
        resource: Resource,
        wanted: Sun,
        wallets_max: usize,
    ) -> Result<Vec<(Address, Sun)>, NoCapacity> {
        let mut lenders: Vec<&mut PoolWallet> =
            self.wallets.iter_mut().filter(|wallet| wallet.can_lend()).collect();
        lenders.sort_by_key(|wallet| (-wallet.free(resource).get(), wallet.address));
        let mut missing = wanted.get();
        let mut taken = Vec::new();
        for wallet in lenders.into_iter().take(wallets_max) {
            if missing == 0 {
                break;
            }
            let share = wallet.free(resource).get().min(missing.max(DELEGATION_MIN_SUN));
            if share < DELEGATION_MIN_SUN {
                continue;
            }
            wallet.reserve(resource, Sun::new(share));
            wallet.own_bandwidth = wallet.own_bandwidth.saturating_sub(LEG_BANDWIDTH);
            taken.push((wallet.address, Sun::new(share)));
            missing = (missing - share).max(0);
        }
        if missing > 0 { Err(NoCapacity::Stake { resource, missing }) } else { Ok(taken) }
    }

    /// The most energy that a need met by at most so many wallets can have now, when each delegation
    /// is a margin larger; with [`crate::limits::SPLIT_WALLETS_MAX`] of them, what one order can get.
    ///
    /// Units: units of energy; margin in parts per million. Shape: one sort.
    /// Never less than [`Self::take`] would supply; 0 when the totals are unreadable.
    #[must_use]
    pub fn most_energy(&self, totals: &ChainTotals, margin_ppm: i64, wallets_max: usize) -> i64 {
        let mut shares: Vec<i64> = self
            .wallets
            .iter()
            .filter(|wallet| wallet.can_lend())
            .map(|wallet| wallet.free(Resource::Energy).get())
            .filter(|share| *share >= DELEGATION_MIN_SUN)
            .collect();
        shares.sort_unstable_by_key(|share| -share);
        let stake = shares.iter().take(wallets_max).sum();
        let delegated = most_units_for_sun(Resource::Energy, Sun::new(stake), totals);
        without_margin(delegated, margin_ppm)
    }

    /// Stake for energy that lenders have and have not lent, reserved or not.
    #[must_use]
    pub fn energy_capacity(&self) -> Sun {
        let lenders = self.wallets.iter().filter(|wallet| wallet.role == WalletRole::Lender);
        Sun::new(lenders.map(|wallet| wallet.energy_capacity.get().max(0)).sum())
    }

    /// The activator with the most TRX.
    ///
    /// Errors: [`NoCapacity::Activator`] when none can pay.
    pub fn take_activator(&mut self) -> Result<Address, NoCapacity> {
        self.wallets
            .iter_mut()
            .filter(|wallet| wallet.is_enabled && wallet.role == WalletRole::Activator)
            .filter(|wallet| wallet.balance.get() >= ACTIVATION_COST_SUN)
            .max_by_key(|wallet| (wallet.balance, wallet.address))
            .map(|wallet| {
                wallet.balance = wallet.balance - Sun::new(ACTIVATION_COST_SUN);
                wallet.address
            })
            .ok_or(NoCapacity::Activator)
    }
}

impl Pool {
    /// The enabled payer with the most TRX beyond what its open transfers may still take, and how
    /// much that is; `None` without a payer.
    #[must_use]
    pub fn fullest_payer(&self, outlays: &BTreeMap<Address, Sun>) -> Option<(Address, Sun)> {
        self.wallets
            .iter()
            .filter(|wallet| wallet.is_enabled && wallet.role == WalletRole::Payer)
            .map(|wallet| {
                let open = outlays.get(&wallet.address).copied().unwrap_or(Sun::ZERO);
                (wallet.address, wallet.balance - open)
            })
            .max_by_key(|(address, free)| (*free, *address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet(number: u8, free_trx: i64) -> PoolWallet {
        PoolWallet {
            address: Address::from_evm([number; 20]),
            role: WalletRole::Lender,
            permission_id: 2,
            is_enabled: true,
            energy_capacity: Sun::from_trx(free_trx),
            energy_reserved: Sun::ZERO,
            bandwidth_capacity: Sun::ZERO,
            bandwidth_reserved: Sun::ZERO,
            own_bandwidth: 10_000,
            legs_open: 0,
            balance: Sun::ZERO,
        }
    }

    fn take(wallets: Vec<PoolWallet>, trx: i64) -> Result<Vec<(u8, i64)>, NoCapacity> {
        let mut pool = Pool { wallets };
        let taken = pool.take(Resource::Energy, Sun::from_trx(trx), 2)?;
        Ok(taken.iter().map(|(owner, sun)| (owner.as_bytes()[1], sun.get() / 1_000_000)).collect())
    }

    #[test]
    fn the_fullest_wallet_serves_alone_when_it_can() {
        assert_eq!(take(vec![wallet(1, 50), wallet(2, 80)], 70), Ok(vec![(2, 70)]));
    }

    #[test]
    fn a_large_need_is_split_and_bounded() {
        assert_eq!(take(vec![wallet(1, 50), wallet(2, 80)], 100), Ok(vec![(2, 80), (1, 20)]));
        let short = take(vec![wallet(1, 50), wallet(2, 80), wallet(3, 40)], 150);
        assert_eq!(
            short,
            Err(NoCapacity::Stake { resource: Resource::Energy, missing: 20_000_000 }),
            "two wallets at most"
        );
    }

    #[test]
    fn reserved_disabled_and_byteless_wallets_do_not_lend() {
        let reserved = PoolWallet { energy_reserved: Sun::from_trx(45), ..wallet(1, 50) };
        assert_eq!(take(vec![reserved], 5), Ok(vec![(1, 5)]));
        assert!(take(vec![reserved], 6).is_err());
        assert!(take(vec![PoolWallet { is_enabled: false, ..wallet(1, 50) }], 5).is_err());
        let byteless = PoolWallet { own_bandwidth: LEG_BANDWIDTH - 1, ..wallet(1, 50) };
        assert!(take(vec![byteless], 5).is_err());
        let burns = PoolWallet { balance: Sun::from_trx(1), ..byteless };
        assert_eq!(take(vec![burns], 5), Ok(vec![(1, 5)]));
    }

    #[test]
    fn what_is_lent_can_be_taken_back() {
        let lends = |legs_open, own_bandwidth, sun| {
            let balance = Sun::new(sun);
            let wallet = PoolWallet { legs_open, own_bandwidth, balance, ..wallet(1, 50) };
            take(vec![wallet], 5).is_ok()
        };
        let wanted = LEG_BANDWIDTH + 3 * RETURN_BANDWIDTH;
        assert!(lends(3, wanted, 0));
        assert!(!lends(3, wanted - 1, 0));
        assert!(lends(3, wanted - 1, 1_000), "a byte is burnt for");
        assert!(!lends(3, wanted - 2, 1_999));
    }

    /// What is said to be available is what is given, and one unit more is not.
    #[test]
    fn the_most_energy_is_what_a_plan_can_supply_to_the_unit() {
        use crate::collect::{Need, plan_legs};
        let totals = ChainTotals {
            energy_limit: 180_000_000_000,
            energy_weight_trx: 19_123_456_789,
            bandwidth_limit: 43_200_000_000,
            bandwidth_weight_trx: 26_000_000_000,
        };
        for (free_trx, margin_ppm) in [
            (vec![50], 0),
            (vec![7_001, 80, 913], 2_000),
            (vec![1_000_003, 5, 999_999, 17, 123_456, 777_777, 31], 5_000),
            (vec![], 2_000),
        ] {
            let wallets = free_trx.iter().zip(1..).map(|(trx, number)| wallet(number, *trx));
            let pool = Pool { wallets: wallets.collect() };
            let most = pool.most_energy(&totals, margin_ppm, crate::limits::SPLIT_WALLETS_MAX);
            let supplies = |energy| {
                let need = Need {
                    activation: false,
                    bandwidth: tron::Bandwidth::ZERO,
                    energy: tron::Energy::new(energy),
                };
                plan_legs(&need, &totals, margin_ppm, &mut pool.clone()).is_ok()
            };
            assert!(supplies(most), "{free_trx:?}: {most}");
            assert!(!supplies(most + 1), "{free_trx:?}: {most}");
        }
    }

    #[test]
    fn an_activator_must_be_able_to_pay() {
        let activator = |sun| PoolWallet {
            role: WalletRole::Activator,
            balance: Sun::new(sun),
            ..wallet(9, 0)
        };
        let mut pool = Pool { wallets: vec![activator(ACTIVATION_COST_SUN * 2 - 1)] };
        assert!(pool.take_activator().is_ok());
        assert_eq!(pool.take_activator(), Err(NoCapacity::Activator));
    }
}
