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
use crate::state::{Account, Holder, Session};

const SUN_PER_TRX: i64 = 1_000_000;

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
    pub(crate) fn apply(&self, session: &mut Session<'_>) {
        match self {
            Self::Activate { address } => activate(session, *address),
            Self::Contract { address, name } => make_contract(session, *address, name),
            Self::Remove { address } => remove(session, *address),
            Self::Credit { address, sun } => credit(session, *address, *sun),
            Self::Mint { address, units } => mint(session, *address, *units),
            Self::Stake { address, is_energy, sun } => {
                stake(session, *address, resource_of(*is_energy), *sun);
            }
            Self::Delegate { from, to, is_energy, sun } => {
                delegate(session, *from, *to, resource_of(*is_energy), *sun);
            }
            Self::Use { address, is_energy, units } => {
                let now = session.head_slot();
                let resource = resource_of(*is_energy);
                session.change(*address, |account| {
                    account.stake_mut(resource).usage.increase(*units, now);
                });
            }
            Self::UseFree { address, units } => use_free(session, *address, *units),
            Self::Permissions { address, owner, actives } => {
                set_permissions(session, *address, owner, actives);
            }
            Self::Blacklist { address, is_blacklisted } => {
                let holder = session.view().holder(address);
                session.put_holder(*address, Holder { is_blacklisted: *is_blacklisted, ..holder });
            }
            Self::Pause { is_paused } => session.properties_mut().token.is_paused = *is_paused,
            Self::Parameter { key, value } => {
                let now = session.head_ms();
                let properties = session.properties_mut();
                Arc::make_mut(&mut properties.parameters).set(key, *value, now);
            }
            Self::Weights { energy_trx, net_trx } => {
                let properties = session.properties_mut();
                properties.energy_weight = energy_trx.unwrap_or(properties.energy_weight);
                properties.net_weight = net_trx.unwrap_or(properties.net_weight);
            }
            Self::Drift { energy_trx, net_trx } => {
                let properties = session.properties_mut();
                properties.energy_weight_drift = *energy_trx;
                properties.net_weight_drift = *net_trx;
            }
            Self::Factor { energy_factor } => {
                session.properties_mut().token.energy_factor = *energy_factor;
            }
        }
    }
}

fn activate(session: &mut Session<'_>, address: Address) {
    if session.account(&address).is_none() {
        session.put_account(address, Account::new(address, session.head_ms()));
    }
}

fn make_contract(session: &mut Session<'_>, address: Address, name: &str) {
    activate(session, address);
    // Only the built-in token has a name that anybody reads.
    let name = if name == "TetherToken" { "TetherToken" } else { "" };
    session.change(address, |account| {
        account.is_contract = true;
        account.name = name;
    });
}

fn remove(session: &mut Session<'_>, address: Address) {
    let worth = session.account(&address).map_or(0, Account::worth);
    session.burn(worth);
    session.remove_account(address);
}

fn credit(session: &mut Session<'_>, address: Address, sun: i64) {
    activate(session, address);
    session.change(address, |account| account.balance = account.balance.saturating_add(sun));
    session.properties_mut().issued += sun;
}

fn mint(session: &mut Session<'_>, address: Address, units: u128) {
    let holder = session.view().holder(&address);
    let balance = holder.balance.saturating_add(units);
    session.put_holder(address, Holder { balance, ..holder });
    let token = &mut session.properties_mut().token;
    token.supply = token.supply.saturating_add(units);
}

fn stake(session: &mut Session<'_>, address: Address, resource: Resource, sun: i64) {
    activate(session, address);
    let Some(account) = session.account(&address) else { return };
    let stake = account.stake(resource);
    let (before, grown) = (stake.owned(), sun - stake.frozen);
    session.change(address, |account| account.stake_mut(resource).frozen = sun);
    session.add_weight(resource, (before + grown) / SUN_PER_TRX - before / SUN_PER_TRX);
    session.properties_mut().issued += grown;
}

fn delegate(session: &mut Session<'_>, from: Address, to: Address, resource: Resource, sun: i64) {
    activate(session, to);
    let frozen = session.account(&from).map_or(0, |account| account.stake(resource).frozen);
    if frozen < sun {
        stake(session, from, resource, sun);
    }
    lend(session, from, to, resource, sun, 0);
}

fn use_free(session: &mut Session<'_>, address: Address, units: i64) {
    let now = session.head_slot();
    session.change(address, |account| {
        let left = resource::free_increase(account.free_used, 0, account.free_slot, now);
        account.free_used = resource::free_increase(left, units, now, now);
        account.free_slot = now;
    });
}

fn set_permissions(
    session: &mut Session<'_>,
    address: Address,
    owner: &PermissionSpec,
    actives: &[PermissionSpec],
) {
    activate(session, address);
    let actives: Option<Vec<_>> = actives
        .iter()
        .zip(2..)
        .map(|(spec, id)| spec.permission(PermissionKind::Active, id))
        .collect();
    if let Some((owner, actives)) = owner.permission(PermissionKind::Owner, 0).zip(actives) {
        session.change(address, |account| {
            account.permissions = Arc::new(Permissions { owner, actives });
        });
    }
}
