//! Faults on demand: which requests go wrong, how, and how often. No randomness: the same requests
//! in the same order meet the same faults.

use serde::{Deserialize, Serialize};

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Fault {
    /// A broadcast answers `SERVER_BUSY` without looking; other requests meet the limiter.
    Busy,
    /// A broadcast answers `BLOCK_UNSOLIDIFIED` without looking.
    Unsolidified,
    /// A broadcast answers `NO_CONNECTION` without looking.
    NoConnection,
    /// A broadcast answers `NOT_ENOUGH_EFFECTIVE_CONNECTION` without looking.
    FewConnections,
    /// The node's own rate limiter: HTTP 200 with an error.
    Limiter,
    /// A bare HTTP status, such as 429 or 503; nothing is processed.
    Status {
        /// The status code.
        status: u16,
    },
    /// Processed, and answered late.
    Delay {
        /// How late.
        delay_ms: u64,
    },
    /// The request is lost on its way: not processed, no answer.
    LoseRequest,
    /// Processed, but the answer is lost.
    LoseAnswer,
    /// A broadcast is accepted and then never included.
    NeverInclude,
    /// A broadcast is accepted, and yet answers `P2P broadcast failed.`.
    RelayFailed,
    /// Answered by a node that is behind.
    Lag {
        /// How many blocks behind.
        blocks: u64,
    },
}

/// When a rule strikes among the requests that match its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// The first so many.
    Next(u64),
    /// Every so manieth: 3 is the third, sixth, …
    Every(u64),
    /// This share of them, spread by a fixed hash of the seed and the count.
    Percent {
        /// 0 to 100.
        percent: u64,
        /// Other seeds, other requests.
        seed: u64,
    },
    /// All of them.
    Always,
}

/// A fault, where and when it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// A path such as `wallet/getaccount`, or a prefix that ends in `*`.
    pub path: String,
    /// How often.
    pub when: When,
    /// What.
    pub fault: Fault,
}

/// Most rules at a time.
pub(crate) const MAX_RULES: usize = 1_000;
/// Longest delay, in ms.
pub(crate) const MAX_DELAY_MS: u64 = 600_000;

/// All rules and how many requests each has seen.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<(FaultRule, u64)>,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.rules.push((rule, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) const fn len(&self) -> usize {
        self.rules.len()
    }

    /// What goes wrong with the next request to this path: the first rule that strikes. Every rule that
    /// matches counts the request. Spent rules are forgotten.
    pub(crate) fn strike(&mut self, path: &str) -> Option<Fault> {
        let mut struck = None;
        for (rule, seen) in &mut self.rules {
            if struck.is_none() && matches(&rule.path, path) {
                *seen += 1;
                if strikes(rule.when, *seen) {
                    struck = Some(rule.fault.clone());
                }
            }
        }
        self.rules.retain(|(rule, seen)| !matches!(rule.when, When::Next(count) if *seen >= count));
        struck
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches('/');
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    }
}

const fn strikes(when: When, seen: u64) -> bool {
    match when {
        When::Next(count) => seen <= count,
        When::Every(step) => step != 0 && seen.is_multiple_of(step),
        When::Percent { percent, seed } => mix(seed, seen) % 100 < percent,
        When::Always => true,
    }
}

/// SplitMix64: spreads neighbouring counts.
const fn mix(seed: u64, count: u64) -> u64 {
    let mut x = seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(when: When, path: &str) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add(FaultRule { path: path.to_owned(), when, fault: Fault::Busy });
        (0..6).map(|_| faults.strike("wallet/getaccount").is_some()).collect()
    }

    #[test]
    fn rules_strike_by_count() {
        let (on, off) = (true, false);
        assert_eq!(pattern(When::Next(2), "wallet/*"), [on, on, off, off, off, off]);
        assert_eq!(pattern(When::Every(3), "/wallet/getaccount"), [off, off, on, off, off, on]);
        assert_eq!(pattern(When::Always, "*"), [on; 6]);
        assert_eq!(pattern(When::Always, "wallet/getblock"), [off; 6]);
        assert_eq!(pattern(When::Every(0), "*"), [off; 6]);
    }

    #[test]
    fn a_share_is_the_same_every_time_and_about_right() {
        let hits =
            |seed| (1..=1_000).filter(|n| strikes(When::Percent { percent: 20, seed }, *n)).count();
        assert_eq!(hits(1), hits(1));
        for seed in 0..5 {
            assert!((150..250).contains(&hits(seed)), "{}", hits(seed));
        }
    }

    #[test]
    fn spent_rules_are_forgotten_and_others_follow() {
        let mut faults = Faults::default();
        let rule = |fault| FaultRule { path: "*".to_owned(), when: When::Next(1), fault };
        faults.add(rule(Fault::Busy));
        faults.add(rule(Fault::Limiter));
        assert_eq!(faults.strike("x"), Some(Fault::Busy));
        assert_eq!(faults.strike("x"), Some(Fault::Limiter));
        assert_eq!((faults.strike("x"), faults.len()), (None, 0));
    }
}
