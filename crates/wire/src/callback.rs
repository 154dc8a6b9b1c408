//! The callback: one signed POST that tells a merchant how an order ended.
//!
//! The body must survive parse, sort and re-serialise in every language of the merchants, so it is
//! flat, sorted, compact, ASCII, holds only integers and strings, and `null` only for a missing
//! reference. It is rendered once, when the fact is committed; attempts resend those bytes with fresh
//! headers. Source: api-contract 7.

use tron::{Address, Energy, Sun};

use crate::canon::{CanonicalForm, Object};
use crate::names;
use crate::period::Period;
use crate::sign::{Timestamp, sign};
use crate::status::CallbackStatus;

/// Which way an order came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `api`: every order that a program placed, collection orders included.
    Api,
    /// `manual`: an order that a person placed in the console.
    Manual,
}

impl Source {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Manual => "manual",
        }
    }
}

/// How an order ended.
///
/// Txids: 64 lower-case hex digits, written as `""` if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackBody {
    /// `serial`
    pub order_id: String,
    /// `status`
    pub status: CallbackStatus,
    /// `source`
    pub source: Source,
    /// `receive_address`
    pub receiver: Address,
    /// `out_trade_no`; `null` if there is none, because a known client parses any string as a UUID.
    pub reference: Option<String>,
    /// `period`
    pub period: Period,
    /// `amount`: what the order cost.
    pub amount: Sun,
    /// `energy_amount`: energy ordered.
    pub energy: Energy,
    /// `pay_amount`: energy delegated.
    pub energy_delegated: Energy,
    /// `txid`: of the first delegation.
    pub delegate_txid: Option<String>,
    /// `active_hash`
    pub activation_txid: Option<String>,
    /// `bandwidth_hash`
    pub bandwidth_txid: Option<String>,
}

impl CallbackBody {
    /// The bytes to store, sign and send.
    #[must_use]
    pub fn render(&self) -> String {
        let txid = |txid: &Option<String>| txid.clone().unwrap_or_default();
        Object::new()
            .with(names::ACTIVE_HASH, txid(&self.activation_txid))
            .with(names::AMOUNT, self.amount.get())
            .with(names::BANDWIDTH_HASH, txid(&self.bandwidth_txid))
            .with(names::ENERGY_AMOUNT, self.energy.get())
            .with(names::OUT_TRADE_NO, self.reference.as_deref())
            .with(names::PAY_AMOUNT, self.energy_delegated.get())
            .with(names::PERIOD, self.period.to_string())
            .with(names::RECEIVE_ADDRESS, self.receiver.to_string())
            .with(names::SERIAL, self.order_id.as_str())
            .with(names::SOURCE, self.source.as_str())
            .with(names::STATUS, self.status.code())
            .with(names::TXID, txid(&self.delegate_txid))
            .with(names::TYPE, names::TYPE_ENERGY)
            .render(CanonicalForm::SortedAscii)
    }
}

/// The headers of one attempt, signed for that moment; receivers refuse old ones.
///
/// `api_key` is the key that placed the order and `secret` its secret: the key is sent so that a
/// receiver with several keys can choose.
#[must_use]
pub fn headers(
    api_key: &str,
    secret: &[u8],
    timestamp: Timestamp,
    body: &[u8],
) -> [(&'static str, String); 4] {
    let timestamp = timestamp.to_string();
    let signature = sign(secret, &timestamp, body);
    [
        (names::API_KEY, api_key.to_owned()),
        (names::TIMESTAMP, timestamp),
        (names::SIGNATURE, signature),
        (names::CONTENT_TYPE, names::APPLICATION_JSON.to_owned()),
    ]
}
