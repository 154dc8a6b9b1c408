//! One address as the chain stores it (`getaccount`), with the limits that follow from it.

use serde_json::Value;
use tron::permission::PermissionKind;
use tron::{Address, Bandwidth, Energy, Permission, Resource, Sun};

use super::permission;
use super::resources::{ChainTotals, stake_behind};
use crate::json::{self, Problem, Read};

/// Stake of one address for one resource, and how much of its yield is used.
///
/// The names: "own" is staked by the address itself and not lent, "received" is lent to it, "lent"
/// is lent out by it and yields nothing here, "legacy" is Stake 1.0 and still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StakeView {
    /// `frozenV2`.
    pub own: Sun,
    /// `acquired_delegated_frozenV2_balance_for_*`.
    pub received: Sun,
    /// Stake 1.0, own.
    pub own_legacy: Sun,
    /// Stake 1.0, received.
    pub received_legacy: Sun,
    /// `delegated_frozenV2_balance_for_*`.
    pub lent: Sun,
    /// Units used and not yet recovered, as of the head block.
    pub used: i64,
}

impl StakeView {
    /// All stake that yields the resource here.
    ///
    /// Source: java-tron `AccountCapsule.getAllFrozenBalanceForEnergy`, `...ForBandwidth`.
    #[must_use]
    pub fn working(&self) -> Sun {
        self.own + self.received + self.own_legacy + self.received_legacy
    }

    /// Own stake that can be lent now: usage is first covered by stake that cannot be lent.
    ///
    /// Source: java-tron `DelegateResourceActuator.validate`, `FreezeV2Util.getV2EnergyUsage`.
    fn lendable(&self, total_limit: i64, total_weight_trx: i64) -> Sun {
        let behind = stake_behind(self.used, total_limit, total_weight_trx);
        let others = self.own_legacy + self.received_legacy + self.received;
        let own_used = behind.saturating_sub(others.get()).max(0);
        Sun::new(self.own.get().saturating_sub(own_used).max(0))
    }
}

/// One address that exists on chain.
///
/// Shape: everything here is from one answer, so it is from one moment.
/// Usage is already decayed to the head block: it must not be decayed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Whether this is a contract, which cannot receive delegations.
    pub is_contract: bool,
    /// Spendable TRX.
    pub balance: Sun,
    /// Stake for energy.
    pub energy: StakeView,
    /// Stake for bandwidth.
    pub bandwidth: StakeView,
    /// Free bandwidth used and not yet recovered.
    pub free_bandwidth_used: Bandwidth,
    /// The owner permission; `None` means the address's own key alone.
    pub owner_permission: Option<Permission>,
    /// Active permissions.
    pub active_permissions: Vec<Permission>,
}

impl AccountView {
    /// Energy a day from all working stake.
    #[must_use]
    pub fn energy_limit(&self, totals: &ChainTotals) -> Energy {
        totals.energy_of(self.energy.working())
    }

    /// Energy usable now.
    #[must_use]
    pub fn energy_available(&self, totals: &ChainTotals) -> Energy {
        self.energy_limit(totals).shortfall_over(Energy::new(self.energy.used))
    }

    /// Staked bandwidth a day from all working stake.
    #[must_use]
    pub fn staked_bandwidth_limit(&self, totals: &ChainTotals) -> Bandwidth {
        totals.bandwidth_of(self.bandwidth.working())
    }

    /// Staked bandwidth usable now. Never added to free bandwidth: a transaction uses one source.
    #[must_use]
    pub fn staked_bandwidth_available(&self, totals: &ChainTotals) -> Bandwidth {
        self.staked_bandwidth_limit(totals).shortfall_over(Bandwidth::new(self.bandwidth.used))
    }

    /// Free bandwidth usable now, out of the chain's `free_limit` a day.
    #[must_use]
    pub fn free_bandwidth_available(&self, free_limit: Bandwidth) -> Bandwidth {
        free_limit.shortfall_over(self.free_bandwidth_used)
    }

