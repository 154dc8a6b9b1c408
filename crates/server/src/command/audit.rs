//! `sunsweep audit`: prove ledger, rows and chain against each other.

use std::path::Path;

use serde_json::json;

use super::output::{Failure, print};
use crate::boot::Offline;

/// Recompute every balance, hold and reservation, compare what is lent with the chain, and name each
/// difference. Exits 3 when there is one.
#[derive(Debug, clap::Args)]
pub(super) struct Audit {
    /// Leave the chain out: ledger and rows only.
    #[arg(long)]
    offline: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Runs it on the configured database and nodes.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
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
                    count => format!("{count} differences"),
                }
            ));
        }
        if audit.differences.is_empty() { Ok(()) } else { Err(Failure::Found) }
    }
}
