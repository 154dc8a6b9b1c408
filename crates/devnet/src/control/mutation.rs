//! Changes to the chain that no transaction makes: money from nowhere, strangers' actions, proposals.
//!
//! They are part of blocks, like transactions, so that a reorganisation or a restart keeps them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tron::permission::{PermissionKey, PermissionKind};
use tron::{Address, Operations, Permission, Resource};

use crate::execute::lend;
use crate::resource;
use crate::state::account::Permissions;
use crate::state::{Account, Draft, Holder};

const SUN_PER_TRX: i64 = 1_000_000;
/// The tap runs dry here: ten times the supply of TRX, far below overflow.
const MAX_ISSUED_SUN: i64 = 1_000_000_000_000_000_000;

/// One change. Amounts in sun unless the name says otherwise; bounds are checked before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mutation {
    /// Activates an address.
    Activate {
        address: Address,
    },
    /// Makes an address a contract.
    Contract {
        address: Address,
        name: String,
    },
    /// Removes an account, as a contract that destroys itself.
    Remove {
        address: Address,
    },
    /// Gives TRX, activating the address when needed.
    Credit {
        address: Address,
        sun: i64,
    },
    /// Gives tokens.
    Mint {
        address: Address,
        units: u128,
    },
    /// Sets own, undelegated stake.
    Stake {
        address: Address,
        is_energy: bool,
        sun: i64,
    },
    /// Lends stake from nowhere: a stranger's delegation.
    Delegate {
        from: Address,
        to: Address,
        is_energy: bool,
        sun: i64,
    },
    /// Uses energy or staked bandwidth.
    Use {
        address: Address,
        is_energy: bool,
        units: i64,
    },
    /// Uses free bandwidth.
    UseFree {
        address: Address,
        units: i64,
    },
    /// Replaces permissions without the fee.
    Permissions {
        address: Address,
        owner: PermissionSpec,
        actives: Vec<PermissionSpec>,
    },
    Blacklist {
        address: Address,
        is_blacklisted: bool,
    },
    Pause {
        is_paused: bool,
    },
    Parameter {
        key: String,
        value: i64,
    },
    /// Total stake of the network, whole TRX.
    Weights {
        energy_trx: Option<i64>,
        net_trx: Option<i64>,
    },
    /// Growth of the totals with every block, whole TRX.
    Drift {
        energy_trx: i64,
        net_trx: i64,
    },
    Factor {
        energy_factor: i64,
    },
}

/// A permission in a request of the control interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionSpec {
    /// A label.
    pub name: String,
    /// Weight that signatures must reach.
    pub threshold: i64,
    /// 64 hex digits; absent for the owner permission.
    #[serde(default)]
    pub operations: Option<String>,
    /// Who may sign.
    pub keys: Vec<KeyWeight>,
}

/// A key of a [`PermissionSpec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyWeight {
    /// Address of the key.
    pub address: Address,
    /// Its weight.
    pub weight: i64,
}

impl PermissionSpec {
    /// The request's form of a permission; kind and id follow from its place.
    pub(crate) fn of(permission: &Permission) -> Self {
        let key = |key: &PermissionKey| KeyWeight { address: key.address, weight: key.weight };
        Self {
            name: permission.name.clone(),
            threshold: permission.threshold,
            operations: permission.operations.map(|bits| hex::encode(bits.as_bytes())),
            keys: permission.keys.iter().map(key).collect(),
        }
    }

    /// The chain's form; `None` for a bitmap that is not 64 hex digits.
    pub(crate) fn permission(&self, kind: PermissionKind, id: i32) -> Option<Permission> {
        let operations = match &self.operations {
            None => None,
            Some(text) => {
                let mut bits = [0; 32];
                hex::decode_to_slice(text, &mut bits).ok()?;
                Some(Operations::from_bytes(bits))
            }
        };
        let key = |key: &KeyWeight| PermissionKey { address: key.address, weight: key.weight };
        Some(Permission {
            kind,
            id,
            name: self.name.clone(),
            threshold: self.threshold,
            operations,
            keys: self.keys.iter().map(key).collect(),
        })
    }
}

const fn resource_of(is_energy: bool) -> Resource {
    if is_energy { Resource::Energy } else { Resource::Bandwidth }
}

