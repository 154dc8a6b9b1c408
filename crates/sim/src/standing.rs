//! Policies that merchants ask for, and what they may expect of the answers.

use std::sync::Arc;

use app::answers::{Render, RepeatRefused};
use app::rows::{ExactAnswer, RequestKeys};
use app::set_policies::{AskPolicy, AskRefused, PolicySet, WhichPolicy};
use domain::policy::{CountEdit, CountTerms, PolicyEvent};
use domain::{Policy, PolicyKind, UnixMillis};
use tron::{Address, Energy};

use crate::random::Random;
use crate::stage::Stage;
use crate::world::{Shop, World};

/// Every request about a policy so far.
#[derive(Default)]
pub(crate) struct Standing {
    requests: Vec<Request>,
    latest: i64,
}

struct Request {
    ask: AskPolicy,
    made_at: i64,
    /// The request that it repeats.
    root: usize,
    answer: Option<ExactAnswer>,
}

/// How long a signature is valid, in milliseconds.
const REPLAY_MS: i64 = 300_000;
const ROUTE: [u8; 32] = [4; 32];

impl Standing {
    /// Draws the next request: a new one, or one of the newest once more.
    pub(crate) fn next(&mut self, world: &World, random: &mut Random, now: UnixMillis) -> usize {
        self.latest = self.latest.max(now.get());
        let back = random.index(self.requests.len().min(4));
        let before = self.requests.len().checked_sub(1 + back).filter(|_| random.percent(25));
        let repeated = before.and_then(|before| self.repeat(before));
        let request = repeated.unwrap_or_else(|| self.fresh(world, random, now));
        self.requests.push(request);
        self.requests.len() - 1
    }

    /// The request that ends a policy for now.
    pub(crate) fn end(&mut self, policy: &Policy, random: &mut Random, now: UnixMillis) -> usize {
        let event = match policy.kind() {
            PolicyKind::Count => {
                PolicyEvent::Edited(CountEdit { is_paused: Some(true), ..CountEdit::default() })
            }
            PolicyKind::Auto => PolicyEvent::Switched(false),
        };
        let which = WhichPolicy::Numbered(policy.kind(), policy.id);
        let request = self.request_of((policy.merchant, policy.key), which, event, random, now);
        self.requests.push(request);
        self.requests.len() - 1
    }

    pub(crate) fn request(&self, number: usize) -> &AskPolicy {
        &self.requests[number].ask
    }

    fn fresh(&self, world: &World, random: &mut Random, now: UnixMillis) -> Request {
        let shop = *random.pick(&world.shops).expect("there are shops");
        let receiver = random.pick(world.standing_payers()).expect("there are payers").address;
        let (which, event) = draw(shop, receiver, random);
        self.request_of((shop.merchant, shop.key), which, event, random, now)
    }

    fn request_of(
        &self,
        (merchant, key): (domain::MerchantId, domain::KeyId),
        which: WhichPolicy,
        event: PolicyEvent,
        random: &mut Random,
        now: UnixMillis,
    ) -> Request {
        let request = RequestKeys {
            key,
            timestamp_secs: now.get().div_euclid(1_000),
            signature: random.bytes32(),
            route: ROUTE,
            idempotency: None,
        };
        let ask = AskPolicy { merchant, key, which, event, request };
        Request { ask, made_at: now.get(), root: self.requests.len(), answer: None }
    }

    fn repeat(&self, before: usize) -> Option<Request> {
        let root = self.requests[before].root;
        let known = &self.requests[root];
        let is_known = self.latest - known.made_at <= REPLAY_MS;
        is_known.then(|| Request {
            ask: known.ask.clone(),
            made_at: known.made_at,
            root,
            answer: None,
        })
    }

    /// An answer arrived: it must be the one that the same request got before.
    pub(crate) fn answered(
        &mut self,
        stage: &Stage,
        number: usize,
        answer: Result<ExactAnswer, AskRefused>,
    ) {
        let root = self.requests[number].root;
        let answer = match answer {
            Ok(answer) => answer,
            Err(refused @ AskRefused::Repeat(repeated)) if repeated != RepeatRefused::Late => {
                let text = format!("policy request {number} of {root}: {refused}");
                return stage.violate("a repeat is not refused as another request", None, text);
            }
            Err(refused) => {
                return stage.note(None, format!("policy request {number}: {refused}"));
            }
        };
        stage.note(None, format!("policy request {number} is answered with {}", answer.body));
        let Some(known) = self.requests[root].answer.replace(answer.clone()) else { return };
        if known != answer {
            let text = format!("policy request {root}: {known:?}, then {answer:?}");
            stage.violate("a repeat gets the first answer", None, text);
        }
    }
}

/// What a merchant may ask for on an address.
fn draw(shop: Shop, receiver: Address, random: &mut Random) -> (WhichPolicy, PolicyEvent) {
    let key = shop.key;
    if random.percent(50) {
        let kind = PolicyKind::Count;
        if random.percent(60) {
            let times = if random.percent(30) { 0 } else { random.between(5, 12) };
            let has_bandwidth = random.percent(30).then_some(true);
            let terms = CountTerms { key, times, has_bandwidth, unused_max: None };
            return (WhichPolicy::SetUp(kind, receiver), PolicyEvent::Bought(terms));
        }
        let edit = CountEdit {
            has_bandwidth: None,
            change: random.between(-4, 4),
            is_perpetual: random.percent(30).then_some(false),
            is_paused: random.percent(60).then(|| random.percent(50)),
        };
        return (WhichPolicy::OnAddress(kind, receiver), PolicyEvent::Edited(edit));
    }
    let kind = PolicyKind::Auto;
    if random.percent(60) {
        let energy = random.percent(60).then(|| Energy::new(random.between(32_000, 150_000)));
        let period_days = random.between(1, 3);
        let event = PolicyEvent::Hired { key, energy, period_days };
        return (WhichPolicy::SetUp(kind, receiver), event);
    }
    (WhichPolicy::OnAddress(kind, receiver), PolicyEvent::Switched(random.percent(50)))
}

/// The answer about a policy, for a simulation.
pub(crate) fn render() -> Render<PolicySet> {
    Arc::new(|set| {
        let (policy, balance) = (&set.policy, set.balance.get());
        let body = format!("{} {:?} {:?} {balance}", policy.id.0, policy.state, policy.terms);
        ExactAnswer { status: 200, body }
    })
}
