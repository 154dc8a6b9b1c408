//! What the chain keeps about one address.

use std::sync::Arc;

use tron::{Address, Operations, Permission, Resource};

use crate::resource::Usage;

/// An activated address. Amounts in sun, times in unix ms, slots of 3 s.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) is_contract: bool,
    pub(crate) name: &'static str,
    pub(crate) balance: i64,
    pub(crate) created_ms: i64,
    pub(crate) operated_ms: i64,
    pub(crate) bandwidth: Stake,
    pub(crate) energy: Stake,
    /// Free bandwidth: always over the fixed window of a day.
    pub(crate) free_used: i64,
    pub(crate) free_slot: i64,
    pub(crate) unfreezing: Vec<Unfreezing>,
    pub(crate) permissions: Arc<Permissions>,
}

/// Stake for one resource and what was used of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stake {
    /// Own stake that is not lent out (`frozenV2`).
    pub(crate) frozen: i64,
    /// Own stake lent out.
    pub(crate) delegated: i64,
    /// Stake of others lent to this address.
    pub(crate) acquired: i64,
    pub(crate) usage: Usage,
}

impl Stake {
    /// Stake that yields the resource here; what is lent out does not.
    pub(crate) const fn yielding(&self) -> i64 {
        self.frozen + self.acquired
    }

    /// Own stake, wherever it yields; this is what counts towards the network's total.
    pub(crate) const fn owned(&self) -> i64 {
        self.frozen + self.delegated
    }
}

/// Stake on its way back to the balance.
#[derive(Clone, Debug)]
pub(crate) struct Unfreezing {
    pub(crate) resource: Resource,
    pub(crate) amount: i64,
    pub(crate) expire_ms: i64,
}

/// Who may sign for an address.
#[derive(Clone, Debug)]
pub(crate) struct Permissions {
    pub(crate) owner: Permission,
    pub(crate) actives: Vec<Permission>,
}

impl Permissions {
    /// What a new account gets: its own key for everything, and an active permission.
    pub(crate) fn default_of(address: Address) -> Self {
        Self {
            owner: Permission::owner(address),
            actives: vec![Permission::active(2, "active", default_operations(), address)],
        }
    }

    /// The permission a transaction names by `Permission_id`.
    pub(crate) fn by_id(&self, id: i32) -> Option<&Permission> {
        if id == 0 {
            return Some(&self.owner);
        }
        self.actives.iter().find(|permission| permission.id == id)
    }
}

/// The default bitmap of active permissions on a network with all proposals up to Stake 2.0, as Nile
/// shows it.
pub(crate) fn default_operations() -> Operations {
    let mut bits = [0; 32];
    bits[..8].copy_from_slice(&[0x7f, 0xff, 0x1f, 0xc0, 0x03, 0x3e, 0xfb, 0x0f]);
    Operations::from_bytes(bits)
}

impl Account {
    /// A plain account at the moment of its activation.
    pub(crate) fn new(address: Address, created_ms: i64) -> Self {
        Self {
            is_contract: false,
            name: "",
            balance: 0,
            created_ms,
            operated_ms: 0,
            bandwidth: Stake::default(),
            energy: Stake::default(),
            free_used: 0,
            free_slot: 0,
            unfreezing: Vec::new(),
            permissions: Arc::new(Permissions::default_of(address)),
        }
    }

    pub(crate) const fn stake(&self, resource: Resource) -> &Stake {
        match resource {
            Resource::Bandwidth => &self.bandwidth,
            Resource::Energy => &self.energy,
        }
    }

    pub(crate) const fn stake_mut(&mut self, resource: Resource) -> &mut Stake {
        match resource {
            Resource::Bandwidth => &mut self.bandwidth,
            Resource::Energy => &mut self.energy,
        }
    }

    /// Everything it owns, in sun: what supply conservation counts.
    pub(crate) fn worth(&self) -> i64 {
        let unfreezing: i64 = self.unfreezing.iter().map(|one| one.amount).sum();
        self.balance + self.bandwidth.owned() + self.energy.owned() + unfreezing
    }
}
