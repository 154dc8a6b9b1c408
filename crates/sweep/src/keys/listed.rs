//! Addresses in a file's order, each with what belongs to it.

use std::collections::HashMap;

use tron::Address;

use super::KeysError;

/// Addresses in order, and what belongs to each.
pub(super) struct Listed<T> {
    order: Vec<Address>,
    rows: HashMap<Address, T>,
}

impl<T> Listed<T> {
    /// A list; an address that is there again is left out, as the same row twice does no harm.
    ///
    /// Errors: nothing is in it.
    pub(super) fn new(all: Vec<(Address, T)>) -> Result<Self, KeysError> {
        let (mut order, mut rows) = (Vec::with_capacity(all.len()), HashMap::new());
        for (address, row) in all {
            if let std::collections::hash_map::Entry::Vacant(place) = rows.entry(address) {
                place.insert(row);
                order.push(address);
            }
        }
        if order.is_empty() { Err(KeysError::Empty) } else { Ok(Self { order, rows }) }
    }

    pub(super) fn order(&self) -> &[Address] {
        &self.order
    }

    pub(super) fn get(&self, address: Address) -> Option<&T> {
        self.rows.get(&address)
    }
}
