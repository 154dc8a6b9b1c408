//! `sunsweep merchant`: add, credit, debit, list.

use std::path::Path;

use app::ports::{Clock, Ids};
use clap::Subcommand;
use domain::MerchantId;
use domain::ledger::facts::{merchant_credited, merchant_debited};
use serde_json::json;
use tron::Sun;

use super::output::{Failure, print, table};
use crate::boot::Offline;
use crate::system::{SystemClock, SystemIds};

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
    /// Credit a merchant for money that came in.
    Credit(Entry),
    /// Debit a merchant for money that was paid out.
    Debit(Entry),
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
            Self::Add { name, callback_url } => add(&offline, &name, callback_url.as_deref()),
            Self::Credit(entry) => post(&offline, &entry, Direction::Credit),
            Self::Debit(entry) => post(&offline, &entry, Direction::Debit),
            Self::Pause { merchant } => pause(&offline, merchant, true),
            Self::Resume { merchant } => pause(&offline, merchant, false),
            Self::List { json } => list(&offline, json),
        }
    }
}

fn add(offline: &Offline, name: &str, callback_url: Option<&str>) -> Result<(), Failure> {
    if name.trim().is_empty() {
        return Err(anyhow::anyhow!("a merchant needs a name").into());
    }
    if let Some(url) = callback_url {
        offline.check_callback_url(url)?;
    }
    let id = offline.wait(offline.store.add_merchant(name, callback_url, SystemClock.now()))?;
    print(&id.0.to_string());
    Ok(())
}

fn pause(offline: &Offline, merchant: i64, is_paused: bool) -> Result<(), Failure> {
    if !offline.wait(offline.store.pause_merchant(MerchantId(merchant), is_paused))? {
        return Err(anyhow::anyhow!("there is no merchant {merchant}").into());
    }
    print(&format!("merchant {merchant} {}", if is_paused { "is paused" } else { "may order" }));
    Ok(())
}

#[derive(Clone, Copy)]
enum Direction {
    Credit,
    Debit,
}

fn post(offline: &Offline, entry: &Entry, direction: Direction) -> Result<(), Failure> {
    let merchants = offline.wait(offline.store.merchants())?;
    let merchant = merchants
        .iter()
        .find(|merchant| merchant.id == MerchantId(entry.merchant))
        .ok_or_else(|| anyhow::anyhow!("there is no merchant {}", entry.merchant))?;
    let (word, after) = match direction {
        Direction::Credit => ("credit", merchant.available + entry.trx),
        Direction::Debit => ("debit", merchant.available - entry.trx),
    };
    if after.is_negative() {
        let have = merchant.available.to_trx_string();
        return Err(anyhow::anyhow!("{} has only {have} TRX available", merchant.name).into());
    }
    let plan = format!(
        "{word} {} TRX to merchant {} ({}): {} TRX before, {} TRX after",
        entry.trx.to_trx_string(),
        merchant.id.0,
        merchant.name,
        merchant.available.to_trx_string(),
        after.to_trx_string(),
    );
    if !entry.yes {
        print(&format!("would {plan}; add --yes to post it"));
        return Ok(());
    }
    let now = SystemClock.now();
    let business = SystemIds.order_id(now).0;
    let tx = match direction {
        Direction::Credit => {
            merchant_credited(business, merchant.id, entry.trx, &entry.reason, now)
        }
        Direction::Debit => merchant_debited(business, merchant.id, entry.trx, &entry.reason, now),
    };
    offline.wait(offline.store.post(tx))?;
    print(&plan);
    Ok(())
}

fn list(offline: &Offline, as_json: bool) -> Result<(), Failure> {
    let merchants = offline.wait(offline.store.merchants())?;
    if as_json {
        let rows: Vec<_> = merchants
            .iter()
            .map(|merchant| {
                json!({
                    "id": merchant.id.0,
                    "name": merchant.name,
                    "available_sun": merchant.available.get(),
                    "held_sun": merchant.held.get(),
                    "callback_url": merchant.callback_url,
                    "paused": merchant.is_paused,
                })
            })
            .collect();
        print(&json!(rows).to_string());
        return Ok(());
    }
    let rows = merchants.into_iter().map(|merchant| {
        vec![
            merchant.id.0.to_string(),
            merchant.name,
            merchant.available.to_trx_string(),
            merchant.held.to_trx_string(),
            merchant.callback_url.unwrap_or_default(),
            if merchant.is_paused { "paused" } else { "" }.to_owned(),
        ]
    });
    print(&table(&["id", "name", "available TRX", "held TRX", "callback", ""], rows));
    Ok(())
}
