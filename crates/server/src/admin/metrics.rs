//! `GET /metrics` on the admin interface's address: what a monitoring system watches, in the OpenMetrics
//! text format.

use std::sync::Arc;

use app::commit_counts::{CommitCounts, OneByOne};
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::admin::AdminScope;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::AdminEdge;
use super::answer::Refused;
use super::caller::Caller;
use super::standing::Standing;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

/// Beside the interface's own paths, at the one where monitoring systems look.
pub(super) fn routes(edge: Arc<AdminEdge>) -> Router {
    Router::new().route("/metrics", get(handle)).with_state(edge)
}

async fn handle(caller: Caller) -> Result<Response, Refused> {
    let allowed = caller.may(AdminScope::Read)?;
    let counts = allowed.edge.records.commit_counts();
    let standing = match Standing::read(&allowed.edge).await {
        Ok(standing) => Some(standing),
        Err(failed) => {
            // What was counted is told all the same: it says how the database fails.
            tracing::warn!("the metrics lack what the database knows: {failed}");
            None
        }
    };
    let text = render(&counts, standing.as_ref());
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

fn render(counts: &CommitCounts, standing: Option<&Standing>) -> String {
    let mut registry = Registry::with_prefix("sunsweep");
    register_counts(counts, registry.sub_registry_with_prefix("database"));
    let readable = Gauge::<i64>::default();
    readable.set(i64::from(standing.is_some()));
    registry.register("database_readable", "1 if the database could be read just now", readable);
    if let Some(standing) = standing {
        standing.register(&mut registry);
    }
    let mut text = String::new();
    encode(&mut text, &registry).expect("a String takes whatever is written");
    text
}

fn register_counts(counts: &CommitCounts, registry: &mut Registry) {
    let mut count = |name: &str, help: &str, value: u64| {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
    count("commits", "Transactions that became durable", counts.commits);
    count("works", "Works in them", counts.works);
    count("round_trips", "Answers that transactions waited for", counts.round_trips);
    count("repeated", "Transactions done again, in the way of another one", counts.repeated);
    count("failed", "Transactions that failed", counts.failed);
    let one_by_one = Family::<Why, Counter>::default();
    for reason in OneByOne::ALL {
        let counter = one_by_one.get_or_create(&Why { reason: reason.name() });
        counter.inc_by(counts.one_by_one[reason.index()]);
    }
    let help = "Transactions whose works were done one by one after all, by reason";
    registry.register("one_by_one", help, one_by_one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_its_line() {
        let counts = CommitCounts {
            commits: 5,
            works: 90,
            round_trips: 11,
            repeated: 2,
            failed: 1,
            one_by_one: [3, 4, 6],
        };
        let text = render(&counts, None);
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let wanted = [
            "sunsweep_database_commits_total 5",
            "sunsweep_database_works_total 90",
            "sunsweep_database_round_trips_total 11",
            "sunsweep_database_repeated_total 2",
            "sunsweep_database_failed_total 1",
            "sunsweep_database_one_by_one_total{reason=\"refused\"} 3",
            "sunsweep_database_one_by_one_total{reason=\"broken\"} 4",
            "sunsweep_database_one_by_one_total{reason=\"lease_lost\"} 6",
            "sunsweep_database_readable 0",
        ];
        assert_eq!(lines.len(), wanted.len(), "{text}");
        for line in wanted {
            assert!(lines.contains(&line), "{line} is not in {text}");
        }
    }

    #[test]
    fn the_document_for_people_has_every_name() {
        let document = include_str!("../../../../docs/operations.md");
        let text = render(&CommitCounts::default(), Some(&Standing::example()));
        let names = text.lines().filter(|line| !line.starts_with('#'));
        for name in names.filter_map(|line| line.split(['{', ' ']).next()) {
            assert!(document.contains(&format!("`{name}`")), "docs/operations.md lacks {name}");
        }
    }
}
