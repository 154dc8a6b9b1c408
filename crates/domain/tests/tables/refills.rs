//! What a refill of a policy has to bring, by what its address has.

use domain::collect::{ChainTotals, Reading};
use domain::limits::EnergyBounds;
use domain::policy::{CountTerms, NewPolicy, PolicyEvent, RefillNeed, Sight, refill_need, step};
use domain::{KeyId, MerchantId, Policy, PolicyId};
use tron::{Address, Bandwidth, Energy, Sun};

use crate::model::BEGINNING;

const BOUNDS: EnergyBounds = EnergyBounds { min: 32_000, max: 10_000_000 };
/// What one transfer takes while nothing better is known.
const ONE_TRANSFER: Energy = Energy::new(65_000);

fn new() -> NewPolicy {
    NewPolicy {
        id: PolicyId(1),
        merchant: MerchantId(1),
        key: KeyId(1),
        receiver: Address::from_evm([7; 20]),
        now: BEGINNING,
    }
}

/// An auto policy that keeps an amount, or follows its address; what its transfers were seen to take.
fn auto(energy: Option<i64>, usual: Option<i64>) -> Policy {
    let (key, energy) = (KeyId(1), energy.map(Energy::new));
    let hired = PolicyEvent::Hired { key, energy, period_days: 3 };
    let policy = step(&new().auto(), hired, BEGINNING).unwrap().policy;
    let spent = usual.map(|usual| PolicyEvent::Spent(Energy::new(usual)));
    spent.map_or(policy.clone(), |spent| step(&policy, spent, BEGINNING).unwrap().policy)
}

fn count() -> Policy {
    let terms = CountTerms { key: KeyId(1), times: 5, has_bandwidth: None, unused_max: None };
    step(&new().count(), PolicyEvent::Bought(terms), BEGINNING).unwrap().policy
}

/// The energy of the refill that an address with so much gets; 0: none.
fn refill(policy: &Policy, available: i64) -> i64 {
    let energy = Energy::new(available);
    let sight = Sight {
        reading: Reading {
            exists: true,
            energy_available: energy,
            energy_limit: energy,
            staked_bandwidth_limit: Bandwidth::ZERO,
            staked_bandwidth_available: Bandwidth::ZERO,
            free_bandwidth_available: Bandwidth::new(600),
            transfer_energy: policy.target(ONE_TRANSFER),
        },
        totals: ChainTotals {
            energy_limit: 180_000_000_000,
            energy_weight_trx: 19_000_000_000,
            bandwidth_limit: 43_200_000_000,
            bandwidth_weight_trx: 27_000_000_000,
        },
        balance: Sun::ZERO,
        byte_price: Sun::new(1_000),
    };
    match refill_need(policy, &sight, &[], &BOUNDS) {
        RefillNeed::NotVisible => panic!("nothing is lent"),
        RefillNeed::Nothing => 0,
        RefillNeed::Order { energy, bandwidth } => {
            assert_eq!(bandwidth, Bandwidth::ZERO);
            energy.get()
        }
    }
}

#[test]
fn an_auto_policy_buys_nothing_for_the_drift_of_the_network() {
    for (policy, available, expected) in [
        (auto(Some(65_000), None), 65_000, 0),
        (auto(Some(65_000), None), 64_935, 0),
        (auto(Some(65_000), None), 64_350, 0),
        (auto(Some(65_000), None), 64_349, 32_000),
        (auto(Some(65_000), None), 20_000, 45_000),
        (auto(Some(65_000), None), 0, 65_000),
        // What is there covers the transfer that is known, or it does not.
        (auto(Some(65_000), Some(64_285)), 64_935, 0),
        (auto(Some(65_000), Some(64_285)), 64_285, 32_000),
        (auto(Some(65_000), Some(64_940)), 64_935, 32_000),
        (auto(None, Some(130_285)), 130_284, 32_000),
        (auto(None, None), 64_935, 0),
        // One transfer and no more: nothing of it may be missing.
        (count(), 65_000, 0),
        (count(), 64_999, 32_000),
    ] {
        assert_eq!(refill(&policy, available), expected, "{:?} has {available}", policy.terms);
    }
}
