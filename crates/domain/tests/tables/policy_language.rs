//! The table language of policies: one policy, its open refill, and a clock.
//!
//! ```text
//! count 5 | count 0 | auto 65000 3 | auto follows 3     the merchant buys; again: buys more
//! next                what it wants: refill, wait +15s, rest, stop or a thing to be told
//! refill              a refill is ordered
//! lacks balance       or energy, or other: it could not be ordered
//! satisfied           nothing is missing
//! order delivered     what became of the open refill: delivered, used, touched,
//!                     stopped, ended, refunded
//! told                the policy hears what it wants to be told
//! transfer | undone | undone free                       its address's transfers, and a fork
//! spent 130285        what a transfer took
//! edit +3 | edit -3 | edit pause | edit resume | edit always | edit counted
//! switch on | switch off | asked by 2
//! key stopped | person stops
//! clock +90s
//! ```
//!
//! The answer is the policy: state, step, what is left, idle days, and what it waits for.

use std::fmt::Write as _;

use domain::order::{Use, WholeOrder};
use domain::policy::{
    CountEdit, CountTerms, Lack, NewPolicy, PolicyAction, PolicyEvent, RefillEnd, Terms,
    next_action, step,
};
use domain::pricing::UnitPrices;
use domain::{
    KeyId, MerchantId, Order, OrderId, OrderKind, OrderState, Origin, Period, Policy, PolicyId,
    UnixMillis,
};
use tron::{Address, Bandwidth, Energy, Sun, TxId};

use crate::model::BEGINNING;

/// Runs a table and compares each row's `->` with what came of it.
pub(crate) fn check(table: &str) {
    let mut script = Script { policy: None, open: None, now: BEGINNING, refills: 0 };
    let (mut report, mut is_wrong) = (String::new(), false);
    for line in table.lines().map(str::trim) {
        let row = line.split_once('#').map_or(line, |(row, _)| row).trim();
        let Some((told, expected)) =
            row.split_once("->").or((!row.is_empty()).then_some((row, "")))
        else {
            continue;
        };
        let words: Vec<&str> = told.split_whitespace().collect();
        let came = script.row(&words);
        if expected.is_empty() || came == expected.trim() {
            writeln!(report, "  {row}").unwrap();
        } else {
            is_wrong = true;
            writeln!(report, "! {row}\n!     came {came}").unwrap();
        }
    }
    assert!(!is_wrong, "\n{report}");
}

struct Script {
    policy: Option<Policy>,
    open: Option<WholeOrder>,
    now: UnixMillis,
    refills: u8,
}

impl Script {
    fn row(&mut self, words: &[&str]) -> String {
        let event = match words {
            ["clock", by] => {
                let secs = by.strip_prefix('+').and_then(|by| by.strip_suffix('s'));
                self.now = self.now.after_secs(number(secs.unwrap()));
                return "ok".to_owned();
            }
            ["next"] => return self.next(),
            ["order", what] => {
                self.become_of_order(what);
                return "ok".to_owned();
            }
            ["told"] => {
                let action = self.action();
                let PolicyAction::Tell(event) = action else {
                    panic!("nothing is to be told: {action:?}")
                };
                event
            }
            _ => self.event(words),
        };
        self.tell(event)
    }

    fn event(&mut self, words: &[&str]) -> PolicyEvent {
        let change = |edit: CountEdit| PolicyEvent::Edited(edit);
        let none = CountEdit::default();
        match words {
            ["count", times] => {
                self.set_up(NewPolicy::count);
                PolicyEvent::Bought(CountTerms {
                    key: KeyId(1),
                    times: number(times),
                    has_bandwidth: None,
                    unused_max: None,
                })
            }
            ["auto", energy, days] => {
                self.set_up(NewPolicy::auto);
                let energy = energy.parse().ok().map(Energy::new);
                PolicyEvent::Hired { key: KeyId(1), energy, period_days: number(days) }
            }
            ["refill"] => {
                self.refills += 1;
                PolicyEvent::Refilled(OrderId([self.refills; 16]))
            }
            ["lacks", "balance"] => PolicyEvent::Lacking(Lack::Balance),
            ["lacks", "energy"] => PolicyEvent::Lacking(Lack::Energy),
            ["lacks", "other"] => PolicyEvent::Lacking(Lack::Other),
            ["satisfied"] => PolicyEvent::Satisfied,
            ["transfer"] => PolicyEvent::Transferred,
            ["undone"] => PolicyEvent::Undone { is_deducted: true },
            ["undone", "free"] => PolicyEvent::Undone { is_deducted: false },
            ["spent", energy] => PolicyEvent::Spent(Energy::new(number(energy))),
            ["edit", "pause"] => change(CountEdit { is_paused: Some(true), ..none }),
            ["edit", "resume"] => change(CountEdit { is_paused: Some(false), ..none }),
            ["edit", "always"] => change(CountEdit { is_perpetual: Some(true), ..none }),
            ["edit", "counted"] => change(CountEdit { is_perpetual: Some(false), ..none }),
            ["edit", by] => {
                change(CountEdit { change: number(by.trim_start_matches('+')), ..none })
            }
            ["switch", to] => PolicyEvent::Switched(*to == "on"),
            ["asked", "by", key] => PolicyEvent::AskedBy(KeyId(number(key))),
            ["key", "stopped"] => PolicyEvent::KeyStopped,
            ["person", "stops"] => PolicyEvent::StoppedByPerson,
            _ => panic!("no such row: {words:?}"),
        }
    }

