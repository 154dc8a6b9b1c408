//! The small ports: clock, identities, keys, and merchants that receive callbacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use app::ports::{Clock, Ids, Posted, Poster, Signer};
use app::rows::Callback;
use async_trait::async_trait;
use devnet::named_signature;
use domain::callback::Outcome;
use domain::{OrderId, UnixMillis};
use serde_json::Value;
use tron::{Address, Signature, TxId};

use crate::faults::Fault;
use crate::mutation::Mutation;
use crate::stage::{Stage, State};

/// Virtual wall time.
pub(crate) struct StageClock(pub(crate) Arc<Stage>);

impl Clock for StageClock {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }
}

/// Identities from the seed.
pub(crate) struct StageIds(pub(crate) Arc<Stage>);

impl Ids for StageIds {
    fn order_id(&self, now: UnixMillis) -> OrderId {
        self.0.with(|state| {
            let mut bytes = [0; 16];
            state.random.fill(&mut bytes);
            bytes[..6].copy_from_slice(&now.get().to_be_bytes()[2..]);
            OrderId(bytes)
        })
    }

    fn jitter_ppm(&self) -> i64 {
        self.0.with(|state| state.random.between(0, 999_999))
    }
}

/// The hot keys of the pool: on a chain of named signatures nothing but who they are.
pub(crate) struct HotKeys(pub(crate) BTreeSet<Address>);

impl Signer for HotKeys {
    fn sign(&self, signer: Address, txid: &TxId) -> Option<Signature> {
        self.0.contains(&signer).then(|| named_signature(signer, txid))
    }
}

/// What merchants got.
#[derive(Default)]
pub(crate) struct Mailbox {
    letters: BTreeMap<OrderId, Letter>,
}

/// One order's callback as its merchant saw it.
struct Letter {
    body: Vec<u8>,
    arrived: u64,
    is_acknowledged: bool,
}

impl Mailbox {
    /// Whether a merchant acknowledged the callback of this order.
    pub(crate) fn is_acknowledged(&self, order: OrderId) -> bool {
        self.letters.get(&order).is_some_and(|letter| letter.is_acknowledged)
    }

    /// How many different bodies arrived; one for each order that was told of.
    pub(crate) fn arrived(&self) -> u64 {
        self.letters.values().map(|letter| letter.arrived).sum()
    }
}

/// Merchants' servers.
pub(crate) struct Merchants(pub(crate) Arc<Stage>);

/// How a merchant's server answers one attempt.
enum Reception {
    Takes(u16),
    Refuses(u16),
    GetsItAndIsSilent,
    Unreachable,
}

#[async_trait]
impl Poster for Merchants {
    async fn post(&self, callback: &Callback) -> Posted {
        self.0.pass().await;
        let mut callback = callback.clone();
        if self.0.mutation == Some(Mutation::RenderAgain) {
            callback.body.extend((0..callback.attempts).map(|_| b' '));
        }
        let reception = self.0.with(|state| {
            let reception = Reception::draw(state);
            receive(state, &callback, &reception);
            reception
        });
        if self.0.with(|state| state.strikes(Fault::CallbackLate)) {
            for _ in 0..20 {
                self.0.pass().await;
            }
        }
        self.0.pass().await;
        let (status, note) = match reception {
            Reception::Takes(status) => (Some(status), "ok"),
            Reception::Refuses(status) => (Some(status), "no"),
            Reception::GetsItAndIsSilent => (None, "no answer"),
            Reception::Unreachable => (None, "no connection"),
        };
        Posted { status, note: note.to_owned(), took_ms: 1, signed_secs: None }
    }
}

impl Reception {
    fn draw(state: &mut State) -> Self {
        if state.strikes(Fault::CallbackUnanswered) {
            return Self::GetsItAndIsSilent;
        }
        if state.strikes(Fault::CallbackRefused) {
            let refusals = [301, 400, 404, 429, 500, 503];
            return match state.random.pick(&refusals) {
                Some(status) if state.random.percent(80) => Self::Refuses(*status),
                Some(_) | None => Self::Unreachable,
            };
        }
        Self::Takes(if state.random.percent(90) { 200 } else { 204 })
    }
}

/// What a merchant would notice: other bytes for the same order, or a story that cannot be.
fn receive(state: &mut State, callback: &Callback, reception: &Reception) {
    let order = callback.order;
    if matches!(reception, Reception::Unreachable) {
        return;
    }
    let takes = matches!(reception, Reception::Takes(_));
    let known = state.mailbox.letters.get_mut(&order);
    let Some(letter) = known else {
        let letter = Letter { body: callback.body.clone(), arrived: 1, is_acknowledged: takes };
        state.mailbox.letters.insert(order, letter);
        let text = String::from_utf8_lossy(&callback.body).into_owned();
        if let Some(wrong) = contradiction(state, callback) {
            state.violate("a callback says what was committed", Some(order), wrong);
        }
        state.note(Some(order), format!("callback arrives, taken {takes}: {text}"));
        return;
    };
    letter.arrived += 1;
    letter.is_acknowledged |= takes;
    if letter.body != callback.body {
        let text = format!(
            "first {}, then {}",
            String::from_utf8_lossy(&letter.body),
            String::from_utf8_lossy(&callback.body)
        );
        state.violate("callback bytes never change", Some(order), text);
    }
    state.note(Some(order), format!("callback arrives again, taken {takes}"));
}

/// What is wrong with a body, given what was committed.
fn contradiction(state: &State, callback: &Callback) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<Value>(&callback.body) else {
        return Some("the body is not JSON".to_owned());
    };
    let serial = callback.order.to_string();
    if body["serial"] != Value::String(serial.clone()) {
        return Some(format!("serial {} for order {serial}", body["serial"]));
    }
    let Some(page) = state.book.page(callback.order) else {
        return Some("nothing was committed for this order".to_owned());
    };
    let wanted = page.outcome().map(|outcome| match outcome {
        Outcome::Delivered => 40,
        Outcome::Refunded => 41,
    });
    (wanted.is_none() || body["status"].as_i64() != wanted)
        .then(|| format!("status {} while the order is {:?}", body["status"], page.state()))
}
