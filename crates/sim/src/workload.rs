//! What merchants ask for, and what they may expect of the answers.

use std::collections::{BTreeMap, BTreeSet};

use app::answers::RepeatRefused;
use app::place_order::{PlaceOrder, PlaceRefused, Wanted};
use app::rows::{Idempotency, RequestKeys};
use domain::collect::Scene;
use domain::order::step::Refused;
use domain::{KeyId, MerchantId, Order, OrderId, Origin, Period, UnixMillis};
use tron::{Address, Energy, Sun};

use crate::random::Random;
use crate::stage::Stage;
use crate::world::{Shop, World};

/// Every request so far.
#[derive(Default)]
pub(crate) struct Workload {
    requests: Vec<Request>,
    /// The latest wall time at which one was made: the clock may jump back, signatures do not get
    /// younger by that.
    latest: i64,
    last_payer: usize,
    strict_references: BTreeMap<(MerchantId, String), OrderId>,
    pub(crate) refused: u64,
    /// Since the last one that was answered, but for those that another day or a person will let through.
    refused_in_a_row: u64,
    /// Keys that were told that their day's cap is reached.
    capped: BTreeSet<KeyId>,
}

/// One request, its answer, and what is to be expected.
pub(crate) struct Request {
    pub(crate) place: PlaceOrder,
    made_at: i64,
    /// The request that it repeats.
    root: usize,
    kind: Kind,
    answer: Option<(OrderId, Sun)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A new one, an exact copy, or a resend with the same idempotency key.
    Honest,
    /// The same signature on another path.
    Elsewhere,
    /// The same idempotency key for something else.
    OtherBody,
}

/// How long a signature is valid, in milliseconds.
const REPLAY_MS: i64 = 300_000;
/// How long a resend may be expected to find its answer, in milliseconds.
const RESEND_MS: i64 = 80_000_000;
/// Refusals in a row after which no more is asked for.
const REFUSED_MAX: u64 = 100;
/// How often a key whose cap is reached is used nevertheless.
const CAPPED_ASK_PERCENT: u64 = 20;
const ROUTE: [u8; 32] = [1; 32];

impl Workload {
    /// How many requests were made.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether the world has come to an end: nobody has money, or the pool nothing to lend.
    pub(crate) const fn is_in_vain(&self) -> bool {
        self.refused_in_a_row >= REFUSED_MAX
    }

    /// Draws the next request.
    pub(crate) fn next(&mut self, world: &World, random: &mut Random, now: UnixMillis) -> usize {
        self.latest = self.latest.max(now.get());
        let back = random.index(self.requests.len().min(12));
        let before = self.requests.len().checked_sub(1 + back);
        let repeated = match (random.below(100), before) {
            (0..=7, Some(before)) => self.replay(before),
            (8..=12, Some(before)) => self.resend(before, random, now),
            (13..=14, Some(before)) => self.elsewhere(before),
            (15..=16, Some(before)) => self.other_body(before, random, now),
            _ => None,
        };
        let request = repeated.unwrap_or_else(|| self.fresh(world, random, now));
        self.requests.push(request);
        self.requests.len() - 1
    }

    pub(crate) fn request(&self, number: usize) -> &Request {
        &self.requests[number]
    }

    fn fresh(&mut self, world: &World, random: &mut Random, now: UnixMillis) -> Request {
        if !random.percent(20) {
            self.last_payer = random.index(world.order_payers().len());
        }
        let receiver = world.order_payers()[self.last_payer].address;
        let shop = self.shop(world, random);
        let wanted = if random.percent(75) { collection(world, random) } else { energy(random) };
        let idempotency = random.percent(40).then(|| Idempotency {
            text: format!("order {}", self.requests.len()),
            request: random.bytes32(),
        });
        let place = PlaceOrder {
            merchant: shop.merchant,
            key: shop.key,
            origin: Origin::Api,
            receiver,
            wanted,
            is_reference_strict: shop.is_strict,
            reference: random.percent(50).then(|| format!("ref {}", random.below(400))),
            callback_url: callback_url(shop, world, random),
            request: Some(RequestKeys {
                key: shop.key,
                timestamp_secs: now.get().div_euclid(1_000),
                signature: random.bytes32(),
                route: ROUTE,
                idempotency,
            }),
            row: None,
        };
        let root = self.requests.len();
        Request { place, made_at: now.get(), root, kind: Kind::Honest, answer: None }
    }

    /// Whose key may spend nothing more today asks now and then only; the first shop's has no cap.
    fn shop(&self, world: &World, random: &mut Random) -> Shop {
        let shop = *random.pick(&world.shops).expect("there are shops");
        let is_patient = self.capped.contains(&shop.key) && !random.percent(CAPPED_ASK_PERCENT);
        if is_patient { world.shops[0] } else { shop }
    }

    fn repeat(&self, before: usize, age_max_ms: i64) -> Option<Request> {
        let root = self.requests[before].root;
        let request = &self.requests[root];
        let is_known = self.latest - request.made_at <= age_max_ms;
        is_known.then(|| Request {
            place: request.place.clone(),
            made_at: request.made_at,
            root,
            kind: Kind::Honest,
            answer: None,
        })
    }

    fn replay(&self, before: usize) -> Option<Request> {
        self.repeat(before, REPLAY_MS)
    }

