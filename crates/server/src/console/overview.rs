//! The overview: what was ordered and how it went, hour by hour or day by day; for the operator's people
//! also what the pool has, what is on its way back, and how the machinery stands.

use std::time::Duration;

use app::figures::{FiguresAsked, Outcome, OutcomeFigures, StepFigures};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use domain::{MerchantId, UnixMillis};
use serde::Deserialize;
use serde_json::json;
use tron::Sun;

use super::edge::ConsoleEdge;
use super::frame::Frame;
use super::list::names;
use super::machinery::{self, Machinery};
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::Visit;
use super::{PREFIX, asset};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Spans that can be looked at: the word of the query, its phrase, its length, its step.
const SPANS: [(&str, &str, i64, i64); 4] = [
    ("day", "overview.day", DAY_MS, HOUR_MS),
    ("week", "overview.week", 7 * DAY_MS, HOUR_MS),
    ("month", "overview.month", 30 * DAY_MS, DAY_MS),
    ("quarter", "overview.quarter", 90 * DAY_MS, DAY_MS),
];

/// What is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    span: String,
    #[serde(default)]
    merchant: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    frame: &'a Frame,
    wanted: &'a Wanted,
    span: &'static str,
    is_by_day: bool,
    merchants: Vec<(i64, String)>,
    total: Total,
    lines: Vec<Line>,
    outcomes: Vec<(&'static str, &'static str, i64)>,
    charts: Charts,
    machinery: Option<Machinery>,
}

/// The whole span.
struct Total {
    orders: String,
    energy: String,
    charged: Html,
    burning: Option<Html>,
    saved: Option<Html>,
    refunded: i64,
}

/// One step.
struct Line {
    at: UnixMillis,
    figures: StepFigures,
    energy: String,
    charged: Html,
    burning: Option<Html>,
    cost: Html,
}

/// What the charts draw, as JSON: the first row is time in seconds.
struct Charts {
    orders: String,
    energy: String,
    ready: String,
    price: String,
    money: String,
}

/// The page.
pub(super) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Refused> {
    let edge = visit.edge();
    let (span, _, length, step_ms) =
        *SPANS.iter().find(|(word, ..)| *word == wanted.span).unwrap_or(&SPANS[0]);
    let merchant = match visit.only() {
        Some(own) => Some(own),
        None => wanted.merchant.parse().ok().map(MerchantId),
    };
    let now = visit.now();
    let first = (now.get() - length).div_euclid(step_ms) * step_ms;
    let asked = FiguresAsked { merchant, from: UnixMillis(first), to: now.after_ms(1), step_ms };
    let steps = whole(asked, edge.records.steps(asked).await?);
    let outcomes = edge.records.outcomes(asked).await?;
    let prices = BurnPrices::of(edge);
    let machinery = match visit.only() {
        None => Some(machinery::read(edge).await?),
        Some(_) => None,
    };
    Visit::page(&OverviewPage {
        span,
        is_by_day: step_ms == DAY_MS,
        merchants: names(&visit).await?.into_iter().map(|(id, name)| (id.0, name)).collect(),
        total: total(&steps, prices),
        lines: steps
            .iter()
            .rev()
            .filter(|step| step.orders > 0)
            .map(|step| line(step, prices))
            .collect(),
        outcomes: outcomes.iter().map(outcome_line).collect(),
        charts: charts(&steps, prices),
        machinery,
        frame: &visit.frame,
        wanted: &wanted,
    })
}

/// The steps of the span without gaps.
fn whole(asked: FiguresAsked, known: Vec<StepFigures>) -> Vec<StepFigures> {
    let count = (asked.to.get() - asked.from.get()).div_euclid(asked.step_ms) + 1;
    let at = |index: i64| asked.from.get() + index * asked.step_ms;
    let all = (0..count).map(at).take_while(|at_ms| *at_ms < asked.to.get());
    all.map(|at_ms| {
        let found = known.iter().find(|step| step.at_ms == at_ms);
        found.copied().unwrap_or(StepFigures { at_ms, ..StepFigures::default() })
    })
    .collect()
}

/// What burning TRX costs on chain, in sun.
#[derive(Clone, Copy)]
struct BurnPrices {
    energy: i64,
    bandwidth: i64,
    activation: i64,
}

impl BurnPrices {
    /// What the newest block says; `None` before one was read.
    fn of(edge: &ConsoleEdge) -> Option<Self> {
        let parameters = edge.app.view.get()?.parameters;
        let activation =
            parameters.create_account_fee.get() + parameters.create_account_system_fee.get();
        Some(Self {
            energy: parameters.energy_fee.get(),
            bandwidth: parameters.bandwidth_fee.get(),
            activation,
        })
    }

    /// What the same would have cost by burning.
    fn burning(self, step: &StepFigures) -> Sun {
        let parts = [
            (step.energy.get(), self.energy),
            (step.bandwidth.get(), self.bandwidth),
            (step.activations, self.activation),
        ];
        let sum = parts
            .iter()
            .fold(0_i64, |sum, (units, price)| sum.saturating_add(units.saturating_mul(*price)));
        Sun::new(sum)
    }

