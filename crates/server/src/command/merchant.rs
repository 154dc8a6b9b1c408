//! `sunsweep merchant`: add, change, credit, debit, list, statement.

use std::path::Path;

use app::admin_rows::{MerchantLine, Slice};
use app::administer::{AdminRefused, MerchantChange, Posting, Side};
use app::describe;
use app::ports::{Ids, StoreError};
use app::rows::Merchant;
use clap::Subcommand;
use domain::MerchantId;
use serde_json::{Value, json};
use tron::Sun;
use wire::IdempotencyKey;

use super::merchant_statement::Statement;
use super::output::{Failure, print, table};
use crate::boot::{COMMAND_LINE, Offline};
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
    /// What makes it harmless to run the same command twice: 1 to 255 printable ASCII characters, for example
    /// the number of the invoice.
    #[arg(long, value_parser = parse_key)]
    key: Option<String>,
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

fn parse_key(text: &str) -> Result<String, String> {
    let key = IdempotencyKey::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(key.as_str().to_owned())
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
            Self::DepositAddress { merchant } => super::deposit::address(&offline, merchant, false),
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
    let mut posting = Posting { business, merchant: id, side, amount, reason, request: None };
    if let Some(key) = &entry.key {
        posting = posting.under_key(COMMAND_LINE, key);
    }
    let told = |after| told(&merchant, side, amount, after);
    if !entry.yes {
        let plan = told(posting.preview(&merchant)?.available);
        print(&format!("would {plan}; add --yes to post it"));
        return Ok(());
    }
    match offline.wait(administrator.post_money(posting)) {
        Ok(answer) => print(&told(available_after(&answer)?)),
        Err(AdminRefused::Store(StoreError::Unavailable(cause))) => {
            let what_to_do = match entry.key {
                Some(_) => "run the same command again: it posts nothing twice".to_owned(),
                None => format!("look at `merchant statement {}` before running it again", id.0),
            };
            let text = format!("{cause}; whether it was posted is not known: {what_to_do}");
            return Err(anyhow::anyhow!(text).into());
        }
        Err(refused) => return Err(refused.into()),
    }
    Ok(())
}

/// The entry in words; the balance before it is the one after it without it, as it was for a repeat, too.
fn told(merchant: &Merchant, side: Side, amount: Sun, after: Sun) -> String {
    let (word, whose, before) = match side {
        Side::Credit => ("credit", "to", after - amount),
        Side::Debit => ("debit", "from", after + amount),
    };
    format!(
        "{word} {} TRX {whose} merchant {} ({}): {} TRX before, {} TRX after",
        amount.to_trx_string(),
        merchant.id.0,
        merchant.name,
        before.to_trx_string(),
        after.to_trx_string(),
    )
}

/// The merchant's balance in the answer to an entry.
fn available_after(answer: &str) -> Result<Sun, Failure> {
    let merchant: Value = serde_json::from_str(answer)?;
    let available = merchant["available_sun"].as_i64().map(Sun::new);
    available.ok_or_else(|| anyhow::anyhow!("the answer to the entry names no balance").into())
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
