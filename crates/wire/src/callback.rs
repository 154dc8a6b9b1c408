//! The callback: one signed POST that tells a merchant how an order ended.
//!
//! The body must survive parse, sort and re-serialise in every language of the merchants, so it is
//! flat, sorted, compact, ASCII, holds only integers and strings, and `null` only for a missing
//! reference. It is rendered once, when the fact is committed; attempts resend those bytes with fresh
//! headers. Source: api-contract 7.

use domain::callback::{CallbackEvent, Format};
use domain::{OrderId, Origin, Period};
use tron::{Address, Energy, Sun, TxId};

use crate::canon::{CanonicalForm, Object, Value};
use crate::sign::{Timestamp, sign};
use crate::status::CallbackStatus;
use crate::{names, period};

/// Which way an order came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `api`: every order that a program placed, collection orders included.
    Api,
    /// `manual`: an order that a person placed in the console.
    Manual,
    /// `count_delegate`: a refill of a policy that counts transfers.
    CountDelegate,
    /// `auto_delegate`: a refill of a policy that keeps energy available.
    AutoDelegate,
}

impl Source {
    /// The word for where an order came from.
    #[must_use]
    pub const fn of(origin: Origin) -> Self {
        match origin {
            Origin::Api => Self::Api,
            Origin::Manual => Self::Manual,
            Origin::CountPolicy(_) => Self::CountDelegate,
            Origin::AutoPolicy(_) => Self::AutoDelegate,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Manual => "manual",
            Self::CountDelegate => "count_delegate",
            Self::AutoDelegate => "auto_delegate",
        }
    }
}

/// How an order ended, as the wire has it. A txid that does not exist is written as `""`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackBody {
    /// `serial`
    pub order_id: OrderId,
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
    pub delegation: Option<TxId>,
    /// `active_hash`
    pub activation: Option<TxId>,
    /// `bandwidth_hash`
    pub bandwidth: Option<TxId>,
}

impl CallbackBody {
    /// What is told of an order's end.
    #[must_use]
    pub fn of(event: &CallbackEvent) -> Self {
        Self {
            order_id: event.order,
            status: CallbackStatus::of(event.outcome),
            source: Source::of(event.origin),
            receiver: event.receiver,
            reference: event.reference.clone(),
            period: event.period,
            amount: event.amount,
            energy: Energy::new(event.energy),
            energy_delegated: Energy::new(event.energy_delegated),
            delegation: event.delegation,
            activation: event.activation,
            bandwidth: event.bandwidth,
        }
    }

    /// The bytes to store, sign and send.
    #[must_use]
    pub fn render(&self) -> String {
        let members = MEMBERS.iter();
        members
            .fold(Object::new(), |body, (name, value)| body.with(name, value(self)))
            .render(CanonicalForm::SortedAscii)
    }
}

/// A member with what it says of an order's end.
type Member = (&'static str, fn(&CallbackBody) -> Value);

/// The members of every callback: what is rendered, and what [`is_callback`] knows one by.
///
/// Stored bytes are sent again for days: one that is added here later is not in all of them.
const MEMBERS: [Member; 13] = [
    (names::ACTIVE_HASH, |callback| txid(callback.activation)),
    (names::AMOUNT, |callback| callback.amount.get().into()),
    (names::BANDWIDTH_HASH, |callback| txid(callback.bandwidth)),
    (names::ENERGY_AMOUNT, |callback| callback.energy.get().into()),
    (names::OUT_TRADE_NO, |callback| callback.reference.as_deref().into()),
    (names::PAY_AMOUNT, |callback| callback.energy_delegated.get().into()),
    (names::PERIOD, |callback| period::text(callback.period).into()),
    (names::RECEIVE_ADDRESS, |callback| callback.receiver.to_string().into()),
    (names::SERIAL, |callback| callback.order_id.to_string().into()),
    (names::SOURCE, |callback| callback.source.as_str().into()),
    (names::STATUS, |callback| callback.status.code().into()),
    (names::TXID, |callback| txid(callback.delegation)),
    (names::TYPE, |_| names::TYPE_ENERGY.into()),
];

fn txid(txid: Option<TxId>) -> Value {
    txid.map(|txid| txid.to_string()).unwrap_or_default().into()
}

/// Whether this is a callback of ours: it has every member of one, whatever else it has.
///
/// Callbacks are signed as requests are, with the same secret, and name members that requests have.
/// Whoever sees one could send it back as an order if the two were not told apart. A request has no need
/// of all of these, and none can be left out without the secret.
#[must_use]
pub fn is_callback(body: &Object) -> bool {
    MEMBERS.iter().all(|(name, _)| body.get(name).is_some())
}

/// The wire's part of the product's port: renders what `domain` wants told.
#[derive(Debug, Clone, Copy, Default)]
pub struct WireFormat;

impl Format for WireFormat {
    fn callback_body(&self, event: &CallbackEvent) -> Vec<u8> {
        CallbackBody::of(event).render().into_bytes()
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
