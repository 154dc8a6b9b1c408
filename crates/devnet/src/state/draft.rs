//! Changing the state: reads see the changes made before.

use std::sync::Arc;

use tron::{Address, Resource};

use crate::resource::{self, Totals};
use crate::state::{
    Account, Holder, LinkKey, Overlay, Properties, Record, RecordKey, Side, State, View,
};

/// A state under change.
pub(crate) struct Draft<'a> {
    state: &'a State,
    height: u64,
    overlay: &'a mut Overlay,
}

impl<'a> Draft<'a> {
    /// Changes go to the overlay; what it lacks is read from the state at this height.
    pub(crate) const fn new(state: &'a State, height: u64, overlay: &'a mut Overlay) -> Self {
        Self { state, height, overlay }
    }

    pub(crate) const fn view(&self) -> View<'_> {
        View::new(self.state, self.height, Some(self.overlay))
    }

    pub(crate) const fn properties(&self) -> &Properties {
        &self.overlay.properties
    }

    pub(crate) const fn properties_mut(&mut self) -> &mut Properties {
        &mut self.overlay.properties
    }

    pub(crate) fn parameter(&self, key: &'static str) -> i64 {
        self.overlay.properties.parameters.get(key)
    }

    pub(crate) const fn head_slot(&self) -> i64 {
        self.overlay.properties.head_slot()
    }

    pub(crate) const fn head_ms(&self) -> i64 {
        self.overlay.properties.head_ms
    }

    pub(crate) fn account(&self, address: &Address) -> Option<&Account> {
        self.view().account(address)
    }

    pub(crate) fn put_account(&mut self, address: Address, account: Account) {
        self.overlay.accounts.put(address, Some(Arc::new(account)));
    }

    /// Changes an account that exists; does nothing to one that does not.
    pub(crate) fn change(&mut self, address: Address, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.account(&address) {
            let mut account = account.clone();
            change(&mut account);
            self.put_account(address, account);
        }
    }

    pub(crate) fn remove_account(&mut self, address: Address) {
        self.overlay.accounts.put(address, None);
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Option<Record> {
        self.view().record(key).cloned()
    }

    pub(crate) fn put_record(&mut self, key: RecordKey, record: Option<Record>) {
        self.overlay.records.put(key, record.map(Arc::new));
    }

    /// Notes a delegation in both directions of the index, or forgets it.
    pub(crate) fn link(&mut self, from: Address, to: Address, time_ms: Option<i64>) {
        let time = time_ms.map(Arc::new);
        let links = &mut self.overlay.links;
        links.put(LinkKey { of: from, side: Side::To, other: to }, time.clone());
        links.put(LinkKey { of: to, side: Side::From, other: from }, time);
    }

    pub(crate) fn put_holder(&mut self, address: Address, holder: Holder) {
        self.overlay.holders.put(address, Some(Arc::new(holder)));
    }

    pub(crate) fn put_allowance(&mut self, owner: Address, spender: Address, amount: u128) {
        self.overlay.allowances.put((owner, spender), Some(Arc::new(amount)));
    }

    /// Destroys sun that were already taken from an account.
    pub(crate) const fn burn(&mut self, sun: i64) {
        self.overlay.properties.burned += sun;
    }

    /// Limit and weight of a resource.
    pub(crate) fn totals(&self, resource: Resource) -> Totals {
        resource::totals(self.properties(), resource)
    }

    /// Adds to the network's stake, in whole TRX.
    pub(crate) const fn add_weight(&mut self, resource: Resource, trx: i64) {
        let weight = match resource {
            Resource::Bandwidth => &mut self.overlay.properties.net_weight,
            Resource::Energy => &mut self.overlay.properties.energy_weight,
        };
        *weight = weight.saturating_add(trx);
    }
}
