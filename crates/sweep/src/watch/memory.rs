//! What the watch remembers between looks and over restarts, in a small file of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tron::Address;

use crate::journal::Holding;
use crate::record::{Asset, Record, State};

/// How long an address is left alone after it failed once; it doubles with each further time.
pub const FIRST_HOLD_OFF: Duration = Duration::from_secs(3_600);
/// The longest that an address is left alone.
pub const HOLD_OFF_MAX: Duration = Duration::from_secs(24 * 3_600);

/// What is known of an address that holds tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Since when it holds any, Unix milliseconds.
    pub since_ms: i64,
    /// How often it failed in a row.
    pub failures: u32,
    /// It is left alone until then, Unix milliseconds.
    pub not_before_ms: i64,
}

/// What the watch remembers.
pub struct Memory {
    path: Option<PathBuf>,
    seen: BTreeMap<Address, Seen>,
}

/// What is remembered cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read or written", path.display())]
pub struct MemoryError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Memory {
    /// What a file holds; a new one remembers nothing, and a damaged one no more than that: ages and
    /// failures begin anew, which is no reason to leave tokens where they are.
    ///
    /// Errors: the file system refuses.
    pub fn open(path: &Path) -> Result<Self, MemoryError> {
        let failed = |source| MemoryError { path: path.to_owned(), source };
        let seen = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!("{} is damaged and begins anew: {error}", path.display());
                BTreeMap::new()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { path: Some(path.to_owned()), seen })
    }

    /// Remembers nothing over restarts.
    #[must_use]
    pub const fn in_process() -> Self {
        Self { path: None, seen: BTreeMap::new() }
    }

    /// What is known of an address.
    #[must_use]
    pub fn seen(&self, holding: &Holding) -> Option<&Seen> {
        self.seen.get(&holding.target.address)
    }

    /// Takes in what addresses hold now: new ones begin to age, empty ones are forgotten.
    ///
    /// Errors: it cannot be written.
    pub fn observe(&mut self, holdings: &[Holding], now_ms: i64) -> Result<(), MemoryError> {
        let before = self.seen.clone();
        let fresh = Seen { since_ms: now_ms, failures: 0, not_before_ms: 0 };
        self.seen = holdings
            .iter()
            .map(|holding| {
                let address = holding.target.address;
                (address, before.get(&address).copied().unwrap_or(fresh))
            })
            .collect();
        if self.seen == before { Ok(()) } else { self.save() }
    }

    /// Takes in how a run ended for these.
    ///
    /// Errors: it cannot be written.
    pub fn note(&mut self, records: &[&Record], now_ms: i64) -> Result<(), MemoryError> {
        for record in records {
            match record.state {
                // Tokens that are too few to sweep still age.
                State::Swept if record.asset == Asset::Trx => {}
                // The next deposit is a new one.
                State::Swept => drop(self.seen.remove(&record.address)),
                State::Failed | State::Skipped if is_in_vain(record) => {
                    if let Some(seen) = self.seen.get_mut(&record.address) {
                        seen.failures = seen.failures.saturating_add(1);
                        seen.not_before_ms = now_ms.saturating_add(hold_off_ms(seen.failures));
                    }
                }
                State::Planned
                | State::Ordering
                | State::Ordered
                | State::Ready
                | State::Signed
                | State::Included
                | State::Failed
                | State::Skipped => {}
            }
        }
        self.save()
    }

    fn save(&self) -> Result<(), MemoryError> {
        let Some(path) = &self.path else { return Ok(()) };
        let failed = |source| MemoryError { path: path.clone(), source };
        let bytes = serde_json::to_vec(&self.seen).map_err(|error| failed(error.into()))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".tmp");
        replace(path, Path::new(&beside), &bytes).map_err(failed)
    }
}

/// The old content or the new one, also after a power cut: a file system may do the renaming first.
fn replace(path: &Path, beside: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

/// Whether trying it again soon would cost again: it failed, or it was skipped after an order.
pub(super) fn is_in_vain(record: &Record) -> bool {
    record.state == State::Failed || (record.state == State::Skipped && record.serial.is_some())
}

fn hold_off_ms(failures: u32) -> i64 {
    let doubled = FIRST_HOLD_OFF.saturating_mul(1 << (failures.saturating_sub(1)).min(10));
    i64::try_from(doubled.min(HOLD_OFF_MAX).as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use tron::TokenUnits;

    use super::*;
    use crate::target::Target;

    fn address(last: u8) -> Address {
        Address::from_evm([last; 20])
    }

    fn holding(last: u8) -> Holding {
        let held = TokenUnits(5);
        Holding { position: usize::from(last), target: Target::new(address(last)), held }
    }

    fn record(last: u8, state: State) -> Record {
        let held = TokenUnits(5);
        Record { state, ..Record::new(address(last), String::new(), Asset::Token, held) }
    }

    #[test]
    fn ages_survive_a_restart_and_begin_anew_after_a_sweep() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("watch.json");
        let mut memory = Memory::open(&path).unwrap();
        memory.observe(&[holding(1), holding(2)], 100).unwrap();
        let mut memory = Memory::open(&path).unwrap();
        memory.observe(&[holding(1), holding(3)], 200).unwrap();
        assert_eq!(memory.seen(&holding(1)).unwrap().since_ms, 100);
        assert_eq!(memory.seen(&holding(3)).unwrap().since_ms, 200);
        assert_eq!(memory.seen(&holding(2)), None, "it holds nothing any more");
        memory.note(&[&record(1, State::Swept)], 300).unwrap();
        let mut memory = Memory::open(&path).unwrap();
        memory.observe(&[holding(1)], 400).unwrap();
        assert_eq!(memory.seen(&holding(1)).unwrap().since_ms, 400);
    }

    #[test]
    fn a_damaged_file_begins_anew_and_is_whole_after_the_next_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("watch.json");
        for (damaged, now_ms) in [("", 100), ("{\"T", 200), ("nonsense", 300)] {
            std::fs::write(&path, damaged).unwrap();
            let mut memory = Memory::open(&path).unwrap();
            assert_eq!(memory.seen(&holding(1)), None);
            memory.observe(&[holding(1)], now_ms).unwrap();
            let memory = Memory::open(&path).unwrap();
            assert_eq!(memory.seen(&holding(1)).unwrap().since_ms, now_ms);
        }
        assert!(Memory::open(directory.path()).is_err(), "no file at all");
    }

    #[test]
    fn an_address_is_left_alone_after_an_order_that_did_not_help_and_not_after_a_refusal() {
        let mut memory = Memory::in_process();
        memory.observe(&[holding(1), holding(2)], 0).unwrap();
        let serial = domain::OrderId::parse(&"1".repeat(32));
        let ordered = Record { serial, ..record(1, State::Skipped) };
        memory.note(&[&ordered, &record(2, State::Skipped)], 1_000).unwrap();
        assert_eq!(memory.seen(&holding(1)).unwrap().not_before_ms, 1_000 + 3_600_000);
        assert_eq!(memory.seen(&holding(2)).unwrap().not_before_ms, 0);
    }

    #[test]
    fn failures_in_a_row_wait_longer_up_to_a_day() {
        let mut memory = Memory::in_process();
        memory.observe(&[holding(1)], 0).unwrap();
        let hours = [1, 2, 4, 8, 16, 24, 24];
        for (failures, hours) in (1..).zip(hours) {
            memory.note(&[&record(1, State::Failed)], 1_000).unwrap();
            let seen = memory.seen(&holding(1)).unwrap();
            assert_eq!((seen.failures, seen.not_before_ms), (failures, 1_000 + hours * 3_600_000));
        }
    }
}