    /// Own stake that a delegation could lend now, without the chain's 1 TRX minimum.
    ///
    /// Execution charges the transaction's own bytes first, so bandwidth that is needed for them
    /// must be left aside by the caller.
    #[must_use]
    pub fn lendable(&self, resource: Resource, totals: &ChainTotals) -> Sun {
        match resource {
            Resource::Energy => {
                self.energy.lendable(totals.energy_limit.get(), totals.energy_weight_trx)
            }
            Resource::Bandwidth => {
                self.bandwidth.lendable(totals.bandwidth_limit.get(), totals.bandwidth_weight_trx)
            }
        }
    }

    /// Stake for one resource.
    #[must_use]
    pub const fn stake(&self, resource: Resource) -> &StakeView {
        match resource {
            Resource::Energy => &self.energy,
            Resource::Bandwidth => &self.bandwidth,
        }
    }

    /// Reads an answer of `getaccount` about this address; `None` when it does not exist.
    pub(crate) fn read(answer: &Value, address: Address) -> Read<Option<Self>> {
        if json::is_empty_object(json::object(answer)?) {
            return Ok(None);
        }
        if json::address(answer, "address")? != address {
            return json::bad("address", Problem::Mismatch);
        }
        let active = json::list(answer, "active_permission")?;
        Ok(Some(Self {
            is_contract: json::text(answer, "type")? == "Contract",
            balance: json::sun(answer, "balance")?,
            energy: read_energy_stake(answer)?,
            bandwidth: read_bandwidth_stake(answer)?,
            free_bandwidth_used: json::bandwidth(answer, "free_net_usage")?,
            owner_permission: json::member(answer, "owner_permission")?
                .map(|owner| permission::read(owner, PermissionKind::Owner))
                .transpose()?,
            active_permissions: active
                .iter()
                .map(|active| permission::read(active, PermissionKind::Active))
                .collect::<Read<_>>()?,
        }))
    }
}

fn read_energy_stake(answer: &Value) -> Read<StakeView> {
    let own = read_frozen_v2(answer, Resource::Energy)?;
    let Some(part) = json::member(answer, "account_resource")? else {
        return Ok(StakeView { own, ..StakeView::default() });
    };
    let own_legacy = match json::member(part, "frozen_balance_for_energy")? {
        Some(frozen) => json::sun(frozen, "frozen_balance")?,
        None => Sun::ZERO,
    };
    Ok(StakeView {
        own,
        received: json::sun(part, "acquired_delegated_frozenV2_balance_for_energy")?,
        own_legacy,
        received_legacy: json::sun(part, "acquired_delegated_frozen_balance_for_energy")?,
        lent: json::sun(part, "delegated_frozenV2_balance_for_energy")?,
        used: json::natural(part, "energy_usage")?,
    })
}

fn read_bandwidth_stake(answer: &Value) -> Read<StakeView> {
    let legacy =
        json::list(answer, "frozen")?.iter().map(|frozen| json::sun(frozen, "frozen_balance"));
    Ok(StakeView {
        own: read_frozen_v2(answer, Resource::Bandwidth)?,
        received: json::sun(answer, "acquired_delegated_frozenV2_balance_for_bandwidth")?,
        own_legacy: bounded_sum(legacy, "frozen")?,
        received_legacy: json::sun(answer, "acquired_delegated_frozen_balance_for_bandwidth")?,
        lent: json::sun(answer, "delegated_frozenV2_balance_for_bandwidth")?,
        used: json::natural(answer, "net_usage")?,
    })
}

