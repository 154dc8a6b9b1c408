//! `sunsweep merchant`: add, change, credit, debit, list, statement.

use std::path::Path;

use app::admin_rows::{MerchantLine, Slice};
use app::administer::{MerchantChange, Posting, Side};
use app::describe;
use app::ports::Ids;
use clap::Subcommand;
use domain::MerchantId;
use serde_json::json;
use tron::Sun;

use super::merchant_statement::Statement;
use super::output::{Failure, print, table};
use crate::boot::Offline;
use crate::system::SystemIds;

/// What to do with merchants.
#[derive(Debug, Subcommand)]
pub(super) enum MerchantCommand {
    /// Add a merchant and print its number.
    Add {
        /// Name, for people.
        name: String,
        /// Where outcomes are posted when an order names no address.
        #[arg(long, value_name = "URL")]
        callback_url: Option<String>,
    },
    /// Change a merchant; what is not named stays.
    Set {
        /// The merchant's number.
        merchant: i64,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// Where outcomes are posted when an order names no address.
        #[arg(long, value_name = "URL")]
        callback_url: Option<String>,
        /// Post outcomes only where orders say.
        #[arg(long, conflicts_with = "callback_url")]
        no_callback_url: bool,
    },
    /// Credit a merchant for money that came in.
    Credit(Entry),
    /// Debit a merchant for money that was paid out.
    Debit(Entry),
    /// Print the address to which a merchant sends TRX; it is made the first time.
    DepositAddress {
        /// The merchant's number.
        merchant: i64,
    },
    /// Refuse a merchant's new orders; what is under way goes on.
    Pause {
        /// The merchant's number.
        merchant: i64,
    },
    /// Take a merchant's orders again.
    Resume {
        /// The merchant's number.
        merchant: i64,
    },
    /// List merchants with their balances.
    List {
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Print every ledger entry of a merchant with its order, transactions and running balance.
    Statement(Statement),
}

/// A manual entry.
#[derive(Debug, clap::Args)]
pub(super) struct Entry {
    /// The merchant's number.
    merchant: i64,
    /// How much, in TRX with up to six decimals.
    #[arg(value_parser = parse_trx)]
    trx: Sun,
    /// Why; kept in the ledger.
    #[arg(long)]
    reason: String,
    /// Really post it; without this only what would be posted is printed.
    #[arg(long)]
    yes: bool,
}

/// An amount of TRX that is more than nothing.
pub(super) fn parse_trx(text: &str) -> Result<Sun, String> {
    match Sun::parse_trx(text) {
        Ok(amount) if amount > Sun::ZERO => Ok(amount),
        Ok(_) => Err("the amount must be more than nothing".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

impl MerchantCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Add { name, callback_url } => add(&offline, &name, callback_url),
            Self::Set { merchant, name, callback_url, no_callback_url } => {
                let callback_url = match no_callback_url {
                    true => Some(None),
                    false => callback_url.map(Some),
                };
                let change = MerchantChange { name, callback_url, is_paused: None };
                set(&offline, merchant, change)
            }
            Self::Credit(entry) => post(&offline, entry, Side::Credit),
            Self::Debit(entry) => post(&offline, entry, Side::Debit),
            Self::DepositAddress { merchant } => super::deposit::address(&offline, merchant),
            Self::Pause { merchant } => pause(&offline, merchant, true),
            Self::Resume { merchant } => pause(&offline, merchant, false),
            Self::List { json } => list(&offline, json),
            Self::Statement(statement) => statement.run(&offline),
        }
    }
}

fn add(offline: &Offline, name: &str, callback_url: Option<String>) -> Result<(), Failure> {
    if let Some(url) = &callback_url {
        offline.check_callback_url(url)?;
    }
    let merchant = offline.wait(offline.administrator().add_merchant(name, callback_url))?;
    print(&merchant.id.0.to_string());
    Ok(())
}

fn set(offline: &Offline, merchant: i64, change: MerchantChange) -> Result<(), Failure> {
    if let Some(Some(url)) = &change.callback_url {
        offline.check_callback_url(url)?;
    }
    let id = MerchantId(merchant);
    let merchant = offline.wait(offline.administrator().change_merchant(id, change))?;
    let deposit_addresses = offline.wait(offline.store.deposit_addresses(Some(id)))?;
    print(&listed(vec![MerchantLine { merchant, deposit_addresses }]));
    Ok(())
}

fn pause(offline: &Offline, merchant: i64, is_paused: bool) -> Result<(), Failure> {
    let change = MerchantChange { is_paused: Some(is_paused), ..MerchantChange::default() };
    offline.wait(offline.administrator().change_merchant(MerchantId(merchant), change))?;
    print(&format!("merchant {merchant} {}", if is_paused { "is paused" } else { "may order" }));
    Ok(())
}

fn post(offline: &Offline, entry: Entry, side: Side) -> Result<(), Failure> {
    let id = MerchantId(entry.merchant);
    let merchant = offline.wait(offline.records.merchant(id))?;
    let merchant =
        merchant.ok_or_else(|| anyhow::anyhow!("there is no merchant {}", entry.merchant))?;
    let administrator = offline.administrator();
    let business = SystemIds.order_id(administrator.now).0;
    let (amount, reason) = (entry.trx, entry.reason);
    let posting = Posting { business, merchant: id, side, amount, reason, request: None };
    let after = posting.preview(&merchant)?.available;
    let (word, whose) = match side {
        Side::Credit => ("credit", "to"),
        Side::Debit => ("debit", "from"),
    };
    let plan = format!(
        "{word} {} TRX {whose} merchant {} ({}): {} TRX before, {} TRX after",
        amount.to_trx_string(),
        merchant.id.0,
        merchant.name,
        merchant.available.to_trx_string(),
        after.to_trx_string(),
    );
    if !entry.yes {
        print(&format!("would {plan}; add --yes to post it"));
        return Ok(());
    }
    offline.wait(administrator.post_money(posting))?;
    print(&plan);
    Ok(())
}

fn list(offline: &Offline, as_json: bool) -> Result<(), Failure> {
    let everybody = Slice { after: None, limit: usize::MAX };
    let lines = offline.wait(offline.records.merchant_lines(everybody))?;
    if as_json {
        print(&json!(lines.iter().map(describe::merchant_line).collect::<Vec<_>>()).to_string());
    } else {
        print(&listed(lines));
    }
    Ok(())
}

fn listed(lines: Vec<MerchantLine>) -> String {
    let rows = lines.into_iter().map(|line| {
        let (merchant, deposits) = (line.merchant, line.deposit_addresses);
        vec![
            merchant.id.0.to_string(),
            merchant.name,
            merchant.available.to_trx_string(),
            merchant.held.to_trx_string(),
            deposits.first().map_or_else(String::new, |newest| newest.address.to_string()),
            merchant.callback_url.unwrap_or_default(),
            if merchant.is_paused { "paused" } else { "" }.to_owned(),
        ]
    });
    table(&["id", "name", "available TRX", "held TRX", "deposit address", "callback", ""], rows)
}