    /// Signed afresh, with the same key for resends.
    fn resend(&self, before: usize, random: &mut Random, now: UnixMillis) -> Option<Request> {
        let mut request = self.repeat(before, RESEND_MS)?;
        let keys = request.keys();
        keys.idempotency.as_ref()?;
        keys.signature = random.bytes32();
        keys.timestamp_secs = now.get().div_euclid(1_000);
        Some(request)
    }

    fn elsewhere(&self, before: usize) -> Option<Request> {
        let mut request = self.repeat(before, REPLAY_MS)?;
        self.requests[request.root].answer?;
        let keys = request.keys();
        keys.route = [2; 32];
        if let Some(idempotency) = &mut keys.idempotency {
            idempotency.request[0] ^= 1;
        }
        request.kind = Kind::Elsewhere;
        Some(request)
    }

    fn other_body(&self, before: usize, random: &mut Random, now: UnixMillis) -> Option<Request> {
        let mut request = self.resend(before, random, now)?;
        self.requests[request.root].answer?;
        request.keys().idempotency.as_mut()?.request = random.bytes32();
        request.kind = Kind::OtherBody;
        Some(request)
    }

    /// An answer arrived: it must be the one that the same request got before.
    pub(crate) fn answered(
        &mut self,
        stage: &Stage,
        number: usize,
        answer: Result<Order, PlaceRefused>,
    ) {
        let (root, kind) = (self.requests[number].root, self.requests[number].kind);
        match (kind, answer) {
            (Kind::Honest, Ok(order)) => {
                self.refused_in_a_row = 0;
                self.capped.remove(&order.key);
                stage.note(Some(order.id), format!("request {number} is answered"));
                let answer = (order.id, order.balance_after);
                let known = self.requests[root].answer.replace(answer);
                self.check_reference(stage, number, order.id);
                if known.is_some_and(|known| known != answer) {
                    let text = format!("request {root}: {known:?}, then {answer:?}");
                    stage.violate("a repeat gets the first answer", Some(order.id), text);
                }
            }
            (Kind::Elsewhere | Kind::OtherBody, Ok(order)) => {
                let text = format!("request {number} is {kind:?} and was answered");
                stage.violate("what is no repeat is refused", Some(order.id), text);
            }
            // It took so long that nobody knows any more whether a copy was acted on.
            (_, Err(PlaceRefused::Repeat(RepeatRefused::Late))) => self.refused += 1,
            (Kind::Honest, Err(refused @ PlaceRefused::Repeat(_))) => {
                let text = format!("request {number} of {root}: {refused}");
                stage.violate("a repeat is not refused as another request", None, text);
            }
            (_, Err(refused)) => {
                self.refused += 1;
                let is_capped = matches!(refused, PlaceRefused::Rules(Refused::CapExceeded(_)));
                let is_paused = matches!(refused, PlaceRefused::Rules(Refused::MerchantPaused));
                if is_capped {
                    self.capped.insert(self.requests[number].place.key);
                }
                self.refused_in_a_row += u64::from(!is_capped && !is_paused);
                stage.note(None, format!("request {number} is refused: {refused}"));
            }
        }
    }

    /// A merchant that wants its references to be unique has them unique.
    fn check_reference(&mut self, stage: &Stage, number: usize, order: OrderId) {
        let place = &self.requests[number].place;
        let Some(reference) = place.reference.clone().filter(|_| place.is_reference_strict) else {
            return;
        };
        let before = self.strict_references.insert((place.merchant, reference), order);
        if let Some(before) = before.filter(|before| *before != order) {
            let text = format!("{before} has its reference");
            stage.violate("strict references are unique", Some(order), text);
        }
    }

    /// Every order that a merchant was told of was committed, and for that request.
    pub(crate) fn check_answers(&self, stage: &Stage) {
        for request in &self.requests {
            let Some((order, _)) = request.answer else { continue };
            stage.with(|state| {
                if state.book.page(order).is_none() {
                    let text = format!("{:?}", request.place.request);
                    state.violate("what is answered was committed", Some(order), text);
                }
            });
        }
    }
}

impl Request {
    pub(crate) fn receiver(&self) -> Address {
        self.place.receiver
    }

    /// What identifies it; every order of the workload is asked for by a request.
    fn keys(&mut self) -> &mut RequestKeys {
        self.place.request.as_mut().expect("a merchant's request has keys")
    }
}

fn collection(world: &World, random: &mut Random) -> Wanted {
    let recipient = random.percent(75).then(|| random.pick(&world.recipients).copied()).flatten();
    let scene = match random.below(10) {
        0 => Scene::RecipientHolds,
        1 => Scene::RecipientEmpty,
        _ => Scene::Automatic,
    };
    Wanted::Collection { recipient, scene }
}

/// Energy for an hour or for days; now for less than a transfer, now for several.
fn energy(random: &mut Random) -> Wanted {
    let days = random.pick(&[0, 0, 0, 0, 0, 0, 0, 1, 2, 3]).copied().and_then(Period::from_days);
    Wanted::Energy {
        energy: Energy::new(random.between(32_000, 200_000)),
        period: days.unwrap_or(Period::HOUR),
        activates: random.percent(70),
        is_exclusive: random.percent(20),
    }
}

/// Mostly the merchant's own address; the last shop has none of its own.
fn callback_url(shop: Shop, world: &World, random: &mut Random) -> Option<String> {
    let is_last = world.shops.last().is_some_and(|last| last.merchant == shop.merchant);
    let wants = if is_last { random.percent(50) } else { random.percent(20) };
    wants.then(|| format!("https://shop.example/{}", shop.merchant.0))
}
