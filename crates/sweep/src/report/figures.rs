//! What the charts show.

use std::collections::BTreeMap;

use tron::{Sun, TokenUnits};

use super::Report;
use crate::record::{Asset, ReasonCode, Record, State};

/// Milliseconds in an hour.
pub(super) const HOUR_MS: i64 = 3_600_000;
/// Steps that a chart over time may have, in milliseconds; the first that needs few enough bars.
const STEPS_MS: [i64; 10] = [
    5_000,
    15_000,
    60_000,
    5 * 60_000,
    15 * 60_000,
    HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    24 * HOUR_MS,
    7 * 24 * HOUR_MS,
];
/// Most bars in a chart over time.
const BARS_MAX: i64 = 24;

/// Numbers behind the page.
pub(super) struct Figures {
    /// What arrived in each hour, by its start.
    pub(super) hours: BTreeMap<i64, Slice>,
    /// The same in steps that fit a chart.
    pub(super) steps: BTreeMap<i64, Slice>,
    /// Length of a step.
    pub(super) step_ms: i64,
    /// How long orders took.
    pub(super) ready: ReadyTimes,
    /// Why addresses were not swept, most frequent first.
    pub(super) reasons: Vec<ReasonCount>,
    /// TRX that was left over and moved.
    pub(super) trx_moved: Sun,
}

/// What arrived in one slice of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) swept: usize,
    pub(super) moved: TokenUnits,
    pub(super) charged: Sun,
    pub(super) burned: Sun,
}

/// Times from order to ready, sorted.
pub(super) struct ReadyTimes(Vec<i64>);

/// One reason and whom it met.
pub(super) struct ReasonCount {
    pub(super) state: State,
    pub(super) code: ReasonCode,
    pub(super) addresses: usize,
    pub(super) held: TokenUnits,
}

impl Figures {
    pub(super) fn of(report: &Report<'_>) -> Self {
        let records = report.records;
        let arrived = || records.iter().filter(|record| record.state == State::Swept);
        let ends = || arrived().filter_map(|record| record.times.ended_ms);
        let span = ends().max().unwrap_or(0) - ends().min().unwrap_or(0);
        let fits = |step: &i64| span / step < BARS_MAX;
        let step_ms = STEPS_MS.into_iter().find(fits).unwrap_or(STEPS_MS[STEPS_MS.len() - 1]);
        let trx = |record: &&Record| record.asset == Asset::Trx;
        Self {
            hours: slices(arrived(), HOUR_MS),
            steps: slices(arrived(), step_ms),
            step_ms,
            ready: ReadyTimes::of(records),
            reasons: reasons(records),
            trx_moved: arrived().filter(trx).map(|record| sun_of(record.moved)).sum(),
        }
    }
}

impl ReadyTimes {
    fn of(records: &[Record]) -> Self {
        let took = |record: &Record| {
            let (ordered, ready) = (record.times.ordered_ms?, record.times.ready_ms?);
            Some(ready - ordered).filter(|took| *took >= 0)
        };
        let mut times: Vec<i64> = records.iter().filter_map(took).collect();
        times.sort_unstable();
        Self(times)
    }

    /// The time that this many percent stayed at or below; `None` without orders.
    pub(super) fn percentile(&self, percent: usize) -> Option<i64> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(rank).copied()
    }

    /// How many fall between each bound and the one before; the last count is of those above all.
    pub(super) fn histogram(&self, bounds_ms: &[i64]) -> Vec<usize> {
        let mut counts = vec![0; bounds_ms.len() + 1];
        for time in &self.0 {
            counts[bounds_ms.partition_point(|bound| bound <= time)] += 1;
        }
        counts
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Sun that is kept as units, as all assets are.
pub(super) fn sun_of(units: TokenUnits) -> Sun {
    Sun::new(i64::try_from(units.0).unwrap_or(i64::MAX))
}

fn slices<'r>(arrived: impl Iterator<Item = &'r Record>, step_ms: i64) -> BTreeMap<i64, Slice> {
    let mut slices: BTreeMap<i64, Slice> = BTreeMap::new();
    for record in arrived {
        let Some(ended_ms) = record.times.ended_ms else { continue };
        let slice = slices.entry(ended_ms - ended_ms.rem_euclid(step_ms)).or_default();
        slice.charged = slice.charged + record.charged;
        slice.burned = slice.burned + record.burned;
        if record.asset == Asset::Token {
            slice.swept += 1;
            slice.moved.0 += record.moved.0;
        }
    }
    // Slices in which nothing arrived are shown too.
    if let (Some(first), Some(last)) = (slices.keys().next(), slices.keys().next_back()) {
        let (mut at, last) = (*first, *last);
        while at < last && slices.len() < 10_000 {
            slices.entry(at).or_default();
            at += step_ms;
        }
    }
    slices
}

fn reasons(records: &[Record]) -> Vec<ReasonCount> {
    let mut counts: BTreeMap<(State, ReasonCode), (usize, u128)> = BTreeMap::new();
    for record in records.iter().filter(|record| record.asset == Asset::Token) {
        if let (State::Failed | State::Skipped, Some(reason)) = (record.state, &record.reason) {
            let count = counts.entry((record.state, reason.code)).or_default();
            count.0 += 1;
            count.1 += record.held.0;
        }
    }
    let mut reasons: Vec<ReasonCount> = counts
        .into_iter()
        .map(|((state, code), (addresses, held))| ReasonCount {
            state,
            code,
            addresses,
            held: TokenUnits(held),
        })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.addresses));
    reasons
}
