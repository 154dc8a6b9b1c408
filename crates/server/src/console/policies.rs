//! Policies: the standing orders of merchants, newest first.

use std::collections::BTreeMap;

use app::admin_rows::{Part, PolicyFilter, PolicyLine, Slice};
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use domain::policy::Terms;
use domain::{MerchantId, Policy, PolicyId, PolicyKind, PolicyState, PolicyStep, UnixMillis};
use tron::Energy;

use super::frame::Frame;
use super::list::{Asked, List, names};
use super::refused::Refused;
use super::shown::{self, Html};
use super::visit::Visit;
use super::{PREFIX, asset};

/// Policies on a page.
const POLICIES_ON_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage<'a> {
    frame: &'a Frame,
    list: List,
    lines: Vec<Line>,
}

/// A policy as pages show it.
pub(super) struct Line {
    pub(super) policy: Policy,
    pub(super) merchant: String,
    pub(super) kind: &'static str,
    pub(super) state: (&'static str, &'static str),
    pub(super) step: (&'static str, &'static str),
    pub(super) left: Left,
    pub(super) key: String,
    pub(super) key_may_order: bool,
    /// When it is looked at next, unless it rests.
    pub(super) due: Option<UnixMillis>,
}

/// What is left of what was bought.
pub(super) enum Left {
    /// So many transfers.
    Transfers(String),
    /// As many as the balance pays for.
    Perpetual,
    /// The days until then.
    Until(Html),
}

/// The kinds: each with its word in the query and what it is called.
const KINDS: [(PolicyKind, &str, &str); 2] =
    [(PolicyKind::Count, "count", "policies.count"), (PolicyKind::Auto, "auto", "policies.auto")];

/// The states: each with its word in the query, what it is called, and how it looks.
const STATES: [(PolicyState, &str, &str, &str); 4] = [
    (PolicyState::Enabled, "enabled", "policies.enabled", "good"),
    (PolicyState::Paused, "paused", "policies.paused", "warn"),
    (PolicyState::Disabled, "disabled", "policies.disabled", "warn"),
    (PolicyState::Ended, "ended", "policies.ended", ""),
];

/// What a step is called, and how it looks.
const fn step(step: PolicyStep) -> (&'static str, &'static str) {
    match step {
        PolicyStep::Delegating => ("policies.delegating", "warn"),
        PolicyStep::Delegated => ("policies.delegated", "good"),
        PolicyStep::Released => ("policies.released", ""),
        PolicyStep::BalanceLow => ("policies.balance-low", "bad"),
        PolicyStep::EnergyLow => ("policies.energy-low", "bad"),
        PolicyStep::Waiting => ("policies.waiting", ""),
    }
}

impl Line {
    pub(super) fn of(line: PolicyLine, names: &BTreeMap<MerchantId, String>) -> Self {
        let PolicyLine { policy, key, due } = line;
        let kind = KINDS.iter().find(|(kind, ..)| *kind == policy.kind());
        let state = STATES.iter().find(|(state, ..)| *state == policy.state);
        Self {
            merchant: names.get(&policy.merchant).cloned().unwrap_or_default(),
            kind: kind.map_or("", |found| found.2),
            state: state.map_or(("", ""), |found| (found.2, found.3)),
            step: step(policy.step),
            left: Left::of(&policy),
            key_may_order: key.may_order(),
            key: key.name,
            due,
            policy,
        }
    }

    /// What it keeps on its address: phrase, and the energy that fills it.
    pub(super) fn keeps(&self) -> (&'static str, String) {
        match self.policy.terms {
            Terms::Count(_) => ("policies.keeps-transfer", String::new()),
            Terms::Auto(auto) => match auto.energy.map(Energy::get) {
                Some(energy) => ("policies.keeps-energy", shown::grouped(energy)),
                None => ("policies.keeps-usual", String::new()),
            },
        }
    }
}

impl Left {
    fn of(policy: &Policy) -> Self {
        match policy.terms {
            Terms::Count(count) if count.is_perpetual => Self::Perpetual,
            Terms::Count(count) => Self::Transfers(shown::grouped(count.left)),
            Terms::Auto(auto) => Self::Until(shown::moment(auto.ends)),
        }
    }
}

/// The list.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refused> {
    let named = names(&visit).await?;
    let Part { rows, next } = find(&visit, &asked).await?;
    let is_cut = next.is_some() && rows.len() < POLICIES_ON_PAGE;
    let list = List::new("/policies", asked, next.map(|policy| policy.0.to_string()))
        .cut(is_cut)
        .searched("policies.search")
        .by_state(STATES.map(|(_, word, phrase, _)| (word, phrase)).to_vec())
        .by_kind(KINDS.map(|(_, word, phrase)| (word, phrase)).to_vec())
        .by_merchant(&visit, &named);
    let lines = rows.into_iter().map(|line| Line::of(line, &named)).collect();
    Visit::page(&PoliciesPage { frame: &visit.frame, list, lines })
}

async fn find(visit: &Visit, asked: &Asked) -> Result<Part<PolicyLine, PolicyId>, Refused> {
    let receiver = match asked.q.trim() {
        "" => None,
        text => match text.parse() {
            Ok(address) => Some(address),
            Err(_) => return Ok(Part { rows: Vec::new(), next: None }),
        },
    };
    let filter = PolicyFilter {
        merchant: asked.merchant(visit),
        kind: KINDS.iter().find(|(_, word, _)| *word == asked.kind).map(|found| found.0),
        state: STATES.iter().find(|(_, word, ..)| *word == asked.state).map(|found| found.0),
        receiver,
    };
    let after = asked.after.parse().ok().map(PolicyId);
    let slice = Slice { after, limit: POLICIES_ON_PAGE };
    Ok(visit.edge().records.policy_lines(filter, slice).await?)
}
