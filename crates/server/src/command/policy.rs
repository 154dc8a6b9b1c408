//! `sunsweep policy`: list, show, stop.

use std::path::Path;

use app::admin_rows::{PolicyFilter, PolicyLine, Slice};
use app::describe_policy;
use clap::{Subcommand, ValueEnum};
use domain::policy::Terms;
use domain::{MerchantId, Policy, PolicyId, PolicyKind, PolicyState, UnixMillis};
use tron::Address;

use super::output::{Failure, print, say, table};
use crate::boot::Offline;

/// Newest refills that are shown.
const REFILLS_SHOWN: usize = 20;

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// List the newest policies.
    List {
        /// Only those of this merchant.
        #[arg(long, value_name = "NUMBER")]
        merchant: Option<i64>,
        /// Only those of this kind.
        #[arg(long, value_enum)]
        kind: Option<Kind>,
        /// Only those in this state.
        #[arg(long, value_enum)]
        state: Option<State>,
        /// Only those on this address.
        #[arg(long, value_name = "T…")]
        address: Option<Address>,
        /// Only those before this policy: the last one of a page that is continued.
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show a policy and the orders of its newest refills.
    Show {
        /// The policy's number.
        policy: i64,
    },
    /// Let a policy order nothing more until its merchant lets it go on.
    Stop {
        /// The policy's number.
        policy: i64,
    },
}

/// Which kind a policy is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// So many transfers.
    Count,
    /// So many days.
    Auto,
}

/// Where a policy stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// It refills.
    Enabled,
    /// It does not refill.
    Paused,
    /// It was switched off.
    Disabled,
    /// What was bought is used.
    Ended,
}

impl From<Kind> for PolicyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Count => Self::Count,
            Kind::Auto => Self::Auto,
        }
    }
}

impl From<State> for PolicyState {
    fn from(state: State) -> Self {
        match state {
            State::Enabled => Self::Enabled,
            State::Paused => Self::Paused,
            State::Disabled => Self::Disabled,
            State::Ended => Self::Ended,
        }
    }
}

impl PolicyCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::List { merchant, kind, state, address, before, limit, json } => {
                let filter = PolicyFilter {
                    merchant: merchant.map(MerchantId),
                    kind: kind.map(PolicyKind::from),
                    state: state.map(PolicyState::from),
                    receiver: address,
                };
                list(&offline, filter, Slice { after: before.map(PolicyId), limit }, json)
            }
            Self::Show { policy } => show(&offline, PolicyId(policy)),
            Self::Stop { policy } => {
                let administrator = offline.administrator();
                let stopped = offline.wait(administrator.stop_policy(PolicyId(policy)))?;
                let state = describe_policy::state(stopped.state);
                print(&format!("policy {policy} is {state}"));
                Ok(())
            }
        }
    }
}

fn list(
    offline: &Offline,
    filter: PolicyFilter,
    slice: Slice<PolicyId>,
    as_json: bool,
) -> Result<(), Failure> {
    let limit = slice.limit;
    let part = offline.wait(offline.records.policy_lines(filter, slice))?;
    if as_json {
        let rows: Vec<_> = part.rows.iter().map(describe_policy::line).collect();
        print(&serde_json::Value::from(rows).to_string());
    } else {
        let rows = part.rows.iter().map(|line| {
            let policy = &line.policy;
            vec![
                policy.id.0.to_string(),
                policy.merchant.0.to_string(),
                describe_policy::kind(policy.kind()).to_owned(),
                policy.receiver.to_string(),
                describe_policy::state(policy.state).to_owned(),
                describe_policy::step(policy.step).to_owned(),
                left(policy),
                policy.refills.to_string(),
                key(line),
            ]
        });
        let header =
            ["policy", "merchant", "kind", "address", "state", "step", "left", "refills", "key"];
        print(&table(&header, rows));
    }
    if let Some(next) = part.next.filter(|_| part.rows.len() < limit) {
        say(&format!("Not all were looked through; go on with --before {}.", next.0));
    }
    Ok(())
}

fn show(offline: &Offline, id: PolicyId) -> Result<(), Failure> {
    let line = offline
        .wait(offline.records.policy_line(id))?
        .ok_or_else(|| anyhow::anyhow!("there is no policy {}", id.0))?;
    let policy = &line.policy;
    let (kind, state) =
        (describe_policy::kind(policy.kind()), describe_policy::state(policy.state));
    print(&format!("policy    {} of merchant {}, {kind}", id.0, policy.merchant.0));
    print(&format!("address   {}", policy.receiver));
    print(&format!("state     {state}, {}", describe_policy::step(policy.step)));
    print(&format!("left      {}", left(policy)));
    print(&format!("key       {}", key(&line)));
    print(&format!("next look {}", line.due.map_or_else(|| "none".to_owned(), time)));
    let slice = Slice { after: None, limit: REFILLS_SHOWN };
    let refills = offline.wait(offline.records.refills_of(id, slice))?;
    let rows = refills.into_iter().map(|refill| {
        let order = refill.view.whole.order;
        vec![
            refill.number.to_string(),
            order.id.to_string(),
            time(order.created),
            order.energy.get().to_string(),
            order.price.to_trx_string(),
        ]
    });
    print(&table(&["refill", "order", "placed", "energy", "TRX"], rows));
    Ok(())
}

/// What is left of what was bought.
fn left(policy: &Policy) -> String {
    match policy.terms {
        Terms::Count(count) if count.is_perpetual => "perpetual".to_owned(),
        Terms::Count(count) => format!("{} transfers", count.left),
        Terms::Auto(auto) => format!("until {}", time(auto.ends)),
    }
}

/// The key that pays for the refills.
fn key(line: &PolicyLine) -> String {
    let hint = if line.key.may_order() { "" } else { " (may not order)" };
    format!("{}{hint}", line.key.text)
}

fn time(at: UnixMillis) -> String {
    wire::time::utc_micros(at)
}
