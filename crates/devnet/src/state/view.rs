//! Reading the state at one height, with or without pending changes.

use std::collections::BTreeMap;

use tron::Address;

use crate::state::{Account, Holder, LinkKey, Overlay, Properties, Record, RecordKey, Side, State};

/// A look at the state: of a height, or of the head with pending changes on top.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    state: &'a State,
    height: u64,
    overlay: Option<&'a Overlay>,
}

macro_rules! lookup {
    ($self:ident, $table:ident, $key:expr) => {
        match $self.overlay.and_then(|overlay| overlay.$table.get($key)) {
            Some(changed) => changed.as_deref(),
            None => $self.state.$table.get($key, $self.height).map(AsRef::as_ref),
        }
    };
}

impl<'a> View<'a> {
    pub(crate) const fn new(state: &'a State, height: u64, overlay: Option<&'a Overlay>) -> Self {
        Self { state, height, overlay }
    }

    pub(crate) fn properties(&self) -> &'a Properties {
        match self.overlay {
            Some(overlay) => &overlay.properties,
            None => self
                .state
                .properties
                .get(&(), self.height)
                .expect("heights that are read are kept, and each has properties"),
        }
    }

    pub(crate) fn account(&self, address: &Address) -> Option<&'a Account> {
        lookup!(self, accounts, address)
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Option<&'a Record> {
        lookup!(self, records, key)
    }

    pub(crate) fn holder(&self, address: &Address) -> Holder {
        lookup!(self, holders, address).copied().unwrap_or_default()
    }

    pub(crate) fn allowance(&self, owner: Address, spender: Address) -> u128 {
        lookup!(self, allowances, &(owner, spender)).copied().unwrap_or_default()
    }

    /// Addresses on one side of the delegation index, by the time of the last delegation.
    pub(crate) fn linked(&self, of: Address, side: Side) -> Vec<Address> {
        let key = |byte: u8| LinkKey { of, side, other: Address::from_evm([byte; 20]) };
        let range = key(0x00)..=key(0xff);
        let mut found: BTreeMap<Address, i64> = self
            .state
            .links
            .range(range, self.height)
            .map(|(key, time)| (key.other, **time))
            .collect();
        let changes = self.overlay.into_iter().flat_map(|overlay| overlay.links.iter());
        for (key, time) in changes.filter(|(key, _)| key.of == of && key.side == side) {
            match time {
                Some(time) => found.insert(key.other, **time),
                None => found.remove(&key.other),
            };
        }
        let mut found: Vec<_> = found.into_iter().map(|(other, time)| (time, other)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, other)| other).collect()
    }

    /// All accounts, by address.
    pub(crate) fn accounts(&self) -> BTreeMap<Address, &'a Account> {
        let mut all: BTreeMap<_, _> = self
            .state
            .accounts
            .range(.., self.height)
            .map(|(address, account)| (*address, account.as_ref()))
            .collect();
        for (address, account) in self.overlay.into_iter().flat_map(|layer| layer.accounts.iter()) {
            match account {
                Some(account) => all.insert(*address, account.as_ref()),
                None => all.remove(address),
            };
        }
        all
    }

    /// All delegation records, by key.
    pub(crate) fn records(&self) -> BTreeMap<RecordKey, &'a Record> {
        let mut all: BTreeMap<_, _> = self
            .state
            .records
            .range(.., self.height)
            .map(|(key, record)| (*key, record.as_ref()))
            .collect();
        for (key, record) in self.overlay.into_iter().flat_map(|layer| layer.records.iter()) {
            match record {
                Some(record) => all.insert(*key, record.as_ref()),
                None => all.remove(key),
            };
        }
        all
    }

    /// All token holders, by address.
    pub(crate) fn holders(&self) -> BTreeMap<Address, Holder> {
        let mut all: BTreeMap<_, _> = self
            .state
            .holders
            .range(.., self.height)
            .map(|(address, holder)| (*address, **holder))
            .collect();
        for (address, holder) in self.overlay.into_iter().flat_map(|layer| layer.holders.iter()) {
            match holder {
                Some(holder) => all.insert(*address, **holder),
                None => all.remove(address),
            };
        }
        all
    }
}
