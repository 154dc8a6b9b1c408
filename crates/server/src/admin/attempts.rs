//! Wrong tokens are counted by address: after a few, the address waits, whatever it sends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use domain::UnixMillis;

/// Wrong tokens that an address may send within [`WINDOW_SECS`].
pub const WRONG_TOKENS_MAX: u32 = 10;
/// How long wrong tokens count, in seconds, from the first of them.
pub const WINDOW_SECS: i64 = 60;
/// Addresses that are remembered; beyond it those whose window is over are forgotten, and if that is not
/// enough, further ones are not counted.
pub(super) const ADDRESSES_MAX: usize = 10_000;

/// Wrong tokens by address.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    by_address: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: UnixMillis,
    wrong: u32,
}

impl Window {
    fn is_over(&self, now: UnixMillis) -> bool {
        // A clock that went back ends the window too: nobody waits for a time that never comes.
        !(0..WINDOW_SECS * 1_000).contains(&now.since(self.began))
    }
}

impl Attempts {
    /// How many seconds an address has to wait; `None` when it may try.
    #[must_use]
    pub(super) fn wait_secs(&self, address: IpAddr, now: UnixMillis) -> Option<u32> {
        let mut windows = self.by_address.lock().expect("nothing panics while holding it");
        let window = *windows.get(&address)?;
        if window.is_over(now) {
            windows.remove(&address);
            return None;
        }
        let left_ms = WINDOW_SECS * 1_000 - now.since(window.began);
        let secs = u32::try_from(left_ms.div_euclid(1_000) + 1).unwrap_or(u32::MAX);
        (window.wrong >= WRONG_TOKENS_MAX).then_some(secs)
    }

    /// Counts a wrong token.
    pub(super) fn count(&self, address: IpAddr, now: UnixMillis) {
        let mut windows = self.by_address.lock().expect("nothing panics while holding it");
        if windows.len() >= ADDRESSES_MAX && !windows.contains_key(&address) {
            windows.retain(|_, window| !window.is_over(now));
            if windows.len() >= ADDRESSES_MAX {
                return;
            }
        }
        let window = windows.entry(address).or_insert(Window { began: now, wrong: 0 });
        if window.is_over(now) {
            *window = Window { began: now, wrong: 0 };
        }
        window.wrong = window.wrong.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_686_796_826_000);

    #[test]
    fn an_address_waits_for_the_rest_of_its_window_and_others_do_not() {
        let attempts = Attempts::default();
        let [one, two]: [IpAddr; 2] = ["198.51.100.1", "198.51.100.2"].map(|a| a.parse().unwrap());
        for _ in 0..WRONG_TOKENS_MAX {
            assert_eq!(attempts.wait_secs(one, NOW), None);
            attempts.count(one, NOW);
        }
        assert_eq!(attempts.wait_secs(one, NOW.after_ms(1)), Some(60));
        assert_eq!(attempts.wait_secs(one, NOW.after_secs(59)), Some(2));
        assert_eq!(attempts.wait_secs(two, NOW), None);
        assert_eq!(attempts.wait_secs(one, NOW.after_secs(60)), None);
        attempts.count(one, NOW.after_secs(61));
        assert_eq!(attempts.wait_secs(one, NOW.after_secs(61)), None, "a new window");
    }

    #[test]
    fn a_clock_that_goes_back_keeps_nobody_waiting() {
        let attempts = Attempts::default();
        let address = "198.51.100.1".parse().unwrap();
        (0..WRONG_TOKENS_MAX).for_each(|_| attempts.count(address, NOW));
        assert_eq!(attempts.wait_secs(address, NOW.after_secs(-3_600)), None);
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        for number in 0..=u32::try_from(ADDRESSES_MAX).unwrap() {
            attempts.count(IpAddr::from(number.to_be_bytes()), NOW);
        }
        assert_eq!(attempts.by_address.lock().unwrap().len(), ADDRESSES_MAX);
        attempts.count("198.51.100.1".parse().unwrap(), NOW.after_secs(61));
        assert_eq!(attempts.by_address.lock().unwrap().len(), 1);
    }
}
