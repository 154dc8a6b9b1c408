//! `sunsweep key`: add, bind, revoke, list.

use std::path::Path;

use app::administer::KeyChange;
use app::describe;
use clap::Subcommand;
use domain::MerchantId;
use domain::key::{AllowList, KeyLimits, KeyTextError, Scope, Scopes};
use serde_json::json;
use tron::Sun;

use super::merchant::parse_trx;
use super::output::{Failure, print, say, table};
use crate::boot::Offline;
use crate::keys::new_key;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Add a key to a merchant. The secret is printed once and never again.
    Add {
        /// The merchant's number.
        merchant: i64,
        /// Name, shown with each order.
        #[arg(long, default_value = "default")]
        name: String,
        /// Refuse a second order with the same out_trade_no.
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        limits: Limits,
    },
    /// Bind a live key in another way; what is not named stays.
    Set(Set),
    /// Revoke a key; it stops working within a second.
    Revoke {
        /// The key's text.
        key: String,
    },
    /// List a merchant's keys with what they may do.
    List {
        /// The merchant's number.
        merchant: i64,
        /// One JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// What a key may do.
#[derive(Debug, clap::Args)]
pub(super) struct Limits {
    /// What it may be used for: read, order, transfer; all of them if none is named.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// Address or network that it may be used from, such as 203.0.113.0/24; anywhere if none is named.
    #[arg(long = "ip", value_name = "NETWORK", value_delimiter = ',')]
    networks: Vec<String>,
    /// Most that it may spend in a day of UTC+8, in TRX.
    #[arg(long, value_name = "TRX", value_parser = parse_trx)]
    daily_cap: Option<Sun>,
}

/// How to bind a key.
#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// The key's text.
    key: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    limits: Limits,
    /// Let it be used from anywhere.
    #[arg(long, conflicts_with = "networks")]
    any_ip: bool,
    /// Lift the cap.
    #[arg(long, conflicts_with = "daily_cap")]
    no_daily_cap: bool,
    /// Whether a second order with the same out_trade_no is refused.
    #[arg(long, value_name = "true|false")]
    strict: Option<bool>,
}

impl Set {
    fn run(self, offline: &Offline) -> Result<(), Failure> {
        let Limits { scopes, networks, daily_cap } = self.limits;
        let allowed_from = match (self.any_ip, networks.is_empty()) {
            (true, _) => Some(AllowList::default()),
            (false, true) => None,
            (false, false) => Some(AllowList::of(networks)?),
        };
        let change = KeyChange {
            name: self.name,
            scopes: if scopes.is_empty() { None } else { Some(Scopes::of(scopes)?) },
            allowed_from,
            daily_cap: if self.no_daily_cap { Some(None) } else { daily_cap.map(Some) },
            is_reference_strict: self.strict,
        };
        let key = offline.wait(offline.administrator().change_key(&self.key, change))?;
        list(offline, key.merchant, false)
    }
}

impl Limits {
    /// The limits of a new key.
    fn of_new_key(self) -> Result<KeyLimits, KeyTextError> {
        let scopes = match self.scopes.is_empty() {
            true => Scopes::ALL,
            false => Scopes::of(self.scopes)?,
        };
        let allowed_from = AllowList::of(self.networks)?;
        Ok(KeyLimits { scopes, allowed_from, daily_cap: self.daily_cap })
    }
}

impl KeyCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Add { merchant, name, strict, limits } => {
                let limits = limits.of_new_key()?;
                add(&offline, MerchantId(merchant), &name, strict, limits)
            }
            Self::Set(set) => set.run(&offline),
            Self::Revoke { key } => {
                offline.wait(offline.administrator().revoke_key(&key))?;
                print(&format!("{key} is revoked"));
                Ok(())
            }
            Self::List { merchant, json } => list(&offline, MerchantId(merchant), json),
        }
    }
}

fn add(
    offline: &Offline,
    merchant: MerchantId,
    name: &str,
    is_reference_strict: bool,
    limits: KeyLimits,
) -> Result<(), Failure> {
    let administrator = offline.administrator();
    let now = administrator.now;
    let (key, secret) =
        new_key(&offline.sealer()?, merchant, name, is_reference_strict, limits, now)?;
    let key = offline.wait(administrator.add_key(key))?;
    print(&json!({"api_key": key.text, "api_secret": secret.expose()}).to_string());
    say("The secret is not kept in readable form: store it now.");
    Ok(())
}

fn list(offline: &Offline, merchant: MerchantId, as_json: bool) -> Result<(), Failure> {
    let keys = offline.wait(offline.store.keys(merchant))?;
    if as_json {
        print(&json!(keys.iter().map(describe::key).collect::<Vec<_>>()).to_string());
        return Ok(());
    }
    let rows = keys.into_iter().map(|key| {
        let cap = key.limits.daily_cap;
        vec![
            key.text,
            key.name,
            if key.revoked.is_some() { "revoked" } else { "live" }.to_owned(),
            wire::time::utc_micros(key.created),
            key.limits.scopes.to_string(),
            key.limits.allowed_from.to_string(),
            cap.map_or_else(String::new, Sun::to_trx_string),
            if key.is_reference_strict { "strict" } else { "" }.to_owned(),
        ]
    });
    let header = ["key", "name", "state", "created", "scopes", "from", "TRX a day", ""];
    print(&table(&header, rows));
    Ok(())
}
