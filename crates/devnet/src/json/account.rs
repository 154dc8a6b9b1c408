//! An account's JSON: usage as it stands now, times as they were stored.

use serde_json::Value;
use tron::{Address, Resource};

use super::{Object, Shape, permission};
use crate::resource;
use crate::state::account::{Stake, Unfreezing};
use crate::state::properties::SLOT_MS;
use crate::state::{Account, View};

/// `getaccount`.
pub(crate) fn print(address: &Address, account: &Account, view: View<'_>, shape: Shape) -> Value {
    let now = view.properties().head_slot();
    let (net, energy) = (&account.bandwidth, &account.energy);
    let net_usage = net.usage.at(now);
    let free_used = resource::free_increase(account.free_used, 0, account.free_slot, now);
    let owner = permission(&account.permissions.owner.to_message(), shape);
    let actives = account.permissions.actives.iter();
    let actives = actives.map(|one| permission(&one.to_message(), shape)).collect();
    let object = Object::new()
        .text("account_name", account.name.as_bytes(), shape)
        .set("address", shape.known(address))
        .int("balance", account.balance)
        .int("create_time", account.created_ms)
        .int("latest_opration_time", account.operated_ms)
        .int("free_net_usage", free_used)
        .int("latest_consume_free_time", account.free_slot * SLOT_MS)
        .int("net_usage", net_usage.used)
        .int("latest_consume_time", net.usage.slot * SLOT_MS)
        .int("net_window_size", net_usage.window)
        .flag("net_window_optimized", true)
        .int("delegated_frozenV2_balance_for_bandwidth", net.delegated)
        .int("acquired_delegated_frozenV2_balance_for_bandwidth", net.acquired)
        .set("account_resource", energy_part(energy, now))
        .set("frozenV2", frozen(net, energy))
        .list("unfrozenV2", account.unfreezing.iter().map(unfreezing).collect());
    if account.is_contract {
        return object.set("type", "Contract").build();
    }
    object.set("owner_permission", owner).list("active_permission", actives).build()
}

fn energy_part(energy: &Stake, now: i64) -> Value {
    let usage = energy.usage.at(now);
    Object::new()
        .int("energy_usage", usage.used)
        .int("latest_consume_time_for_energy", energy.usage.slot * SLOT_MS)
        .int("energy_window_size", usage.window)
        .flag("energy_window_optimized", true)
        .int("delegated_frozenV2_balance_for_energy", energy.delegated)
        .int("acquired_delegated_frozenV2_balance_for_energy", energy.acquired)
        .build()
}

/// Always three entries, bandwidth first without its type.
fn frozen(net: &Stake, energy: &Stake) -> Value {
    Value::from(vec![
        Object::new().int("amount", net.frozen).build(),
        Object::new().set("type", "ENERGY").int("amount", energy.frozen).build(),
        Object::new().set("type", "TRON_POWER").build(),
    ])
}

fn unfreezing(one: &Unfreezing) -> Value {
    let object = match one.resource {
        Resource::Bandwidth => Object::new(),
        Resource::Energy => Object::new().set("type", "ENERGY"),
    };
    object.int("unfreeze_amount", one.amount).int("unfreeze_expire_time", one.expire_ms).build()
}

/// `getaccountnet`.
pub(crate) fn net(account: &Account, view: View<'_>) -> Object {
    let properties = view.properties();
    let now = properties.head_slot();
    let totals = resource::totals(properties, Resource::Bandwidth);
    let stake = &account.bandwidth;
    let free_used = resource::free_increase(account.free_used, 0, account.free_slot, now);
    Object::new()
        .int("freeNetUsed", free_used)
        .int("freeNetLimit", properties.parameters.get("getFreeNetLimit"))
        .int("NetUsed", stake.usage.recovered(now))
        .int("NetLimit", totals.limit_of(stake.yielding()))
        .int("TotalNetLimit", totals.limit)
        .int("TotalNetWeight", totals.weight)
}

/// `getaccountresource`.
pub(crate) fn resources(account: &Account, view: View<'_>) -> Value {
    let properties = view.properties();
    let totals = resource::totals(properties, Resource::Energy);
    let stake = &account.energy;
    let power = (account.energy.owned() + account.bandwidth.owned()) / 1_000_000;
    net(account, view)
        .int("tronPowerLimit", power)
        .int("TotalTronPowerWeight", properties.energy_weight.saturating_add(properties.net_weight))
        .int("EnergyUsed", stake.usage.recovered(properties.head_slot()))
        .int("EnergyLimit", totals.limit_of(stake.yielding()))
        .int("TotalEnergyLimit", totals.limit)
        .int("TotalEnergyWeight", totals.weight)
        .build()
}
