//! `sunsweep key`: add, revoke, list.

use std::path::Path;

use app::ports::Clock;
use app::rows::Key;
use clap::Subcommand;
use domain::key::{AllowList, KeyLimits, KeyTextError, Scope, Scopes};
use domain::{KeyId, MerchantId};
use serde_json::{Value, json};
use tron::Sun;

use super::merchant::parse_trx;
use super::output::{Failure, print, say, table};
use crate::boot::Offline;
use crate::keys::seal_context;
use crate::secret::{ApiSecret, generate_api_key};
use crate::system::SystemClock;

/// Most keys that a merchant may have at the same time.
pub(super) const LIVE_KEYS_MAX: usize = 3;

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
                let merchant = MerchantId(merchant);
                let (text, secret) = add_key(&offline, merchant, &name, strict, limits)?;
                print(&json!({"api_key": text, "api_secret": secret.expose()}).to_string());
                say("The secret is not kept in readable form: store it now.");
                Ok(())
            }
            Self::Revoke { key } => {
                match offline.wait(offline.store.revoke_key(&key, SystemClock.now()))? {
                    true => print(&format!("{key} is revoked")),
                    false => return Err(anyhow::anyhow!("there is no live key {key}").into()),
                }
                Ok(())
            }
            Self::List { merchant, json } => list(&offline, MerchantId(merchant), json),
        }
    }
}

/// Adds a key and gives its text and secret.
pub(super) fn add_key(
    offline: &Offline,
    merchant: MerchantId,
    name: &str,
    is_reference_strict: bool,
    limits: KeyLimits,
) -> Result<(String, ApiSecret), Failure> {
    let known = offline.wait(offline.store.merchants())?;
    if !known.iter().any(|row| row.id == merchant) {
        return Err(anyhow::anyhow!("there is no merchant {}", merchant.0).into());
    }
    let (text, secret) = (generate_api_key()?, ApiSecret::generate()?);
    let sealer = offline.sealer()?;
    let key = Key {
        id: KeyId(0),
        merchant,
        text: text.clone(),
        name: name.to_owned(),
        sealed_secret: sealer.seal(&seal_context(&text), secret.expose().as_bytes())?,
        is_reference_strict,
        limits,
        created: SystemClock.now(),
        revoked: None,
    };
    match offline.wait(offline.store.add_key(&key, LIVE_KEYS_MAX))? {
        Some(_) => Ok((text, secret)),
        None => {
            let message = format!("merchant {} has {LIVE_KEYS_MAX} live keys already", merchant.0);
            Err(anyhow::anyhow!(message).into())
        }
    }
}

fn list(offline: &Offline, merchant: MerchantId, as_json: bool) -> Result<(), Failure> {
    let keys = offline.wait(offline.store.keys(merchant))?;
    if as_json {
        print(&json!(keys.iter().map(in_json).collect::<Vec<_>>()).to_string());
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

/// A key as listings show it; never with its secret.
fn in_json(key: &Key) -> Value {
    json!({
        "key": key.text,
        "name": key.name,
        "scopes": key.limits.scopes.iter().map(Scope::name).collect::<Vec<_>>(),
        "allowed_from": key.limits.allowed_from.texts().collect::<Vec<_>>(),
        "daily_cap_sun": key.limits.daily_cap.map(Sun::get),
        "strict": key.is_reference_strict,
        "created": wire::time::utc_micros(key.created),
        "revoked": key.revoked.map(wire::time::utc_micros),
    })
}
