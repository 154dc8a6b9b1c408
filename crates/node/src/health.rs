//! Whether a node's picture of the chain is good enough to act on.

use std::time::Duration;

use tokio::time::Instant;

use crate::view::block::Head;

/// When a node is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthRule {
    /// Largest distance between our clock and the head block's time, in either direction. Chain time
    /// ahead of us means that our clock is wrong, and then no node can be judged.
    pub head_age_max_ms: i64,
    /// Largest distance between head and solid head. Steady state is 18.
    pub solid_lag_max_blocks: i64,
    /// How far head or solid head may fall behind what this node showed before: short forks happen,
    /// and behind a load balancer two answers come from two nodes.
    pub regression_max_blocks: i64,
    /// After how long of showing less than before, and otherwise a good picture each time, a node is
    /// believed again: then it was what it showed before that was wrong. Milliseconds.
    pub regression_lasts_ms: i64,
    /// How long a node that did not answer is asked last.
    pub rest_after_failure: Duration,
}

impl Default for HealthRule {
    fn default() -> Self {
        Self {
            head_age_max_ms: 15_000,
            solid_lag_max_blocks: 25,
            regression_max_blocks: 3,
            regression_lasts_ms: 300_000,
            rest_after_failure: Duration::from_secs(5),
        }
    }
}

/// What the last check of a node found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Never checked: used, because a start must not wait for a check.
    Unchecked,
    /// Good to act on.
    Healthy {
        /// Its head.
        head: Head,
        /// Its solid head's height.
        solid_number: i64,
    },
    /// Its head is too far from our clock.
    Stale {
        /// Our clock minus the head's time, milliseconds.
        age_ms: i64,
    },
    /// Its blocks do not become solid.
    Lagging {
        /// Head minus solid head.
        blocks: i64,
    },
    /// It shows less than it showed before.
    WentBack {
        /// How much less.
        blocks: i64,
    },
    /// It did not answer the check.
    Silent,
}

impl Health {
    /// Whether reads may use the node and its refusals count.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        match self {
            Self::Unchecked | Self::Healthy { .. } => true,
            Self::Stale { .. } | Self::Lagging { .. } | Self::WentBack { .. } | Self::Silent => {
                false
            }
        }
    }
}

/// How far a node showed the chain.
#[derive(Debug, Clone, Copy)]
struct Heights {
    head: i64,
    solid: i64,
}

impl Heights {
    /// How far these are behind others, blocks.
    fn behind(self, other: Self) -> i64 {
        other.head.saturating_sub(self.head).max(other.solid.saturating_sub(self.solid))
    }

    fn max(self, other: Self) -> Self {
        Self { head: self.head.max(other.head), solid: self.solid.max(other.solid) }
    }
}

/// Less than a node showed before, shown again and again.
#[derive(Debug, Clone, Copy)]
struct Lower {
    since_ms: i64,
    highest: Heights,
}

/// What is remembered about one node.
#[derive(Debug)]
pub(crate) struct Record {
    health: Health,
    highest: Heights,
    lower: Option<Lower>,
    rests_until: Option<Instant>,
}

impl Record {
    pub(crate) const fn new() -> Self {
        let highest = Heights { head: 0, solid: 0 };
        Self { health: Health::Unchecked, highest, lower: None, rests_until: None }
    }

    pub(crate) const fn health(&self) -> Health {
        self.health
    }

    /// Judges what a check showed; `None` when the node did not answer.
    pub(crate) fn judge(&mut self, rule: &HealthRule, now_ms: i64, seen: Option<(Head, Head)>) {
        let Some((head, solid)) = seen else {
            self.health = Health::Silent;
            return;
        };
        let age_ms = now_ms.saturating_sub(head.timestamp_ms);
        let lag = head.number.saturating_sub(solid.number);
        self.health = if age_ms.saturating_abs() > rule.head_age_max_ms {
            Health::Stale { age_ms }
        } else if lag > rule.solid_lag_max_blocks {
            Health::Lagging { blocks: lag }
        } else {
            let shown = Heights { head: head.number, solid: solid.number };
            match self.went_back(rule, now_ms, shown) {
                Some(blocks) => Health::WentBack { blocks },
                None => Health::Healthy { head, solid_number: solid.number },
            }
        };
        // What was not good does not count, neither for what is expected later nor for what lasts.
        if matches!(self.health, Health::Stale { .. } | Health::Lagging { .. }) {
            self.lower = None;
        }
    }

    /// How far a picture that is otherwise good is behind what was shown before, if that is too far.
    fn went_back(&mut self, rule: &HealthRule, now_ms: i64, shown: Heights) -> Option<i64> {
        let blocks = shown.behind(self.highest);
        if blocks <= rule.regression_max_blocks {
            (self.highest, self.lower) = (self.highest.max(shown), None);
            return None;
        }
        let lower = match self.lower {
            // A clock that was set back says nothing of how long it has lasted.
            Some(lower)
                if lower.since_ms <= now_ms
                    && shown.behind(lower.highest) <= rule.regression_max_blocks =>
            {
                Lower { highest: lower.highest.max(shown), ..lower }
            }
            Some(_) | None => Lower { since_ms: now_ms, highest: shown },
        };
        if now_ms.saturating_sub(lower.since_ms) < rule.regression_lasts_ms {
            self.lower = Some(lower);
            return Some(blocks);
        }
        (self.highest, self.lower) = (lower.highest, None);
        None
    }

