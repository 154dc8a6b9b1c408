//! TRX that merchants have sent for them, and what they may expect of the answers.

use std::sync::Arc;

use app::answers::RepeatRefused;
use app::rows::{ExactAnswer, Idempotency, RequestKeys};
use app::send_transfer::{Accepted, SendRefused, SendTransfer};
use domain::UnixMillis;
use tron::{Address, Sun};

use crate::random::Random;
use crate::stage::Stage;
use crate::world::Shop;

/// Every request for TRX so far.
#[derive(Default)]
pub(crate) struct Gifts {
    requests: Vec<Gift>,
    latest: i64,
}

struct Gift {
    send: SendTransfer,
    made_at: i64,
    /// The request that it repeats.
    root: usize,
    answer: Option<ExactAnswer>,
}

/// How long a signature is valid, in milliseconds.
const REPLAY_MS: i64 = 300_000;
const ROUTE: [u8; 32] = [3; 32];

impl Gifts {
    /// Draws the next request: a new one, or one of the newest once more.
    pub(crate) fn next(
        &mut self,
        shop: Shop,
        receiver: Address,
        random: &mut Random,
        now: UnixMillis,
    ) -> usize {
        self.latest = self.latest.max(now.get());
        let back = random.index(self.requests.len().min(6));
        let before = self.requests.len().checked_sub(1 + back).filter(|_| random.percent(25));
        let repeated = before.and_then(|before| self.repeat(before, random, now));
        let gift = repeated.unwrap_or_else(|| self.fresh(shop, receiver, random, now));
        self.requests.push(gift);
        self.requests.len() - 1
    }

    pub(crate) fn request(&self, number: usize) -> &SendTransfer {
        &self.requests[number].send
    }

    fn fresh(&self, shop: Shop, receiver: Address, random: &mut Random, now: UnixMillis) -> Gift {
        let idempotency = random.percent(40).then(|| Idempotency {
            text: format!("transfer {}", self.requests.len()),
            request: random.bytes32(),
        });
        let send = SendTransfer {
            merchant: shop.merchant,
            key: shop.key,
            receiver,
            amount: Sun::new(random.between(100_000, 10_000_000)),
            request: RequestKeys {
                key: shop.key,
                timestamp_secs: now.get().div_euclid(1_000),
                signature: random.bytes32(),
                route: ROUTE,
                idempotency,
            },
        };
        Gift { send, made_at: now.get(), root: self.requests.len(), answer: None }
    }

    /// An exact copy, or signed afresh with the same key for resends.
    fn repeat(&self, before: usize, random: &mut Random, now: UnixMillis) -> Option<Gift> {
        let root = self.requests[before].root;
        let known = &self.requests[root];
        if self.latest - known.made_at > REPLAY_MS {
            return None;
        }
        let mut send = known.send.clone();
        if send.request.idempotency.is_some() && random.percent(50) {
            send.request.signature = random.bytes32();
            send.request.timestamp_secs = now.get().div_euclid(1_000);
        }
        Some(Gift { send, made_at: known.made_at, root, answer: None })
    }

    /// An answer arrived: it must be the one that the same request got before, unless every node refused
    /// what that one named.
    pub(crate) fn answered(
        &mut self,
        stage: &Stage,
        number: usize,
        answer: Result<ExactAnswer, SendRefused>,
    ) {
        let root = self.requests[number].root;
        let answer = match answer {
            Ok(answer) => answer,
            Err(refused @ SendRefused::Repeat(repeated)) if repeated != RepeatRefused::Late => {
                let text = format!("transfer request {number} of {root}: {refused}");
                return stage.violate("a repeat is not refused as another request", None, text);
            }
            Err(refused) => {
                return stage.note(None, format!("transfer request {number}: {refused}"));
            }
        };
        stage.note(None, format!("transfer request {number} is answered with {}", answer.body));
        let Some(known) = self.requests[root].answer.replace(answer.clone()) else { return };
        let was_released = stage.with(|state| state.book.was_transfer_released(&known.body));
        if known != answer && !was_released {
            let text = format!("transfer request {root}: {known:?}, then {answer:?}");
            stage.violate("a repeat gets the first answer", None, text);
        }
    }

    /// Every transfer that a merchant was told of was committed.
    pub(crate) fn check_answers(&self, stage: &Stage) {
        for answer in self.requests.iter().filter_map(|gift| gift.answer.as_ref()) {
            stage.with(|state| {
                if !state.book.has_transfer(&answer.body) {
                    let text = format!("transfer {}", answer.body);
                    state.violate("what is answered was committed", None, text);
                }
            });
        }
    }
}

/// The answer to a transfer, for a simulation: its transaction.
pub(crate) fn render() -> app::answers::Render<Accepted> {
    Arc::new(|accepted| ExactAnswer { status: 200, body: accepted.transfer.txid.to_string() })
}
