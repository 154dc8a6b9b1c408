//! How the operator's side shows a row as JSON: in listings, in the admin interface and in its log.
//!
//! Amounts are whole sun and end in `_sun`, moments are Unix milliseconds and end in `_ms`. No secret
//! is in any of it.

use domain::Deposit;
use domain::admin::AdminScope;
use domain::key::Scope;
use domain::pool::PoolWallet;
use domain::price_overrides::{PriceName, PriceOverrides};
use domain::pricing::PriceList;
use serde_json::{Map, Value, json};
use tron::{Resource, Sun};

use crate::admin_rows::{
    AdminToken, CallbackLine, MerchantLine, NumberedLogEntry, StatementLine, WalletRow,
};
use crate::person_rows::Person;
use crate::ports::role_name;
use crate::rows::{Attempt, Callback, CallbackState, DepositAddress, Key, Merchant};

/// A merchant with its balances.
#[must_use]
pub fn merchant(merchant: &Merchant) -> Value {
    json!({
        "id": merchant.id.0,
        "name": merchant.name,
        "callback_url": merchant.callback_url,
        "paused": merchant.is_paused,
        "available_sun": merchant.available.get(),
        "held_sun": merchant.held.get(),
        "created_ms": merchant.created.get(),
    })
}

/// A merchant in a list, with where it sends TRX.
#[must_use]
pub fn merchant_line(line: &MerchantLine) -> Value {
    let mut shown = merchant(&line.merchant);
    let addresses: Vec<_> =
        line.deposit_addresses.iter().map(|one| one.address.to_string()).collect();
    add(&mut shown, "deposit_addresses", json!(addresses));
    shown
}

/// A deposit address.
#[must_use]
pub fn deposit_address(address: &DepositAddress) -> Value {
    json!({
        "merchant": address.merchant.0,
        "address": address.address.to_string(),
        "xpub": address.xpub,
        "number": address.number,
        "created_ms": address.created.get(),
    })
}

/// A deposit.
#[must_use]
pub fn deposit(deposit: &Deposit) -> Value {
    json!({
        "merchant": deposit.merchant.0,
        "address": deposit.address.to_string(),
        "sender": deposit.sender.to_string(),
        "amount_sun": deposit.amount.get(),
        "txid": deposit.txid.to_string(),
        "block": deposit.block,
        "block_ms": deposit.at.get(),
        "credited": deposit.is_credited,
    })
}

/// A key without its secret.
#[must_use]
pub fn key(key: &Key) -> Value {
    json!({
        "key": key.text,
        "merchant": key.merchant.0,
        "name": key.name,
        "scopes": key.limits.scopes.iter().map(Scope::name).collect::<Vec<_>>(),
        "allowed_from": key.limits.allowed_from.texts().collect::<Vec<_>>(),
        "daily_cap_sun": key.limits.daily_cap.map(Sun::get),
        "strict": key.is_reference_strict,
        "created_ms": key.created.get(),
        "revoked_ms": key.revoked.map(|at| at.get()),
    })
}

/// A wallet as the operator set it.
#[must_use]
pub fn wallet_row(wallet: &WalletRow) -> Value {
    json!({
        "address": wallet.address.to_string(),
        "signer": wallet.signer.to_string(),
        "role": role_name(wallet.role),
        "permission_id": wallet.permission_id,
        "enabled": wallet.is_enabled,
    })
}

/// A wallet as last read from the chain.
#[must_use]
pub fn pool_wallet(wallet: &PoolWallet) -> Value {
    json!({
        "address": wallet.address.to_string(),
        "role": role_name(wallet.role),
        "permission_id": wallet.permission_id,
        "enabled": wallet.is_enabled,
        "free_energy_stake_sun": wallet.free(Resource::Energy).get(),
        "reserved_energy_stake_sun": wallet.energy_reserved.get(),
        "free_bandwidth_stake_sun": wallet.free(Resource::Bandwidth).get(),
        "reserved_bandwidth_stake_sun": wallet.bandwidth_reserved.get(),
        "own_bandwidth": wallet.own_bandwidth,
        "trx_sun": wallet.balance.get(),
    })
}

