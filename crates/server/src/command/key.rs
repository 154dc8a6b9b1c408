//! `sunsweep key`: add, revoke, list.

use std::path::Path;

use app::ports::Clock;
use app::rows::Key;
use clap::Subcommand;
use domain::{KeyId, MerchantId};
use serde_json::json;

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
    },
    /// Revoke a key; it stops working within a second.
    Revoke {
        /// The key's text.
        key: String,
    },
    /// List a merchant's keys.
    List {
        /// The merchant's number.
        merchant: i64,
    },
}

impl KeyCommand {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Add { merchant, name, strict } => {
                let (text, secret) = add_key(&offline, MerchantId(merchant), &name, strict)?;
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
            Self::List { merchant } => list(&offline, MerchantId(merchant)),
        }
    }
}

/// Adds a key and gives its text and secret.
pub(super) fn add_key(
    offline: &Offline,
    merchant: MerchantId,
    name: &str,
    is_reference_strict: bool,
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

fn list(offline: &Offline, merchant: MerchantId) -> Result<(), Failure> {
    let keys = offline.wait(offline.store.keys(merchant))?;
    let rows = keys.into_iter().map(|key| {
        let state = if key.revoked.is_some() { "revoked" } else { "live" };
        vec![key.text, key.name, state.to_owned(), wire::time::utc_micros(key.created)]
    });
    print(&table(&["key", "name", "state", "created"], rows));
    Ok(())
}
