//! One policy: what it keeps, for how long, which orders refilled it, and the button that stops it.

use app::admin_rows::{PolicyLine, Slice};
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use domain::policy::Terms;
use domain::{Policy, PolicyId, PolicyState};
use serde_json::{Value, json};
use tron::Energy;

use super::frame::Frame;
use super::list::{Asked, List, names};
use super::policies::{Left, Line};
use super::refused::Refused;
use super::shown_as::{check_shown, shown_as};
use super::visit::{Change, Visit};
use super::{PREFIX, asset, orders};

/// Refills on a page.
const REFILLS_ON_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage<'a> {
    frame: &'a Frame,
    line: Line,
    list: List,
    refills: Vec<RefillShown>,
    can_stop: bool,
    shown_as: String,
}

/// A refill: its number and its order.
struct RefillShown {
    number: i64,
    order: orders::Line,
}

/// The page.
pub(super) async fn show(
    visit: Visit,
    Path(text): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let seen = seen(&visit, &text).await?;
    let named = names(&visit).await?;
    let id = seen.policy.id;
    let slice = Slice { after: asked.after.parse().ok(), limit: REFILLS_ON_PAGE };
    let refills = visit.edge().records.refills_of(id, slice).await?;
    let last = refills.last().filter(|_| refills.len() == REFILLS_ON_PAGE);
    let older = last.map(|refill| refill.number.to_string());
    let refills = refills.into_iter().map(|refill| RefillShown {
        number: refill.number,
        order: orders::Line::of(refill.view, &named),
    });
    Visit::page(&PolicyPage {
        frame: &visit.frame,
        list: List::new(format!("/policies/{}", id.0), asked, older),
        refills: refills.collect(),
        can_stop: seen.policy.state == PolicyState::Enabled,
        shown_as: shown_as(&stoppable(&seen.policy)),
        line: Line::of(seen, &named),
    })
}

/// Lets a policy order nothing more until its merchant lets it go on.
pub(super) async fn stop(Path(text): Path<String>, change: Change) -> Result<Response, Refused> {
    let policy = seen(&change.visit, &text).await?.policy;
    check_shown(&change.fields, &stoppable(&policy))?;
    change.administrator().stop_policy(policy.id).await?;
    Ok(change.done(&format!("/policies/{}", policy.id.0), "policy-stopped"))
}

/// What somebody who stops a policy has to have seen: what people set. What refills change by themselves is
/// not in it.
fn stoppable(policy: &Policy) -> Value {
    let is_on = policy.state == PolicyState::Enabled;
    match policy.terms {
        Terms::Count(count) => json!([is_on, policy.key.0, count.is_perpetual]),
        Terms::Auto(auto) => {
            json!([is_on, policy.key.0, auto.energy.map(Energy::get), auto.ends.get()])
        }
    }
}

/// A policy that whoever asks may see.
async fn seen(visit: &Visit, text: &str) -> Result<PolicyLine, Refused> {
    let id = text.parse().map(PolicyId).map_err(|_| Refused::NoPage)?;
    let line = visit.edge().records.policy_line(id).await?.ok_or(Refused::NoPage)?;
    visit.sees(line.policy.merchant)?;
    Ok(line)
}