/// A token without its secret and its hash.
#[must_use]
pub fn token(token: &AdminToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes.iter().map(AdminScope::name).collect::<Vec<_>>(),
        "created_ms": token.created.get(),
        "revoked_ms": token.revoked.map(|at| at.get()),
    })
}

/// A person without anything that it proves itself with.
#[must_use]
pub fn person(person: &Person) -> Value {
    json!({
        "id": person.id.0,
        "name": person.name,
        "access": person.access.to_string(),
        "merchant": person.access.merchant.map(|merchant| merchant.0),
        "state": person_state(person),
        "invited_until_ms": person.invitation.map(|invitation| invitation.until.get()),
        "created_ms": person.created.get(),
        "disabled_ms": person.disabled.map(|at| at.get()),
    })
}

/// How a person stands, as a word.
#[must_use]
pub const fn person_state(person: &Person) -> &'static str {
    match (&person.disabled, &person.credentials) {
        (Some(_), _) => "disabled",
        (None, Some(_)) => "active",
        (None, None) => "invited",
    }
}

/// How a callback stands, as a word.
#[must_use]
pub const fn callback_state(state: CallbackState) -> &'static str {
    match state {
        CallbackState::Owed => "owed",
        CallbackState::Delivered => "delivered",
        CallbackState::Dead => "dead",
    }
}

/// A callback without its body.
#[must_use]
pub fn callback(callback: &Callback) -> Value {
    json!({
        "order": callback.order.to_string(),
        "url": callback.url,
        "state": callback_state(callback.state),
        "attempts": callback.attempts,
        "first_ms": callback.first.get(),
    })
}

/// A callback in a list.
#[must_use]
pub fn callback_line(line: &CallbackLine) -> Value {
    let mut shown = callback(&line.callback);
    let status = line.last.as_ref().and_then(|(status, _)| *status);
    let note = line.last.as_ref().map(|(_, note)| note);
    add(&mut shown, "merchant", json!(line.merchant.0));
    add(&mut shown, "last_http_status", json!(status));
    add(&mut shown, "last_note", json!(note));
    shown
}

/// One try at a callback.
#[must_use]
pub fn attempt(attempt: &Attempt) -> Value {
    json!({
        "at_ms": attempt.at.get(),
        "http_status": attempt.status,
        "note": attempt.note,
        "took_ms": attempt.took_ms,
        "signed_secs": attempt.signed_secs,
        "state": callback_state(attempt.state),
    })
}

/// A line of a statement.
#[must_use]
pub fn statement_line(line: &StatementLine) -> Value {
    json!({
        "number": line.place.number,
        "at_ms": line.at.get(),
        "posted_ms": line.place.posted.get(),
        "account": line.account,
        "fact": line.fact,
        "amount_sun": line.amount.get(),
        "balance_sun": line.balance.get(),
        "order": line.order.map(|order| order.to_string()),
        "reference": line.reference,
        "txids": line.txids.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "reason": line.reason,
    })
}

/// A line of the log.
#[must_use]
pub fn log_entry(line: &NumberedLogEntry) -> Value {
    let entry = &line.entry;
    let parsed = |text: &Option<String>| {
        text.as_deref().map(|text| {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
        })
    };
    json!({
        "number": line.number,
        "at_ms": entry.at.get(),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "before": parsed(&entry.before),
        "after": parsed(&entry.after),
    })
}

/// The prices that a list sets, without what it inherits.
#[must_use]
pub fn prices(prices: &PriceOverrides) -> Value {
    object(prices.iter().map(|(name, value)| (name.text().to_owned(), json!(value))))
}

/// Every price of a list that holds.
#[must_use]
pub fn price_list(list: &PriceList) -> Value {
    object(PriceName::ALL.iter().map(|name| (name.text().to_owned(), json!(name.of(list)))))
}

/// Adds a member to an object.
pub fn add(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}

/// An object of these members.
#[must_use]
pub fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}
