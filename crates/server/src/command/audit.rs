//! `sunsweep audit`: prove ledger, rows and chain against each other.

mod reconcile;

use std::path::Path;

use serde_json::json;

use super::output::{Failure, print};
use crate::boot::Offline;

/// Recompute every balance, hold and reservation, compare what is lent with the chain, and name each
/// difference. Exits 3 when there is one.
#[derive(Debug, clap::Args)]
pub(super) struct Audit {
    /// Leave the chain out: ledger and rows only.
    #[arg(long, conflicts_with = "reconcile")]
    offline: bool,
    /// After an older copy was put back: find on chain what the rows do not know, and propose the
    /// entries and what to take back.
    #[arg(long)]
    reconcile: bool,
    /// With --reconcile: the first block to read, instead of the one after those watched.
    #[arg(long, value_name = "NUMBER", requires = "reconcile", requires = "to_block")]
    from_block: Option<i64>,
    /// With --from-block: the last block to read.
    #[arg(long, value_name = "NUMBER", requires = "from_block")]
    to_block: Option<i64>,
    /// With --reconcile: do it. Each step is in the log of changes.
    #[arg(long, value_enum, value_delimiter = ',', requires = "reconcile")]
    apply: Vec<reconcile::Apply>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Runs it on the configured database and nodes.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        if self.reconcile {
            let blocks = self.from_block.zip(self.to_block);
            return reconcile::run(&offline, blocks, &self.apply, self.json);
        }
        let audit = match self.offline {
            true => offline.wait(offline.store.audit())?,
            false => {
                let node = offline.node()?;
                offline.wait(app::audit::audit(&*offline.store, &*node))?
            }
        };
        if self.json {
            let value = json!({
                "clean": audit.differences.is_empty(),
                "accounts": audit.accounts,
                "ledger_txs": audit.ledger_txs,
                "orders": audit.orders,
                "differences": audit.differences,
            });
            print(&value.to_string());
        } else {
            audit.differences.iter().for_each(|difference| print(difference));
            print(&format!(
                "{} ledger accounts, {} ledger transactions, {} orders: {}",
                audit.accounts,
                audit.ledger_txs,
                audit.orders,
                match audit.differences.len() {
                    0 => "clean".to_owned(),
                    1 => "1 difference".to_owned(),
                    count => format!("{count} differences"),
                }
            ));
        }
        if audit.differences.is_empty() { Ok(()) } else { Err(Failure::Found) }
    }
}
