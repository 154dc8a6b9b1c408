//! One run from its beginning to its plan: what `sweep`, its watch mode and tests share.

use node::NodeError;
use tron::TokenUnits;

use crate::discover::{DiscoverError, Reader, discover};
use crate::journal::{Cursor, Holding, Item, Journal, JournalError, Run, RunId};
use crate::observe::Observer;
use crate::plan::{Plan, PlanRow, Planner, TrxRow};
use crate::price::PriceBook;
use crate::record::{Asset, Reason, Record, State};
use crate::run::now_ms;
use crate::settings::Settings;
use crate::target::KeySource;

/// What a plan is made with.
pub struct Survey<'a> {
    /// What the run is told.
    pub settings: &'a Settings,
    /// The chain.
    pub node: &'a dyn node::TronNode,
    /// The addresses.
    pub keys: &'a dyn KeySource,
    /// Where findings are kept.
    pub journal: &'a Journal,
    /// What the server charges.
    pub prices: &'a PriceBook,
    /// Who is told.
    pub observer: &'a dyn Observer,
}

/// Stores a new run that has done nothing yet.
///
/// Errors: the journal cannot be written, or the system has no randomness.
pub async fn begin(
    journal: &Journal,
    settings: &Settings,
    api_url: &str,
    node_url: &str,
) -> Result<Run, JournalError> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|error| JournalError::Row(error.to_string()))?;
    let run = Run {
        id: RunId::from_bytes(bytes),
        started_ms: now_ms(),
        cursor: Cursor::default(),
        agreed_ms: None,
        ended_ms: None,
        token: settings.token.clone(),
        destination: settings.destination,
        min: settings.min,
        api_url: api_url.to_owned(),
        node_url: node_url.to_owned(),
    };
    journal.begin(run.clone()).await?;
    Ok(run)
}

impl Survey<'_> {
    /// Finds what there is, from where the run's discovery stopped.
    pub async fn discover(&self, run: &Run) -> Result<Vec<Holding>, DiscoverError> {
        let reader = Reader::new(self.node);
        let wanted = self.settings.wanted();
        let (keys, journal) = (self.keys, self.journal);
        discover(&reader, keys, wanted, &run.id, run.cursor, journal, self.observer).await
    }

    /// Makes a plan of what was found, from what the chain shows now.
    pub async fn plan(&self, found: &[Holding]) -> Result<Plan, NodeError> {
        let reader = Reader::new(self.node);
        let planner = Planner {
            reader: &reader,
            node: self.node,
            settings: self.settings,
            prices: self.prices,
            observer: self.observer,
        };
        planner.plan(found).await
    }
}

impl Plan {
    /// The plan as the journal keeps it once it is agreed to: what is left alone is final at once.
    #[must_use]
    pub fn items(&self, planned_ms: i64) -> Vec<Item> {
        let rows = self.rows.iter().zip(0..);
        let trx = self.trx.iter().zip(self.rows.len()..);
        rows.map(|(row, rank)| item(rank, row, planned_ms))
            .chain(trx.map(|(row, rank)| trx_item(rank, row, planned_ms)))
            .collect()
    }
}

fn trx_item(rank: usize, row: &TrxRow, planned_ms: i64) -> Item {
    let (address, label) = (row.target.address, row.target.label.clone());
    let held = TokenUnits(u128::try_from(row.amount.get()).unwrap_or(0));
    let record = Record::new(address, label, Asset::Trx, held);
    Item::new(planned(record, row.skip.as_ref(), planned_ms), rank)
}

fn item(rank: usize, row: &PlanRow, planned_ms: i64) -> Item {
    let target = &row.target;
    let record = Record {
        burn_cost: row.burn_cost,
        ..Record::new(target.address, target.label.clone(), Asset::Token, row.held)
    };
    let record = planned(record, row.skip.as_ref(), planned_ms);
    Item { order_cost: row.order_cost, ..Item::new(record, rank) }
}

fn planned(mut record: Record, skip: Option<&Reason>, planned_ms: i64) -> Record {
    record.times.planned_ms = Some(planned_ms);
    if let Some(reason) = skip {
        record.state = State::Skipped;
        record.reason = Some(reason.clone());
        record.times.ended_ms = Some(planned_ms);
    }
    record
}
