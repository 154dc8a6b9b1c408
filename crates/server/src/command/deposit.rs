//! `sunsweep deposit`: address, list, status.

use std::path::Path;

use super::output::{Failure, print, say, table};
use crate::boot::Offline;
use clap::Subcommand;
use domain::MerchantId;

/// What to do with deposits.
#[derive(Debug, Subcommand)]
pub(super) enum DepositCommand {
    /// Print the address to which a merchant sends TRX; it is made the first time.
    Address {
        /// The merchant's number.
        merchant: i64,
        /// Although the chain knows the address already: it is this merchant's own.
        #[arg(long)]
        used: bool,
    },
    /// List the newest deposits.
    List {
        /// Only those of this merchant.
        #[arg(long)]
        merchant: Option<i64>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Say how far the chain was scanned, and how far the solid chain is ahead.
    Status,
}

impl DepositCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Address { merchant, used } => address(&offline, merchant, used),
            Self::List { merchant, limit, json } => list(&offline, merchant, limit, json),
            Self::Status => status(&offline),
        }
    }
}

pub(super) fn address(offline: &Offline, merchant: i64, is_used: bool) -> Result<(), Failure> {
    let Some(keys) = offline.deposit_keys()? else {
        return Err(anyhow::anyhow!("deposits.xpub is not set, so there are no addresses").into());
    };
    let (administrator, node) = (offline.administrator(), offline.node()?);
    let id = MerchantId(merchant);
    let handed = match is_used {
        true => offline.wait(administrator.hand_out_used_deposit_address(&*node, &keys, id)),
        false => offline.wait(administrator.hand_out_deposit_address(&*node, &keys, id)),
    };
    let address = handed.map_err(anyhow::Error::from)?;
    print(&address.address.to_string());
    say(&format!("Number {} below the key {}.", address.number, address.xpub));
    Ok(())
}

fn list(
    offline: &Offline,
    merchant: Option<i64>,
    limit: usize,
    as_json: bool,
) -> Result<(), Failure> {
    let deposits = offline.wait(offline.store.deposits(merchant.map(MerchantId), limit))?;
    if as_json {
        let rows: Vec<_> = deposits.iter().map(app::describe::deposit).collect();
        print(&serde_json::Value::from(rows).to_string());
        return Ok(());
    }
    let rows = deposits.iter().map(|deposit| {
        vec![
            deposit.block.to_string(),
            deposit.merchant.0.to_string(),
            deposit.amount.to_trx_string(),
            deposit.sender.to_string(),
            deposit.txid.to_string(),
            if deposit.is_credited { "" } else { "too small" }.to_owned(),
        ]
    });
    print(&table(&["block", "merchant", "TRX", "from", "transaction", ""], rows));
    Ok(())
}

fn status(offline: &Offline) -> Result<(), Failure> {
    let Some(scanned) = offline.wait(offline.store.scanned())? else {
        print("Nothing is scanned: no deposit address was handed out yet.");
        return Ok(());
    };
    let solid = offline.wait(offline.node()?.solid_head()).map_err(anyhow::Error::from)?;
    let behind = (solid.number - scanned.number).max(0);
    print(&format!(
        "Scanned up to block {}; the newest solid block is {}, {behind} ahead.",
        scanned.number, solid.number
    ));
    Ok(())
}
