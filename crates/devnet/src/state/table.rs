//! A map that remembers what every key held at each recent block height.

use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::sync::Arc;

/// A map with versions: reading at a height sees the last value written at or below it.
///
/// Shape: a read is one tree lookup and a scan of the key's few recent versions; a block costs only
/// the keys it changed. That is what lets 10 000 addresses, a solid snapshot and a reorganisation
/// live together without copying the state.
pub(crate) struct Table<K, V> {
    cells: BTreeMap<K, Vec<Version<V>>>,
    /// Keys written at each height that can still be rolled back or pruned.
    touched: BTreeMap<u64, Vec<K>>,
}

struct Version<V> {
    height: u64,
    /// `None` is "deleted here".
    value: Option<Arc<V>>,
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub(crate) const fn new() -> Self {
        Self { cells: BTreeMap::new(), touched: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: &K, height: u64) -> Option<&Arc<V>> {
        at(self.cells.get(key)?, height)
    }

    /// Keys in the range that exist at this height, in order.
    pub(crate) fn range<R: RangeBounds<K>>(
        &self,
        range: R,
        height: u64,
    ) -> impl Iterator<Item = (&K, &Arc<V>)> {
        self.cells
            .range(range)
            .filter_map(move |(key, versions)| Some((key, at(versions, height)?)))
    }

    /// Writes at a height that is not below any earlier write of the key.
    pub(crate) fn put(&mut self, height: u64, key: K, value: Option<Arc<V>>) {
        let versions = self.cells.entry(key.clone()).or_default();
        match versions.last_mut() {
            Some(last) if last.height == height => {
                last.value = value;
                return;
            }
            Some(_) | None => versions.push(Version { height, value }),
        }
        self.touched.entry(height).or_default().push(key);
    }

    /// Forgets everything written above this height.
    pub(crate) fn roll_back(&mut self, height: u64) {
        for (_, keys) in self.touched.split_off(&(height + 1)) {
            for key in keys {
                if let Some(versions) = self.cells.get_mut(&key) {
                    versions.retain(|version| version.height <= height);
                    if versions.is_empty() {
                        self.cells.remove(&key);
                    }
                }
            }
        }
    }

    /// Forgets versions that no read at or above this height can see.
    pub(crate) fn prune(&mut self, height: u64) {
        let kept = self.touched.split_off(&(height + 1));
        for (_, keys) in std::mem::replace(&mut self.touched, kept) {
            for key in keys {
                let Some(versions) = self.cells.get_mut(&key) else { continue };
                let newest = versions.iter().rposition(|version| version.height <= height);
                versions.drain(..newest.unwrap_or(0));
                if versions.len() == 1 && versions[0].value.is_none() {
                    self.cells.remove(&key);
                }
            }
        }
    }
}

fn at<V>(versions: &[Version<V>], height: u64) -> Option<&Arc<V>> {
    versions.iter().rev().find(|version| version.height <= height)?.value.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &Table<u8, u32>, key: u8, height: u64) -> Option<u32> {
        table.get(&key, height).map(|value| **value)
    }

    fn sample() -> Table<u8, u32> {
        let mut table = Table::new();
        table.put(1, 7, Some(Arc::new(10)));
        table.put(3, 7, Some(Arc::new(30)));
        table.put(4, 7, None);
        table.put(4, 8, Some(Arc::new(80)));
        table
    }

    #[test]
    fn a_read_sees_its_height() {
        let table = sample();
        let seen: Vec<_> = (0..6).map(|height| read(&table, 7, height)).collect();
        assert_eq!(seen, [None, Some(10), Some(10), Some(30), None, None]);
        assert_eq!(table.range(.., 3).count(), 1);
        assert_eq!(table.range(.., 4).map(|(key, _)| *key).collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn rolling_back_restores_and_forgets() {
        let mut table = sample();
        table.roll_back(3);
        assert_eq!(read(&table, 7, 9), Some(30));
        assert_eq!(read(&table, 8, 9), None);
        table.roll_back(0);
        assert!(table.cells.is_empty() && table.touched.is_empty());
    }

    #[test]
    fn pruning_keeps_what_later_heights_see_and_drops_the_dead() {
        let mut table = sample();
        table.prune(3);
        assert_eq!(read(&table, 7, 3), Some(30));
        assert_eq!(read(&table, 7, 2), None);
        table.prune(4);
        assert_eq!(table.cells.len(), 1);
        assert_eq!(read(&table, 8, 4), Some(80));
    }
}
