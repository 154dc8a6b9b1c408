//! `sunsweep price`: list, set.

use std::path::Path;

use app::admin_rows::PriceOwner;
use app::describe;
use clap::Subcommand;
use domain::MerchantId;
use domain::price_overrides::PriceName;
use serde_json::json;

use super::output::{Failure, print, table};
use crate::boot::Offline;

/// What to do with prices.
#[derive(Debug, Subcommand)]
pub(super) enum PriceCommand {
    /// Show a price list: what holds, and where each price comes from.
    List {
        /// A merchant's list instead of the house's.
        #[arg(long, value_name = "NUMBER")]
        merchant: Option<i64>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Set prices, in sun; running servers charge by them from the next order on.
    Set {
        /// For this merchant only.
        #[arg(long, value_name = "NUMBER")]
        merchant: Option<i64>,
        /// NAME=SUN, or NAME= to inherit the price again.
        #[arg(required = true, value_name = "NAME=SUN", value_parser = setting)]
        prices: Vec<(PriceName, Option<i64>)>,
    },
}

fn setting(text: &str) -> Result<(PriceName, Option<i64>), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=SUN is expected")?;
    let name = name.parse::<PriceName>().map_err(|error| {
        let known: Vec<_> = PriceName::ALL.iter().map(|name| name.text()).collect();
        format!("{error}; there are {}", known.join(", "))
    })?;
    match value {
        "" => Ok((name, None)),
        digits => digits
            .parse()
            .map(|sun| (name, Some(sun)))
            .map_err(|_| format!("\"{digits}\" is not a whole number of sun")),
    }
}

impl PriceCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::List { merchant, json } => list(&offline, merchant.map(MerchantId), json),
            Self::Set { merchant, prices } => {
                let merchant = merchant.map(MerchantId);
                let owner = merchant.map_or(PriceOwner::House, PriceOwner::Merchant);
                offline.wait(offline.administrator().set_prices(owner, prices))?;
                list(&offline, merchant, false)
            }
        }
    }
}

fn list(offline: &Offline, merchant: Option<MerchantId>, as_json: bool) -> Result<(), Failure> {
    let house = offline.wait(offline.records.prices_of(PriceOwner::House))?;
    let own = match merchant {
        None => None,
        Some(id) => {
            let found = offline.wait(offline.records.merchant(id))?;
            found.ok_or_else(|| anyhow::anyhow!("there is no merchant {}", id.0))?;
            Some(offline.wait(offline.records.prices_of(PriceOwner::Merchant(id)))?)
        }
    };
    let set = own.clone().unwrap_or_default();
    let list = house.clone().under(&set).over(&offline.configured_prices());
    if as_json {
        let own_set = own.as_ref().unwrap_or(&house);
        let shown = json!({
            "set": describe::prices(own_set),
            "effective": describe::price_list(&list),
        });
        print(&shown.to_string());
        return Ok(());
    }
    let rows = PriceName::ALL.iter().map(|name| {
        let source = match (set.get(*name), house.get(*name)) {
            (Some(_), _) => "merchant",
            (None, Some(_)) => "house",
            (None, None) => "configuration",
        };
        vec![name.text().to_owned(), name.of(&list).to_string(), source.to_owned()]
    });
    print(&table(&["price", "sun", "set by"], rows));
    Ok(())
}
