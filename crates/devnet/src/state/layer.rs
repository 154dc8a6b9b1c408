//! Changes on top of a [`Table`](super::table::Table), with an undo for one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Uncommitted changes of one map. The inner `None` is "deleted".
pub(crate) struct Layer<K, V> {
    changed: BTreeMap<K, Option<Arc<V>>>,
    /// What the layer held before each write since the last [`Layer::begin`].
    undo: Vec<(K, Option<Option<Arc<V>>>)>,
}

impl<K: Ord + Clone, V> Layer<K, V> {
    pub(crate) const fn new() -> Self {
        Self { changed: BTreeMap::new(), undo: Vec::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&Option<Arc<V>>> {
        self.changed.get(key)
    }

    pub(crate) fn put(&mut self, key: K, value: Option<Arc<V>>) {
        let before = self.changed.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    pub(crate) fn begin(&mut self) {
        self.undo.clear();
    }

    pub(crate) fn revert(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.changed.insert(key, value),
                None => self.changed.remove(&key),
            };
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Option<Arc<V>>)> {
        self.changed.iter()
    }

    pub(crate) fn into_changes(self) -> BTreeMap<K, Option<Arc<V>>> {
        self.changed
    }
}
