//! What must hold on every chain, whatever happened on it.

use serde::Serialize;
use tron::Resource;

use crate::state::View;

/// Sums over the whole state. Amounts in sun, tokens in their smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invariants {
    /// Every pair of sums below agrees.
    pub holds: bool,
    /// Stake lent out, by its owners.
    pub delegated_sun: i64,
    /// The same, by its users; stake lent to removed accounts is missing here.
    pub acquired_sun: i64,
    /// The same, by the records.
    pub recorded_sun: i64,
    /// TRX that accounts own in any form.
    pub owned_sun: i64,
    /// TRX destroyed.
    pub burned_sun: i64,
    /// TRX handed out by the control interface.
    pub issued_sun: i64,
    /// Tokens that addresses hold, as decimal text.
    pub held_units: String,
    /// Tokens minted, as decimal text.
    pub supply_units: String,
}

/// Adds everything up.
pub(crate) fn check(view: View<'_>) -> Invariants {
    let both = [Resource::Bandwidth, Resource::Energy];
    let accounts = view.accounts();
    let records = view.records();
    let sum = |amount: &dyn Fn(Resource) -> i64| -> i64 { both.into_iter().map(amount).sum() };
    let delegated_sun =
        accounts.values().map(|one| sum(&|resource| one.stake(resource).delegated)).sum();
    let acquired_sun =
        accounts.values().map(|one| sum(&|resource| one.stake(resource).acquired)).sum();
    let recorded_sun = records.values().map(|one| sum(&|resource| one.lent(resource).amount)).sum();
    let recorded_to_existing: i64 = records
        .iter()
        .filter(|(key, _)| accounts.contains_key(&key.to))
        .map(|(_, one)| sum(&|resource| one.lent(resource).amount))
        .sum();
    let owned_sun = accounts.values().map(|account| account.worth()).sum();
    let properties = view.properties();
    let held: u128 = view.holders().values().map(|holder| holder.balance).sum();
    let holds = delegated_sun == recorded_sun
        && acquired_sun == recorded_to_existing
        && owned_sun + properties.burned == properties.issued
        && held == properties.token.supply;
    Invariants {
        holds,
        delegated_sun,
        acquired_sun,
        recorded_sun,
        owned_sun,
        burned_sun: properties.burned,
        issued_sun: properties.issued,
        held_units: held.to_string(),
        supply_units: properties.token.supply.to_string(),
    }
}