    /// A request to the node brought no usable answer.
    pub(crate) fn failed(&mut self, rule: &HealthRule, now: Instant) {
        self.rests_until = Some(now + rule.rest_after_failure);
    }

    /// A request to the node brought an answer.
    pub(crate) const fn answered(&mut self) {
        self.rests_until = None;
    }

    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| until > now)
    }
}

#[cfg(test)]
mod tests {
    use tron::BlockId;

    use super::*;

    const NOW_MS: i64 = 1_777_445_121_000;

    fn head(number: i64, timestamp_ms: i64) -> Head {
        Head { number, id: BlockId::from_bytes([0; 32]), timestamp_ms }
    }

    fn judged(record: &mut Record, number: i64, age_ms: i64, solid: i64) -> Health {
        let seen = Some((head(number, NOW_MS - age_ms), head(solid, 0)));
        record.judge(&HealthRule::default(), NOW_MS, seen);
        record.health()
    }

    #[test]
    fn each_limit_is_exact() {
        let fresh = Record::new;
        assert!(fresh().health().is_usable(), "a start does not wait for a check");
        assert!(judged(&mut fresh(), 100, 15_000, 75).is_usable());
        assert_eq!(judged(&mut fresh(), 100, 15_001, 82), Health::Stale { age_ms: 15_001 });
        assert_eq!(judged(&mut fresh(), 100, -15_001, 82), Health::Stale { age_ms: -15_001 });
        assert_eq!(judged(&mut fresh(), 100, 0, 74), Health::Lagging { blocks: 26 });
    }

    #[test]
    fn a_node_may_not_show_much_less_than_before() {
        let mut record = Record::new();
        assert!(judged(&mut record, 100, 0, 82).is_usable());
        assert!(judged(&mut record, 97, 0, 79).is_usable(), "short forks happen");
        assert_eq!(judged(&mut record, 96, 0, 80), Health::WentBack { blocks: 4 });
        assert_eq!(judged(&mut record, 101, 0, 78), Health::WentBack { blocks: 4 });
        assert!(judged(&mut record, 101, 0, 83).is_usable(), "and it may catch up");
    }

    #[test]
    fn a_picture_that_was_not_good_is_not_expected_again() {
        let mut record = Record::new();
        assert!(judged(&mut record, 100, 0, 82).is_usable());
        assert_eq!(
            judged(&mut record, 5_000_000, 90_000, 4_999_990),
            Health::Stale { age_ms: 90_000 }
        );
        assert_eq!(judged(&mut record, 9_000, 0, 83), Health::Lagging { blocks: 8_917 });
        assert!(judged(&mut record, 101, 0, 83).is_usable());
    }

    #[test]
    fn less_than_before_is_believed_when_it_lasts() {
        let rule = HealthRule::default();
        let mut record = Record::new();
        let mut after = |secs: i64, number: i64| {
            let now_ms = NOW_MS + 1_000 * secs;
            let seen = Some((head(number, now_ms), head(number - 18, 0)));
            record.judge(&rule, now_ms, seen);
            record.health().is_usable()
        };
        assert!(after(0, 5_000_000), "fresh, and yet another chain's");
        assert!(!after(3, 100));
        assert!(!after(200, 166));
        assert!(!after(302, 200), "not for so long yet");
        assert!(!after(303, 150), "less again: it begins anew");
        assert!(!after(602, 250));
        assert!(after(603, 250));
        assert!(after(606, 251));
        assert!(!after(609, 247), "and from then on it is measured by that");
    }

    #[test]
    fn a_silent_node_is_not_usable_until_it_answers() {
        let mut record = Record::new();
        record.judge(&HealthRule::default(), NOW_MS, None);
        assert_eq!(record.health(), Health::Silent);
        assert!(judged(&mut record, 1, 0, 0).is_usable());
    }

    #[test]
    fn a_failure_makes_a_node_rest_for_the_named_time() {
        let (rule, mut record, now) = (HealthRule::default(), Record::new(), Instant::now());
        record.failed(&rule, now);
        assert!(record.is_resting(now + Duration::from_millis(4_999)));
        assert!(!record.is_resting(now + Duration::from_secs(5)));
        record.failed(&rule, now);
        record.answered();
        assert!(!record.is_resting(now));
    }

    #[test]
    fn no_clock_or_block_can_overflow() {
        let mut record = Record::new();
        for now_ms in [i64::MIN, i64::MAX] {
            for number in [i64::MAX, 0] {
                let seen = Some((head(number, 5), head(i64::MAX, 0)));
                record.judge(&HealthRule::default(), now_ms, seen);
                assert!(!record.health().is_usable());
            }
        }
    }
}