    fn set_up(&mut self, kind: impl Fn(NewPolicy) -> Policy) {
        let new = NewPolicy {
            id: PolicyId(1),
            merchant: MerchantId(1),
            key: KeyId(1),
            receiver: Address::from_evm([7; 20]),
            now: self.now,
        };
        self.policy.get_or_insert_with(|| kind(new));
    }

    fn tell(&mut self, event: PolicyEvent) -> String {
        let decision = match step(self.policy.as_ref().unwrap(), event, self.now) {
            Ok(decision) => decision,
            Err(refused) => return refused.to_string(),
        };
        let policy = decision.policy;
        match policy.open {
            None => self.open = None,
            Some(id) if self.open.as_ref().is_none_or(|open| open.order.id != id) => {
                self.open = Some(refill(id, &policy, self.now));
            }
            Some(_) => {}
        }
        let mut words = vec![format!("{:?} {:?}", policy.state, policy.step).to_lowercase()];
        match policy.terms {
            Terms::Count(count) if count.is_perpetual => words.push("perpetual".to_owned()),
            Terms::Count(count) => words.push(format!("{} left", count.left)),
            Terms::Auto(auto) => {
                let energy = policy.target(Energy::new(65_000));
                words.push(format!("keeps {energy} until +{}s", auto.ends.since(self.now) / 1_000));
            }
        }
        if let Terms::Count(count) = policy.terms
            && count.unused > 0
        {
            words.push(format!("idle {}", count.unused));
        }
        let wait_ms = decision.due.since(self.now);
        if wait_ms > 0 {
            words.push(format!("again +{}s", wait_ms / 1_000));
        }
        self.policy = Some(policy);
        words.join(", ")
    }

    fn action(&self) -> PolicyAction {
        next_action(self.policy.as_ref().unwrap(), self.open.as_ref(), self.now)
    }

    fn next(&self) -> String {
        match self.action() {
            PolicyAction::Refill => "refill".to_owned(),
            PolicyAction::Rest => "rest".to_owned(),
            PolicyAction::Stop(_) => "stop".to_owned(),
            PolicyAction::Wait(until) => format!("wait +{}s", until.since(self.now) / 1_000),
            PolicyAction::Tell(event) => match event {
                PolicyEvent::Ready(_) => "ready".to_owned(),
                PolicyEvent::TimeOver => "time over".to_owned(),
                PolicyEvent::Over(_, RefillEnd::Used) => "over, used".to_owned(),
                PolicyEvent::Over(_, RefillEnd::Unused) => "over, unused".to_owned(),
                PolicyEvent::Over(_, RefillEnd::Served) => "over, served".to_owned(),
                PolicyEvent::Over(_, RefillEnd::Failed) => "over, failed".to_owned(),
                PolicyEvent::Refilled(_)
                | PolicyEvent::Lacking(_)
                | PolicyEvent::Satisfied
                | PolicyEvent::Transferred
                | PolicyEvent::Undone { .. }
                | PolicyEvent::Spent(_)
                | PolicyEvent::Bought(_)
                | PolicyEvent::Edited(_)
                | PolicyEvent::Hired { .. }
                | PolicyEvent::Switched(_)
                | PolicyEvent::AskedBy(_)
                | PolicyEvent::KeyStopped
                | PolicyEvent::StoppedByPerson => panic!("a policy does not ask for {event:?}"),
            },
        }
    }

    fn become_of_order(&mut self, what: &str) {
        let now = self.now;
        let open = self.open.as_mut().expect("a refill is open");
        let one_use = |energy| Use { txid: TxId::from_bytes([9; 32]), at: now, energy };
        match what {
            "delivered" => open.order.state = OrderState::Delivered,
            "used" => {
                open.uses.push(one_use(Energy::new(64_285)));
                open.order.used = Some(now);
            }
            "touched" => open.uses.push(one_use(Energy::new(22_000))),
            "stopped" => open.order.stopped = Some(now),
            "ended" => (open.order.state, open.order.ended) = (OrderState::Ended, Some(now)),
            "refunded" => (open.order.state, open.order.ended) = (OrderState::Refunded, Some(now)),
            other => panic!("no such end: {other}"),
        }
    }
}

/// The order of a refill that was just accepted.
fn refill(id: OrderId, policy: &Policy, now: UnixMillis) -> WholeOrder {
    let order = Order {
        id,
        merchant: policy.merchant,
        key: policy.key,
        origin: Origin::CountPolicy(policy.id),
        kind: OrderKind::Energy { period: Period::DAY },
        receiver: policy.receiver,
        reference: None,
        callback_url: None,
        energy: Energy::new(65_000),
        bandwidth: Bandwidth::ZERO,
        has_activation: false,
        price: Sun::new(5_850_000),
        unit_prices: UnitPrices::default(),
        balance_after: Sun::ZERO,
        state: OrderState::Filling,
        created: now,
        ready: None,
        used: None,
        used_by: None,
        undone_by: None,
        undone_until: None,
        stopped: None,
        ended: None,
        part_refunded: Sun::ZERO,
    };
    WholeOrder { order, legs: Vec::new(), txs: Vec::new(), uses: Vec::new() }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}
