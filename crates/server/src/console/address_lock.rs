//! Wrong tries to sign in are counted by address, too: whoever tries many names waits longer and longer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use domain::UnixMillis;
use domain::person::{LONGEST_WAIT_SECS, wait_secs};

/// Wrong tries of an address that cost it nothing: many people may sit behind one.
pub(super) const FREE_ADDRESS_TRIES: u32 = 10;
/// How long an address's tries are remembered after the last one, in seconds.
pub(super) const REMEMBERED_SECS: i64 = 4 * LONGEST_WAIT_SECS;
/// Addresses that are remembered. Beyond it those that were quiet for long are forgotten, and if that is
/// not enough, further ones are not counted; people still are.
pub(super) const ADDRESSES_MAX: usize = 10_000;

/// Wrong tries by address.
#[derive(Debug, Default)]
pub struct AddressLock {
    by_address: Mutex<HashMap<IpAddr, Tries>>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: UnixMillis,
}

impl Tries {
    fn is_over(&self, now: UnixMillis) -> bool {
        // A clock that went back ends it too: nobody waits for a time that never comes.
        !(0..REMEMBERED_SECS * 1_000).contains(&now.since(self.last))
    }
}

impl AddressLock {
    /// How many seconds an address has to wait; `None` when it may try.
    #[must_use]
    pub(super) fn wait_secs(&self, address: IpAddr, now: UnixMillis) -> Option<u32> {
        let mut all = self.by_address.lock().expect("nothing panics while holding it");
        let tries = *all.get(&address)?;
        if tries.is_over(now) {
            all.remove(&address);
            return None;
        }
        let beyond = tries.wrong.saturating_sub(FREE_ADDRESS_TRIES - domain::person::FREE_TRIES);
        let left_ms = wait_secs(beyond) * 1_000 - now.since(tries.last);
        (left_ms > 0).then(|| u32::try_from((left_ms + 999) / 1_000).unwrap_or(u32::MAX))
    }

    /// Counts a wrong try.
    pub(super) fn count(&self, address: IpAddr, now: UnixMillis) {
        let mut all = self.by_address.lock().expect("nothing panics while holding it");
        if all.len() >= ADDRESSES_MAX && !all.contains_key(&address) {
            all.retain(|_, tries| !tries.is_over(now));
            if all.len() >= ADDRESSES_MAX {
                return;
            }
        }
        let tries = all.entry(address).or_insert(Tries { wrong: 0, last: now });
        if tries.is_over(now) {
            tries.wrong = 0;
        }
        *tries = Tries { wrong: tries.wrong.saturating_add(1), last: now };
    }

    /// Forgets an address's wrong tries.
    pub(super) fn forgive(&self, address: IpAddr) {
        self.by_address.lock().expect("nothing panics while holding it").remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_686_796_826_000);

    fn one() -> IpAddr {
        "198.51.100.1".parse().unwrap()
    }

    #[test]
    fn an_address_waits_longer_and_longer_and_others_do_not() {
        let lock = AddressLock::default();
        for _ in 0..FREE_ADDRESS_TRIES {
            assert_eq!(lock.wait_secs(one(), NOW), None);
            lock.count(one(), NOW);
        }
        assert_eq!(lock.wait_secs(one(), NOW), Some(5));
        assert_eq!(lock.wait_secs(one(), NOW.after_ms(4_001)), Some(1));
        assert_eq!(lock.wait_secs(one(), NOW.after_secs(5)), None);
        assert_eq!(lock.wait_secs("198.51.100.2".parse().unwrap(), NOW), None);
        lock.count(one(), NOW.after_secs(5));
        assert_eq!(lock.wait_secs(one(), NOW.after_secs(5)), Some(10));
        (0..40).for_each(|_| lock.count(one(), NOW));
        assert_eq!(lock.wait_secs(one(), NOW), Some(900));
        lock.forgive(one());
        assert_eq!(lock.wait_secs(one(), NOW), None);
    }

    #[test]
    fn a_clock_that_goes_back_keeps_nobody_waiting() {
        let lock = AddressLock::default();
        (0..40).for_each(|_| lock.count(one(), NOW));
        assert_eq!(lock.wait_secs(one(), NOW.after_secs(-3_600)), None);
    }

    #[test]
    fn memory_is_bounded() {
        let lock = AddressLock::default();
        for number in 0..=u32::try_from(ADDRESSES_MAX).unwrap() {
            lock.count(IpAddr::from(number.to_be_bytes()), NOW);
        }
        assert_eq!(lock.by_address.lock().unwrap().len(), ADDRESSES_MAX);
        lock.count(one(), NOW.after_secs(REMEMBERED_SECS));
        assert_eq!(lock.by_address.lock().unwrap().len(), 1);
    }
}
