//! Changes of a block or of the pending transactions, before they are committed.

use std::sync::Arc;

use tron::Address;

use crate::state::layer::Layer;
use crate::state::{Account, Holder, LinkKey, Properties, Record, RecordKey, State};

/// Uncommitted changes to every table.
pub(crate) struct Overlay {
    pub(super) accounts: Layer<Address, Account>,
    pub(super) records: Layer<RecordKey, Record>,
    pub(super) links: Layer<LinkKey, i64>,
    pub(super) holders: Layer<Address, Holder>,
    pub(super) allowances: Layer<(Address, Address), u128>,
    pub(super) properties: Properties,
    saved: Properties,
}

impl Overlay {
    /// No changes yet.
    pub(crate) fn new(properties: Properties) -> Self {
        Self {
            accounts: Layer::new(),
            records: Layer::new(),
            links: Layer::new(),
            holders: Layer::new(),
            allowances: Layer::new(),
            saved: properties.clone(),
            properties,
        }
    }

    /// Starts a transaction: [`Overlay::revert`] comes back to here.
    pub(crate) fn begin(&mut self) {
        self.accounts.begin();
        self.records.begin();
        self.links.begin();
        self.holders.begin();
        self.allowances.begin();
        self.saved = self.properties.clone();
    }

    /// Undoes everything since [`Overlay::begin`].
    pub(crate) fn revert(&mut self) {
        self.accounts.revert();
        self.records.revert();
        self.links.revert();
        self.holders.revert();
        self.allowances.revert();
        self.properties = self.saved.clone();
    }

    pub(super) fn commit(self, state: &mut State, height: u64) {
        for (key, value) in self.accounts.into_changes() {
            state.accounts.put(height, key, value);
        }
        for (key, value) in self.records.into_changes() {
            state.records.put(height, key, value);
        }
        for (key, value) in self.links.into_changes() {
            state.links.put(height, key, value);
        }
        for (key, value) in self.holders.into_changes() {
            state.holders.put(height, key, value);
        }
        for (key, value) in self.allowances.into_changes() {
            state.allowances.put(height, key, value);
        }
        state.properties.put(height, (), Some(Arc::new(self.properties)));
    }
}