    /// What delivering it took from the pool: activations are the one thing that is not lent.
    fn cost(self, step: &StepFigures) -> Sun {
        Sun::new(step.activations.saturating_mul(self.activation))
    }
}

fn total(steps: &[StepFigures], prices: Option<BurnPrices>) -> Total {
    let sum = |part: fn(&StepFigures) -> i64| -> i64 { steps.iter().map(part).sum() };
    let charged = sum(|step| step.charged.get());
    let burning =
        prices.map(|prices| -> i64 { steps.iter().map(|step| prices.burning(step).get()).sum() });
    Total {
        orders: shown::grouped(sum(|step| step.orders)),
        energy: shown::grouped(sum(|step| step.energy.get())),
        charged: shown::trx(Sun::new(charged)),
        burning: burning.map(|sun| shown::trx(Sun::new(sun))),
        saved: burning.map(|sun| shown::trx(Sun::new(sun - charged))),
        refunded: sum(|step| step.refunded),
    }
}

fn line(step: &StepFigures, prices: Option<BurnPrices>) -> Line {
    Line {
        at: UnixMillis(step.at_ms),
        figures: *step,
        energy: shown::grouped(step.energy.get()),
        charged: shown::trx(step.charged),
        burning: prices.map(|prices| shown::trx(prices.burning(step))),
        cost: shown::trx(prices.map_or(Sun::ZERO, |prices| prices.cost(step))),
    }
}

fn charts(steps: &[StepFigures], prices: Option<BurnPrices>) -> Charts {
    let times: Vec<i64> = steps.iter().map(|step| step.at_ms / 1_000).collect();
    let row = |part: &dyn Fn(&StepFigures) -> Option<i64>| -> Vec<Option<i64>> {
        steps.iter().map(part).collect()
    };
    let burning = row(&|step| prices.map(|prices| prices.burning(step).get()));
    let cost = row(&|step| prices.map(|prices| prices.cost(step).get()));
    let charged = row(&|step| Some(step.charged.get()));
    Charts {
        orders: json!([
            times,
            row(&|step| Some(step.orders - step.refunded)),
            row(&|step| Some(step.refunded))
        ])
        .to_string(),
        energy: json!([times, row(&|step| Some(step.energy.get()))]).to_string(),
        ready: json!([times, row(&|step| step.ready_p50_ms), row(&|step| step.ready_p95_ms)])
            .to_string(),
        price: json!([times, charged, burning]).to_string(),
        money: json!([times, charged, cost]).to_string(),
    }
}

/// How an outcome is called, how it looks, how many there are.
const fn outcome_line(figures: &OutcomeFigures) -> (&'static str, &'static str, i64) {
    let (phrase, look) = match figures.outcome {
        Outcome::Used => ("outcome.used", "good"),
        Outcome::Waiting => ("outcome.waiting", "good"),
        Outcome::Filling => ("outcome.filling", "warn"),
        Outcome::Stopped => ("outcome.stopped", ""),
        Outcome::Unused => ("outcome.unused", ""),
        Outcome::Unsent => ("outcome.unsent", "bad"),
        Outcome::Missed => ("outcome.missed", "bad"),
        Outcome::Short => ("outcome.short", "bad"),
    };
    (phrase, look, figures.orders)
}

/// A time as people read it: in seconds with one digit.
fn secs(ms: Option<i64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) => {
            let time = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
            format!("{}.{}", time.as_secs(), time.subsec_millis() / 100)
        }
    }
}

impl Line {
    fn p50(&self) -> String {
        secs(self.figures.ready_p50_ms)
    }

    fn p95(&self) -> String {
        secs(self.figures.ready_p95_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_without_orders_are_steps_too() {
        let known = vec![StepFigures { at_ms: 2 * HOUR_MS, orders: 3, ..StepFigures::default() }];
        let asked = FiguresAsked {
            merchant: None,
            from: UnixMillis(HOUR_MS),
            to: UnixMillis(4 * HOUR_MS),
            step_ms: HOUR_MS,
        };
        let steps: Vec<_> =
            whole(asked, known).iter().map(|step| (step.at_ms / HOUR_MS, step.orders)).collect();
        assert_eq!(steps, [(1, 0), (2, 3), (3, 0)]);
    }

    #[test]
    fn burning_is_what_the_chain_asks_for_the_same() {
        let prices = BurnPrices { energy: 100, bandwidth: 1_000, activation: 1_100_000 };
        let step = StepFigures {
            energy: tron::Energy::new(65_000),
            bandwidth: tron::Bandwidth::new(345),
            activations: 1,
            ..StepFigures::default()
        };
        assert_eq!(prices.burning(&step), Sun::new(6_500_000 + 345_000 + 1_100_000));
        assert_eq!(prices.cost(&step), Sun::new(1_100_000));
    }

    #[test]
    fn times_are_read_in_seconds() {
        assert_eq!((secs(Some(3_940)), secs(None)), ("3.9".to_owned(), "–".to_owned()));
    }
}
