//! The chain's state: versioned tables, uncommitted changes on top, and ways to look at both.

pub(crate) mod account;
mod draft;
mod layer;
mod overlay;
pub(crate) mod parameters;
pub(crate) mod properties;
pub(crate) mod record;
mod table;
mod view;

use std::sync::Arc;

use tron::Address;

pub(crate) use account::Account;
pub(crate) use draft::Draft;
pub(crate) use overlay::Overlay;
pub(crate) use properties::Properties;
pub(crate) use record::{LinkKey, Record, RecordKey, Side};
use table::Table;
pub(crate) use view::View;

/// What an address holds of the built-in token; it need not be activated for that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) balance: u128,
    pub(crate) is_blacklisted: bool,
}

/// Everything the chain knows, at every height that is still kept.
pub(crate) struct State {
    accounts: Table<Address, Account>,
    records: Table<RecordKey, Record>,
    links: Table<LinkKey, i64>,
    holders: Table<Address, Holder>,
    /// (owner, spender) to allowance.
    allowances: Table<(Address, Address), u128>,
    properties: Table<(), Properties>,
}

impl State {
    pub(crate) fn new(genesis: Properties) -> Self {
        let mut properties = Table::new();
        properties.put(0, (), Some(Arc::new(genesis)));
        Self {
            accounts: Table::new(),
            records: Table::new(),
            links: Table::new(),
            holders: Table::new(),
            allowances: Table::new(),
            properties,
        }
    }

    /// The state after the block of this height.
    pub(crate) const fn at(&self, height: u64) -> View<'_> {
        View::new(self, height, None)
    }

    /// Makes the changes of a block permanent at its height.
    pub(crate) fn commit(&mut self, height: u64, overlay: Overlay) {
        overlay.commit(self, height);
    }

    /// Undoes all blocks above this height.
    pub(crate) fn roll_back(&mut self, height: u64) {
        self.accounts.roll_back(height);
        self.records.roll_back(height);
        self.links.roll_back(height);
        self.holders.roll_back(height);
        self.allowances.roll_back(height);
        self.properties.roll_back(height);
    }

    /// Forgets what only reads below this height could see.
    pub(crate) fn prune(&mut self, height: u64) {
        self.accounts.prune(height);
        self.records.prune(height);
        self.links.prune(height);
        self.holders.prune(height);
        self.allowances.prune(height);
        self.properties.prune(height);
    }
}
