//! What was measured: each figure with what every round gave, and the aim that it is held against.

use serde_json::{Map, Value};

/// What the numbers of a figure count, and how people read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things in one second.
    PerSecond,
    /// Parts of a hundred.
    Percent,
    /// Microseconds, shown as milliseconds once they are that long.
    Micros,
    /// Milliseconds.
    Millis,
    /// Hundredths of the time between two blocks, shown as blocks.
    BlockPercent,
    /// Things.
    Count,
    /// KiB, shown as MiB.
    Kib,
}

/// One figure.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// Its name in JSON, unit last.
    key: &'static str,
    /// What it is, for people.
    label: &'static str,
    unit: Unit,
    /// What each round gave.
    rounds: Vec<u64>,
    /// What is aimed at; empty for ceilings and for what is only informative.
    aim: &'static str,
}

/// Every figure, in the order in which they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds a figure that was measured once.
    pub(super) fn add(
        &mut self,
        (key, label, unit): (&'static str, &'static str, Unit),
        value: u64,
        aim: &'static str,
    ) {
        self.add_rounds((key, label, unit), vec![value], aim);
    }

    /// Adds a figure that was measured in several rounds; the median stands for it.
    pub(super) fn add_rounds(
        &mut self,
        (key, label, unit): (&'static str, &'static str, Unit),
        rounds: Vec<u64>,
        aim: &'static str,
    ) {
        self.0.push(Figure { key, label, unit, rounds, aim });
    }

    /// One object, the medians only.
    pub(super) fn to_json(&self) -> String {
        let pair = |figure: &Figure| (figure.key.to_owned(), Value::from(median(&figure.rounds)));
        Value::from(self.0.iter().map(pair).collect::<Map<_, _>>()).to_string()
    }

    /// A table's cells: what, median, the range of the rounds, the aim.
    pub(super) fn cells(&self) -> impl Iterator<Item = Vec<String>> {
        self.0.iter().map(|figure| {
            let show = |value: u64| shown(value, figure.unit);
            let range = match (figure.rounds.iter().min(), figure.rounds.iter().max()) {
                (Some(least), Some(most)) if least != most => {
                    format!("{} to {}", show(*least), show(*most))
                }
                _ => String::new(),
            };
            let value = show(median(&figure.rounds));
            vec![figure.label.to_owned(), value, range, figure.aim.to_owned()]
        })
    }
}

/// The middle of the rounds; the lower one of two.
pub(super) fn median(rounds: &[u64]) -> u64 {
    percentile(rounds, 50)
}

/// The least value that this many percent do not exceed; zero for nothing.
pub(super) fn percentile(values: &[u64], percent: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or(0)
}

/// How often something happens in a second, when it happened `count` times in this long.
pub(super) fn per_second(count: usize, took: std::time::Duration) -> u64 {
    let count = u128::try_from(count).unwrap_or(u128::MAX);
    let rate = count.saturating_mul(1_000_000) / took.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

fn shown(value: u64, unit: Unit) -> String {
    let with_hundredths = |value: u64| format!("{}.{:02}", value / 100, value % 100);
    match unit {
        Unit::PerSecond => format!("{value} /s"),
        Unit::Percent => format!("{value} %"),
        Unit::Micros if value < 1_000 => format!("{value} µs"),
        Unit::Micros => format!("{} ms", with_hundredths(value / 10)),
        Unit::Millis => format!("{value} ms"),
        Unit::BlockPercent => format!("{} blocks", with_hundredths(value)),
        Unit::Count => value.to_string(),
        Unit::Kib => format!("{} MiB", value.div_ceil(1_024)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values = [40, 10, 30, 20];
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (20, 40));
        assert_eq!((percentile(&[], 50), percentile(&[7], 99)), (0, 7));
        assert_eq!(median(&[9, 1, 5]), 5);
    }

    #[test]
    fn figures_are_shown_with_their_unit() {
        for (value, unit, text) in [
            (1_234, Unit::PerSecond, "1234 /s"),
            (999, Unit::Micros, "999 µs"),
            (12_340, Unit::Micros, "12.34 ms"),
            (137, Unit::BlockPercent, "1.37 blocks"),
            (2_000, Unit::Kib, "2 MiB"),
        ] {
            assert_eq!(shown(value, unit), text);
        }
        assert_eq!(per_second(500, Duration::from_millis(250)), 2_000);
    }

    #[test]
    fn the_median_stands_for_the_rounds() {
        let mut figures = Figures::default();
        figures.add_rounds(("a_per_sec", "as", Unit::PerSecond), vec![3, 1, 2], "at least 1");
        assert_eq!(figures.to_json(), r#"{"a_per_sec":2}"#);
        let cells: Vec<_> = figures.cells().collect();
        assert_eq!(cells, [["as", "2 /s", "1 /s to 3 /s", "at least 1"]]);
    }
}
