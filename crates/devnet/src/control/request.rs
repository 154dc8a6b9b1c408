//! Bodies of the control interface.

use serde::Deserialize;
use tron::Address;

use super::{Mutation, PermissionSpec};
use crate::config::MAX_ENERGY_FACTOR;
use crate::state::parameters::DEFAULTS;

/// Most sun in one request: the supply of TRX, generously.
const MAX_SUN: i64 = 100_000_000_000_000_000;
/// Most token units in one request.
const MAX_UNITS: u128 = 1_000_000_000_000_000_000_000_000;
const MAX_WEIGHT_TRX: i64 = 1_000_000_000_000;
/// Most resource units in one request.
const MAX_USE: i64 = 1_000_000_000_000;
const MAX_PERMISSION_KEYS: usize = 5;
const MAX_ACTIVE_PERMISSIONS: usize = 8;

/// A resource by the node's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ResourceName {
    Energy,
    Bandwidth,
    /// Free bandwidth; only for use.
    Free,
}

/// A request that changes the chain's state.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Change {
    Faucet { address: Address, sun: i64 },
    Mint { address: Address, units: u64 },
    Stake { address: Address, resource: ResourceName, sun: i64 },
    Delegate { from: Address, to: Address, resource: ResourceName, sun: i64 },
    Use { address: Address, resource: ResourceName, units: i64 },
    Activate { address: Address },
    Contract { address: Address },
    Remove { address: Address },
    Permissions { address: Address, owner: PermissionSpec, actives: Vec<PermissionSpec> },
    Blacklist { address: Address, blacklisted: bool },
    Pause { paused: bool },
    Parameter { key: String, value: i64 },
    Weights { energy_trx: Option<i64>, net_trx: Option<i64> },
    Drift { energy_trx: i64, net_trx: i64 },
    Factor { energy_factor: i64 },
}

impl Change {
    /// The change with its bounds checked.
    ///
    /// Errors: a sentence for the caller.
    pub(super) fn checked(self) -> Result<Mutation, String> {
        let staked = |resource| match resource {
            ResourceName::Energy => Ok(true),
            ResourceName::Bandwidth => Ok(false),
            ResourceName::Free => Err("resource must be ENERGY or BANDWIDTH".to_owned()),
        };
        Ok(match self {
            Self::Faucet { address, sun } => Mutation::Credit { address, sun: sun_in(sun, 1)? },
            Self::Mint { address, units } => {
                Mutation::Mint { address, units: units_in(u128::from(units))? }
            }
            Self::Stake { address, resource, sun } => {
                Mutation::Stake { address, is_energy: staked(resource)?, sun: sun_in(sun, 0)? }
            }
            Self::Delegate { from, to, resource, sun } => {
                if from == to {
                    return Err("from and to must differ".to_owned());
                }
                let is_energy = staked(resource)?;
                Mutation::Delegate { from, to, is_energy, sun: sun_in(sun, 1)? }
            }
            Self::Use { address, resource, units } => {
                let units = within("units", units, 0, MAX_USE)?;
                match resource {
                    ResourceName::Free => Mutation::UseFree { address, units },
                    ResourceName::Energy => Mutation::Use { address, is_energy: true, units },
                    ResourceName::Bandwidth => Mutation::Use { address, is_energy: false, units },
                }
            }
            Self::Activate { address } => Mutation::Activate { address },
            Self::Contract { address } => Mutation::Contract { address, name: String::new() },
            Self::Remove { address } => Mutation::Remove { address },
            Self::Permissions { address, owner, actives } => permissions(address, owner, actives)?,
            Self::Blacklist { address, blacklisted } => {
                Mutation::Blacklist { address, is_blacklisted: blacklisted }
            }
            Self::Pause { paused } => Mutation::Pause { is_paused: paused },
            Self::Parameter { key, value } => parameter(key, value)?,
            Self::Weights { energy_trx, net_trx } => {
                let check = |name, trx: Option<i64>| {
                    trx.map(|trx| within(name, trx, 1, MAX_WEIGHT_TRX)).transpose()
                };
                Mutation::Weights {
                    energy_trx: check("energy_trx", energy_trx)?,
                    net_trx: check("net_trx", net_trx)?,
                }
            }
            Self::Drift { energy_trx, net_trx } => Mutation::Drift {
                energy_trx: within("energy_trx", energy_trx, -MAX_WEIGHT_TRX, MAX_WEIGHT_TRX)?,
                net_trx: within("net_trx", net_trx, -MAX_WEIGHT_TRX, MAX_WEIGHT_TRX)?,
            },
            Self::Factor { energy_factor } => Mutation::Factor {
                energy_factor: within("energy_factor", energy_factor, 0, MAX_ENERGY_FACTOR)?,
            },
        })
    }
}

fn within(name: &str, value: i64, least: i64, most: i64) -> Result<i64, String> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{name} must be {least} to {most}"))
    }
}

/// Sun within the supply.
pub(super) fn sun_in(sun: i64, least: i64) -> Result<i64, String> {
    within("sun", sun, least, MAX_SUN)
}

/// Token units within reason.
pub(super) fn units_in(units: u128) -> Result<u128, String> {
    if units <= MAX_UNITS { Ok(units) } else { Err(format!("units must be 0 to {MAX_UNITS}")) }
}

/// A permission set that the chain could hold.
pub(super) fn permissions(
    address: Address,
    owner: PermissionSpec,
    actives: Vec<PermissionSpec>,
) -> Result<Mutation, String> {
    if actives.len() > MAX_ACTIVE_PERMISSIONS {
        return Err(format!("at most {MAX_ACTIVE_PERMISSIONS} active permissions"));
    }
    for (spec, is_owner) in
        std::iter::once((&owner, true)).chain(actives.iter().map(|spec| (spec, false)))
    {
        if spec.keys.is_empty() || spec.keys.len() > MAX_PERMISSION_KEYS {
            return Err(format!("a permission has 1 to {MAX_PERMISSION_KEYS} keys"));
        }
        if spec.operations.is_none() != is_owner {
            return Err("active permissions have operations, the owner's has none".to_owned());
        }
        let bits = spec
            .operations
            .as_ref()
            .is_none_or(|text| hex::decode(text).is_ok_and(|bits| bits.len() == 32));
        if !bits || spec.threshold <= 0 || spec.keys.iter().any(|key| key.weight <= 0) {
            return Err("operations are 64 hex digits; threshold and weights positive".to_owned());
        }
    }
    Ok(Mutation::Permissions { address, owner, actives })
}

/// A chain parameter that exists.
pub(super) fn parameter(key: String, value: i64) -> Result<Mutation, String> {
    if !DEFAULTS.iter().any(|(known, _)| *known == key) {
        return Err(format!("there is no chain parameter {key:?}"));
    }
    // Divisors and totals must stay usable; everything else may be zero.
    let least = match key.as_str() {
        "getTotalEnergyCurrentLimit"
        | "getTotalEnergyLimit"
        | "getTotalNetLimit"
        | "getMaintenanceTimeInterval" => 1,
        "getRemoveThePowerOfTheGr" => -1,
        _ => 0,
    };
    // Times are added to clocks.
    let most = match key.as_str() {
        "getUnfreezeDelayDays" => 3_650,
        "getMaxDelegateLockPeriod" => 100_000_000,
        _ => MAX_SUN,
    };
    Ok(Mutation::Parameter { value: within("value", value, least, most)?, key })
}