/// `frozenV2` lists one entry per resource; bandwidth is the default and has no `type`.
fn read_frozen_v2(answer: &Value, resource: Resource) -> Read<Sun> {
    let mut amounts = Vec::new();
    for entry in json::list(answer, "frozenV2")? {
        let name = json::text(entry, "type")?;
        let name = if name.is_empty() { Resource::Bandwidth.name() } else { name };
        if name == resource.name() {
            amounts.push(json::sun(entry, "amount"));
        }
    }
    bounded_sum(amounts.into_iter(), "frozenV2")
}

/// Adds amounts while the sum stays believable.
fn bounded_sum(amounts: impl Iterator<Item = Read<Sun>>, field: &'static str) -> Read<Sun> {
    let mut sum = Sun::ZERO;
    for amount in amounts {
        sum = sum + amount?;
        if sum.get() > json::SUN_MAX {
            return json::bad(field, Problem::OutOfRange);
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn totals() -> ChainTotals {
        ChainTotals {
            energy_limit: Energy::new(180_000_000_000),
            energy_weight_trx: 18_971_780_957,
            bandwidth_limit: Bandwidth::new(43_200_000_000),
            bandwidth_weight_trx: 26_860_000_000,
        }
    }

    const ADDRESS: &str = "417e5f4552091a69125d5dfcb7b8c2659029395bdf";

    fn try_read(answer: &Value) -> Read<Option<AccountView>> {
        let mut answer = answer.clone();
        answer["address"] = json!(ADDRESS);
        AccountView::read(&answer, Address::from_hex(ADDRESS).unwrap())
    }

    fn read(answer: &Value) -> AccountView {
        try_read(answer).unwrap().unwrap()
    }

    #[test]
    fn the_shape_seen_on_nile_is_read_whole() {
        let view = read(&json!({
            "balance": 1_793_227_200,
            "create_time": 1_776_933_207_000_i64, "latest_opration_time": 1_777_444_809_000_i64,
            "free_net_usage": 441, "net_usage": 12, "net_window_size": 28_800_000,
            "net_window_optimized": true,
            "frozen": [{"frozen_balance": 3, "expire_time": 1}, {"frozen_balance": 4}],
            "delegated_frozenV2_balance_for_bandwidth": 5,
            "acquired_delegated_frozenV2_balance_for_bandwidth": 6,
            "acquired_delegated_frozen_balance_for_bandwidth": 7,
            "account_resource": {
                "energy_usage": 64_240, "energy_window_size": 28_800_000,
                "energy_window_optimized": true,
                "frozen_balance_for_energy": {"frozen_balance": 8, "expire_time": 2},
                "acquired_delegated_frozen_balance_for_energy": 9,
                "delegated_frozenV2_balance_for_energy": 10,
                "acquired_delegated_frozenV2_balance_for_energy": 6_776_000_000_i64,
            },
            "owner_permission": {"permission_name": "owner", "threshold": 1, "keys": [
                {"address": "417e5f4552091a69125d5dfcb7b8c2659029395bdf", "weight": 1}]},
            "active_permission": [{"type": "Active", "id": 2, "permission_name": "active",
                "threshold": 1, "keys": [],
                "operations": "7fff1fc0033efb0f000000000000000000000000000000000000000000000000"}],
            "frozenV2": [{"amount": 1}, {"type": "ENERGY", "amount": 2}, {"type": "TRON_POWER"}],
            "unfrozenV2": [{"type": "ENERGY", "unfreeze_amount": 99}],
            "assetV2": [{"key": "1005416", "value": 100_000_000}], "asset_optimized": true,
        }));
        assert!(!view.is_contract);
        assert_eq!(view.balance, Sun::new(1_793_227_200));
        let bandwidth = view.stake(Resource::Bandwidth);
        assert_eq!((bandwidth.own, bandwidth.own_legacy), (Sun::new(1), Sun::new(7)));
        assert_eq!((bandwidth.received, bandwidth.lent), (Sun::new(6), Sun::new(5)));
        assert_eq!((bandwidth.received_legacy, bandwidth.used), (Sun::new(7), 12));
        let energy = view.stake(Resource::Energy);
        assert_eq!((energy.own, energy.own_legacy), (Sun::new(2), Sun::new(8)));
        assert_eq!((energy.received_legacy, energy.lent), (Sun::new(9), Sun::new(10)));
        assert_eq!(energy.working(), Sun::new(6_776_000_019));
        assert_eq!(view.energy_limit(&totals()), Energy::new(64_289));
        assert_eq!(view.energy_available(&totals()), Energy::new(49));
        assert_eq!(view.free_bandwidth_available(Bandwidth::new(600)), Bandwidth::new(159));
        assert_eq!(view.active_permissions[0].id, 2);
        let operations = view.active_permissions[0].operations.unwrap();
        assert!(operations.allows(57) && !operations.allows(60));
        assert_eq!(view.owner_permission.unwrap().keys[0].weight, 1);
    }

    #[test]
    fn an_absent_address_is_none_and_a_fresh_one_has_nothing() {
        let address = Address::from_hex(ADDRESS).unwrap();
        assert_eq!(AccountView::read(&json!({}), address).unwrap(), None);
        let view = read(&json!({"create_time": 1}));
        assert_eq!(view.balance, Sun::ZERO);
        assert_eq!(view.energy, StakeView::default());
        assert_eq!(view.energy_available(&totals()), Energy::ZERO);
        assert_eq!(view.owner_permission, None);
    }

    #[test]
    fn an_answer_about_another_address_or_about_none_is_unreadable() {
        let other = json!({"address": "412b5ad5c4795c026514f8317c7a215e218dccd6cf"});
        let address = Address::from_hex(ADDRESS).unwrap();
        assert_eq!(AccountView::read(&other, address).unwrap_err().problem, Problem::Mismatch);
        let nobody = json!({"balance": 5});
        assert_eq!(AccountView::read(&nobody, address).unwrap_err().problem, Problem::Missing);
    }

    #[test]
    fn a_contract_is_known_by_its_type() {
        assert!(read(&json!({"account_name": "USDT", "type": "Contract"})).is_contract);
        assert!(!read(&json!({"type": "AssetIssue"})).is_contract);
    }

    #[test]
    fn lendable_stake_is_what_java_tron_would_allow() {
        let own = json!({"frozenV2": [{"type": "ENERGY", "amount": 1_000_000_000_000_i64}],
            "account_resource": {"energy_usage": 61_607}});
        let lendable = |answer: &Value| read(answer).lendable(Resource::Energy, &totals());
        assert_eq!(lendable(&own), Sun::new(993_506_697_170));

        let mut with_received = own;
        with_received["account_resource"]["acquired_delegated_frozenV2_balance_for_energy"] =
            json!(10_000_000_000_i64);
        assert_eq!(lendable(&with_received), Sun::new(1_000_000_000_000));
    }

    #[test]
    fn amounts_beyond_the_supply_are_refused_before_they_can_overflow() {
        let half = json::SUN_MAX / 2 + 1;
        for answer in [
            json!({"balance": i64::MAX}),
            json!({"balance": -1}),
            json!({"frozenV2": [{"amount": half}, {"amount": half}]}),
            json!({"account_resource": {"energy_usage": -1}}),
            json!({"account_resource": 7}),
            json!({"frozenV2": {"amount": 1}}),
        ] {
            assert!(try_read(&answer).is_err(), "{answer}");
        }
        let most = json!({"frozenV2": [{"type": "ENERGY", "amount": json::SUN_MAX}],
        "account_resource": {
            "frozen_balance_for_energy": {"frozen_balance": json::SUN_MAX},
            "acquired_delegated_frozen_balance_for_energy": json::SUN_MAX,
            "acquired_delegated_frozenV2_balance_for_energy": json::SUN_MAX,
            "energy_usage": i64::MAX,
        }});
        assert_eq!(read(&most).energy_available(&totals()), Energy::ZERO);
    }
}