impl Mutation {
    /// Carries the change out.
    pub(crate) fn apply(&self, draft: &mut Draft<'_>) {
        match self {
            Self::Activate { address } => activate(draft, *address),
            Self::Contract { address, name } => make_contract(draft, *address, name),
            Self::Remove { address } => remove(draft, *address),
            Self::Credit { address, sun } => credit(draft, *address, *sun),
            Self::Mint { address, units } => mint(draft, *address, *units),
            Self::Stake { address, is_energy, sun } => {
                stake(draft, *address, resource_of(*is_energy), *sun);
            }
            Self::Delegate { from, to, is_energy, sun } => {
                delegate(draft, *from, *to, resource_of(*is_energy), *sun);
            }
            Self::Use { address, is_energy, units } => {
                let now = draft.head_slot();
                let resource = resource_of(*is_energy);
                draft.change(*address, |account| {
                    account.stake_mut(resource).usage.increase(*units, now);
                });
            }
            Self::UseFree { address, units } => use_free(draft, *address, *units),
            Self::Permissions { address, owner, actives } => {
                set_permissions(draft, *address, owner, actives);
            }
            Self::Blacklist { address, is_blacklisted } => {
                let holder = draft.view().holder(address);
                draft.put_holder(*address, Holder { is_blacklisted: *is_blacklisted, ..holder });
            }
            Self::Pause { is_paused } => draft.properties_mut().token.is_paused = *is_paused,
            Self::Parameter { key, value } => {
                let now = draft.head_ms();
                let properties = draft.properties_mut();
                Arc::make_mut(&mut properties.parameters).set(key, *value, now);
            }
            Self::Weights { energy_trx, net_trx } => {
                let properties = draft.properties_mut();
                properties.energy_weight = energy_trx.unwrap_or(properties.energy_weight);
                properties.net_weight = net_trx.unwrap_or(properties.net_weight);
            }
            Self::Drift { energy_trx, net_trx } => {
                let properties = draft.properties_mut();
                properties.energy_weight_drift = *energy_trx;
                properties.net_weight_drift = *net_trx;
            }
            Self::Factor { energy_factor } => {
                draft.properties_mut().token.energy_factor = *energy_factor;
            }
        }
    }
}

fn activate(draft: &mut Draft<'_>, address: Address) {
    if draft.account(&address).is_none() {
        draft.put_account(address, Account::new(address, draft.head_ms()));
    }
}

fn make_contract(draft: &mut Draft<'_>, address: Address, name: &str) {
    activate(draft, address);
    // Only the built-in token has a name that anybody reads.
    let name = if name == "TetherToken" { "TetherToken" } else { "" };
    draft.change(address, |account| {
        account.is_contract = true;
        account.name = name;
    });
}

fn remove(draft: &mut Draft<'_>, address: Address) {
    let worth = draft.account(&address).map_or(0, Account::worth);
    draft.burn(worth);
    draft.remove_account(address);
}

fn credit(draft: &mut Draft<'_>, address: Address, sun: i64) {
    activate(draft, address);
    let sun = issue(draft, sun);
    draft.change(address, |account| account.balance += sun);
}

/// Books TRX from nowhere and says how much of it there was left to give.
fn issue(draft: &mut Draft<'_>, sun: i64) -> i64 {
    let properties = draft.properties_mut();
    let sun = sun.min(MAX_ISSUED_SUN - properties.issued);
    properties.issued += sun;
    sun
}

fn mint(draft: &mut Draft<'_>, address: Address, units: u128) {
    let holder = draft.view().holder(&address);
    let balance = holder.balance.saturating_add(units);
    draft.put_holder(address, Holder { balance, ..holder });
    let token = &mut draft.properties_mut().token;
    token.supply = token.supply.saturating_add(units);
}

fn stake(draft: &mut Draft<'_>, address: Address, resource: Resource, sun: i64) {
    activate(draft, address);
    let Some(account) = draft.account(&address) else { return };
    let stake = account.stake(resource);
    let (before, missing) = (stake.owned(), sun - stake.frozen);
    let grown = issue(draft, missing);
    draft.change(address, |account| account.stake_mut(resource).frozen += grown);
    draft.add_weight(resource, (before + grown) / SUN_PER_TRX - before / SUN_PER_TRX);
}

fn delegate(draft: &mut Draft<'_>, from: Address, to: Address, resource: Resource, sun: i64) {
    activate(draft, to);
    let frozen = draft.account(&from).map_or(0, |account| account.stake(resource).frozen);
    if frozen < sun {
        stake(draft, from, resource, sun);
    }
    let available = draft.account(&from).map_or(0, |account| account.stake(resource).frozen);
    lend(draft, from, to, resource, sun.min(available), 0);
}

fn use_free(draft: &mut Draft<'_>, address: Address, units: i64) {
    let now = draft.head_slot();
    draft.change(address, |account| {
        let left = resource::free_increase(account.free_used, 0, account.free_slot, now);
        account.free_used = resource::free_increase(left, units, now, now);
        account.free_slot = now;
    });
}

fn set_permissions(
    draft: &mut Draft<'_>,
    address: Address,
    owner: &PermissionSpec,
    actives: &[PermissionSpec],
) {
    activate(draft, address);
    let actives: Option<Vec<_>> = actives
        .iter()
        .zip(2..)
        .map(|(spec, id)| spec.permission(PermissionKind::Active, id))
        .collect();
    if let Some((owner, actives)) = owner.permission(PermissionKind::Owner, 0).zip(actives) {
        draft.change(address, |account| {
            account.permissions = Arc::new(Permissions { owner, actives });
        });
    }
}
