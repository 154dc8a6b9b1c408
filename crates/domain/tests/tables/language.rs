//! The table language: rows of words, `->`, and what comes of it. `#` begins a comment.
//!
//! ```text
//! merchant m1 trx 100 | merchant m1 paused      prices 60 1000 1500000     margin 2000
//! pool w1 energy 65000 bandwidth 400            pool a1 activator 10       drift 1000000100
//! address A energy 70000 used 100 free 300 takes 64285 | address A absent
//! order o1 m1 A                  accept an order on A, with what A has
//! rent o1 m1 A 65000 1D          accept energy for a period on A; `active` and `exclusive` may follow
//! shown A w1 5000                energy that the chain shows w1 to lend to A
//! sign o1/1                      store a transaction for a leg, on the road that it is on
//! again o1/1                     store the leg's newest transaction, which is stored already
//! answer o1/1 taken              or unanswered, refused (the first send) or refused-again; of the
//!                                leg's newest transaction
//! included o1/1 back             or failed, reorged, lost; `out` or `back` only when not the newest
//! solid                          the solid head is the head: what is included cannot be undone
//! clock +90s                     wall time and the newest block move on
//! read o1 energy 64414           A as it is from now on, and the order reads it
//! ready o1 energy 64414          what is planned is signed and included, then A is read like that
//! used o1 t7                     transfer t7 was seen
//! call o1 t7 30000               call t7 was seen and used so much of the order's energy
//! stop o1                        the merchant ends it
//! unused o1 t7 20                a fork undid it; it can come again for so many seconds, if that is known
//! failed-again o1 t7             it came again and failed
//! proven o1                      the solid chain holds what used it
//! blocked 1                      nobody has a key for the legs of this number; `blocked` ends that
//! returned o1/1                  the chain shows nothing left to take back
//! tick o1 | next o1 | money m1 | wallet w1
//! ```
//!
//! One energy is 0.1 TRX of stake and one bandwidth 1 TRX, unless `drift` says otherwise.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::collect::{Reading, sun_for_units};
use domain::limits::OrderLimits;
use domain::order::Use;
use domain::order::step::{Answer, Decision, Event, ReadBack, Refused, Wanted};
use domain::{ChainTx, Leg, LegState, MerchantId, Period, Road, TxState};
use tron::{Address, Bandwidth, Energy, Resource, Sun, TxId};

use crate::model::{World, bare_reading};
use crate::say;

pub(crate) const LIMITS: OrderLimits = OrderLimits {
    hold_secs: 3_600,
    fill_deadline_secs: 300,
    resend_ms: 5_000,
    reread_ms: 3_000,
    energy_margin_ppm: 2_000,
};
/// How long the tables' transactions can be included.
const EXPIRATION_SECS: i64 = 60;

/// Runs a table and compares each row's `->` with what came of it.
pub(crate) fn check(table: &str) {
    let (world, addresses) = (World::new(LIMITS), BTreeMap::new());
    let mut script = Script { world, addresses, shown: BTreeMap::new() };
    let (mut report, mut is_wrong) = (String::new(), false);
    for line in table.lines().map(str::trim) {
        let row = line.split_once('#').map_or(line, |(row, _)| row).trim();
        if row.is_empty() {
            continue;
        }
        let (told, expected) = row.split_once("->").unwrap_or((row, "ok"));
        let words: Vec<&str> = told.split_whitespace().collect();
        let came = script.row(&words);
        if came == expected.trim() {
            writeln!(report, "  {row}").unwrap();
        } else {
            is_wrong = true;
            writeln!(report, "! {row}\n!     came {came}").unwrap();
        }
    }
    assert!(!is_wrong, "\n{report}");
}

struct Script {
    world: World,
    addresses: BTreeMap<String, Reading>,
    /// Energy stake that the chain shows each wallet to lend to an address.
    shown: BTreeMap<String, Vec<(Address, Sun)>>,
}

impl Script {
    fn row(&mut self, words: &[&str]) -> String {
        match words {
            ["merchant", name, "paused"] => {
                self.world.paused.insert(merchant(name));
            }
            ["merchant", name, "trx", trx] => {
                self.world.credit(merchant(name), Sun::parse_trx(trx).unwrap());
            }
            ["prices", energy, bandwidth, activation] => {
                self.world.prices.energy_price_sun = number(energy);
                self.world.prices.bandwidth_price_sun = number(bandwidth);
                self.world.prices.activation_price_sun = number(activation);
            }
            ["margin", ppm] => self.world.limits.energy_margin_ppm = number(ppm),
            ["drift", weight_trx] => self.world.totals.energy_weight_trx = number(weight_trx),
            ["pool", name, "activator", trx] => {
                self.world.add_activator(wallet(name), Sun::parse_trx(trx).unwrap());
            }
            ["pool", name, "energy", energy] => self.lender(name, energy, "0"),
            ["pool", name, "energy", energy, "bandwidth", units] => {
                self.lender(name, energy, units)
            }
            ["address", name, what @ ..] => self.describe(name, what),
            ["blocked", legs @ ..] => {
                self.world.blocked = legs.iter().map(|leg| leg.parse().unwrap()).collect();
            }
            ["clock", by] => {
                let secs = by.strip_prefix('+').and_then(|by| by.strip_suffix('s')).map(number);
                let moment = &mut self.world.moment;
                moment.now = moment.now.after_secs(secs.unwrap());
                moment.chain_now = moment.chain_now.after_secs(secs.unwrap());
            }
            ["solid"] => {
                self.world.moment.solid_now = self.world.moment.chain_now;
                self.world.mark_solid(self.block());
            }
            ["reading", name, energy] => {
                let lendable = stake(&self.world, Resource::Energy, energy);
                self.world.read_wallet(wallet(name), Resource::Energy, lendable);
            }
            ["money", name] => return say::money(&self.world, merchant(name)),
            ["wallet", name] => return say::wallet(&self.world, wallet(name)),
            ["next", order] => return say::action(&self.world, index(order)),
            ["shown", name, lender, energy] => {
                let lent = (wallet(lender), stake(&self.world, Resource::Energy, energy));
                self.shown.entry((*name).to_owned()).or_default().push(lent);
            }
            ["order", order, payer, address] => return self.order(order, payer, address),
            ["ready", order, what @ ..] => return self.ready(order, what),
            ["rent", order, payer, address, energy, period, how @ ..] => {
                let days = period.strip_suffix('D').map(|days| number(days).try_into().unwrap());
                let wanted = Wanted::Energy {
                    energy: Energy::new(number(energy)),
                    bandwidth: Bandwidth::ZERO,
                    period: days.and_then(Period::from_days).unwrap_or(Period::HOUR),
                    activates: how.contains(&"active"),
                };
                let is_exclusive = how.contains(&"exclusive");
                return self.rent(order, payer, address, wanted, is_exclusive);
            }
            _ => return self.event_row(words),
        }
        "ok".to_owned()
    }

    fn event_row(&mut self, words: &[&str]) -> String {
        let (order, event) = match words {
            ["sign", leg] => self.signed(leg),
            ["again", leg] => {
                let (order, tx) = self.tx(leg, None);
                let tx = ChainTx { state: TxState::Stored, block: None, ..tx.clone() };
                (order, Event::Signed(tx))
            }
            ["answer", leg, answer, road @ ..] => {
                let (order, tx) = self.tx(leg, road.first().copied());
                let answer = match *answer {
                    "taken" => Answer::Taken,
                    "unanswered" => Answer::Unanswered,
                    "refused" => Answer::RefusedOutright,
                    "refused-again" => Answer::Refused,
                    other => panic!("no such answer: {other}"),
                };
                (order, Event::Answered { txid: tx.txid, answer })
            }
            [what @ ("included" | "failed" | "reorged" | "lost"), leg, road @ ..] => {
                let (order, tx) = self.tx(leg, road.first().copied());
                (order, self.chain_event(what, tx.txid))
            }
            ["read", order, what @ ..] => {
                let address = say::address_name(self.world.orders[index(order)].order.receiver);
                self.describe(&address, what);
                let reading = self.addresses[&address];
                (index(order), Event::Read(ReadBack { reading, totals: self.world.totals }))
            }
            ["used", order, transfer, ago @ ..] => {
                let txid = txid(0, u8::try_from(number(&transfer[1..])).unwrap(), 0, 0);
                let ago_secs = ago.first().map_or(0, |ago| number(ago));
                let at = self.world.moment.chain_now.after_secs(-ago_secs);
                (index(order), Event::Used { txid, at })
            }
            ["call", order, call, energy] => {
                let txid = txid(0, u8::try_from(number(&call[1..])).unwrap(), 0, 0);
                let (at, energy) = (self.world.moment.chain_now, Energy::new(number(energy)));
                (index(order), Event::Consumed(Use { txid, at, energy }))
            }
            ["stop", order] => (index(order), Event::Stopped),
            ["unused", order, transfer, left @ ..] => {
                let txid = txid(0, u8::try_from(number(&transfer[1..])).unwrap(), 0, 0);
                let chain_now = self.world.moment.chain_now;
                let expiration = left.first().map(|left| chain_now.after_secs(number(left)));
                (index(order), Event::Unused { txid, expiration })
            }
            ["failed-again", order, transfer] => {
                let txid = txid(0, u8::try_from(number(&transfer[1..])).unwrap(), 0, 0);
                (index(order), Event::FailedAgain(txid))
            }
            ["proven", order] => {
                let whole = &self.world.orders[index(order)];
                let calls = whole.uses_to_prove().map(|(txid, _)| txid).collect();
                (index(order), Event::UseProven(calls))
            }
            ["returned", leg] => {
                let (order, number) = leg_of(leg);
                (order, Event::NothingToReturn(number))
            }
            ["tick", order] => (index(order), Event::Tick),
            _ => panic!("no such row: {words:?}"),
        };
        let before = self.world.orders[order].clone();
        let decided = self.world.tell(order, event);
        say::decision(&self.world, Some(&before), decided)
    }

    /// What is planned for an order goes well, and its address is read; what came of the reading.
    fn ready(&mut self, order: &str, what: &[&str]) -> String {
        let legs = &self.world.orders[index(order)].legs;
        let planned = legs.iter().filter(|leg| leg.state == LegState::Planned);
        let planned: Vec<u8> = planned.map(|leg| leg.id.number).collect();
        for number in planned {
            let leg = format!("{order}/{number}");
            assert_eq!(self.row(&["sign", &leg]), format!("{number} signed"));
            assert_eq!(self.row(&["included", &leg]), format!("{number} included"));
        }
        self.row(&[&["read", order], what].concat())
    }

    fn order(&mut self, order: &str, payer: &str, name: &str) -> String {
        if !self.addresses.contains_key(name) {
            self.describe(name, &[]);
        }
        let reading = self.addresses[name];
        let decided = self.world.place(merchant(payer), address(name), reading);
        self.placed(order, decided)
    }

    fn rent(
        &mut self,
        order: &str,
        payer: &str,
        name: &str,
        wanted: Wanted,
        is_exclusive: bool,
    ) -> String {
        if !self.addresses.contains_key(name) {
            self.describe(name, &[]);
        }
        let shown = self.shown.get(name).filter(|_| is_exclusive).cloned().unwrap_or_default();
        let (payer, reading) = (merchant(payer), self.addresses[name]);
        let decided = self.world.place_wanted(payer, address(name), reading, wanted, &shown);
        self.placed(order, decided)
    }

    fn placed(&self, order: &str, decided: Result<Decision, Refused>) -> String {
        let is_next = decided.is_err() || self.world.orders.len() == index(order) + 1;
        assert!(is_next, "orders are numbered from 1: {order}");
        say::decision(&self.world, None, decided)
    }

    fn lender(&mut self, name: &str, energy: &str, bandwidth: &str) {
        let (energy, bandwidth) = (
            stake(&self.world, Resource::Energy, energy),
            stake(&self.world, Resource::Bandwidth, bandwidth),
        );
        self.world.add_lender(wallet(name), energy, bandwidth);
    }

    /// What an address has from now on; what is not named stays.
    fn describe(&mut self, name: &str, what: &[&str]) {
        let reading = self.addresses.entry(name.to_owned()).or_insert(bare_reading(64_285));
        if what == ["absent"] {
            reading.exists = false;
            return;
        }
        let mut used = 0;
        for pair in what.chunks(2) {
            let [key, value] = pair else { panic!("no value for {pair:?}") };
            match *key {
                "energy" => reading.energy_limit = Energy::new(number(value)),
                "used" => used = number(value),
                "free" => reading.free_bandwidth_available = Bandwidth::new(number(value)),
                "bandwidth" => reading.staked_bandwidth_limit = Bandwidth::new(number(value)),
                "takes" => reading.transfer_energy = Energy::new(number(value)),
                other => panic!("an address has no {other}"),
            }
        }
        reading.exists = true;
        reading.energy_available = Energy::new(reading.energy_limit.get() - used);
        reading.staked_bandwidth_available = reading.staked_bandwidth_limit;
    }

    fn signed(&self, text: &str) -> (usize, Event) {
        let (order, number) = leg_of(text);
        let whole = &self.world.orders[order];
        let leg: &Leg = whole.leg(number).unwrap();
        let road = if leg.state == LegState::Owed { Road::Back } else { Road::Out };
        let attempt = u8::try_from(whole.txs.len() + 1).unwrap();
        let tx = ChainTx {
            txid: txid(u8::try_from(order + 1).unwrap(), number, attempt, 1),
            leg: leg.id,
            road,
            signer: leg.owner,
            bytes: vec![attempt],
            expiration: self.world.moment.chain_now.after_secs(EXPIRATION_SECS),
            state: TxState::Stored,
            is_maybe_taken: false,
            sent_at: None,
            block: None,
        };
        (order, Event::Signed(tx))
    }

    /// The newest transaction of a leg, on this road if one is named.
    fn tx(&self, text: &str, road: Option<&str>) -> (usize, &ChainTx) {
        let (order, number) = leg_of(text);
        let is_on_road = |tx: &&ChainTx| match road {
            None => true,
            Some("out") => tx.road == Road::Out,
            Some("back") => tx.road == Road::Back,
            Some(other) => panic!("no such road: {other}"),
        };
        let txs = self.world.orders[order].txs.iter().rev();
        let tx = txs.filter(|tx| tx.leg.number == number).find(is_on_road);
        (order, tx.unwrap_or_else(|| panic!("{text} has no transaction")))
    }

    fn chain_event(&self, what: &str, txid: TxId) -> Event {
        let (block, at) = (self.block(), self.world.moment.chain_now);
        match what {
            "included" => Event::Included { txid, block, at, has_succeeded: true },
            "failed" => Event::Included { txid, block, at, has_succeeded: false },
            "reorged" => Event::ReorgedOut(txid),
            _ => Event::Lost(txid),
        }
    }

    /// The newest block's number: one every three seconds.
    fn block(&self) -> i64 {
        self.world.moment.chain_now.get() / 3_000
    }
}

fn stake(world: &World, resource: Resource, units: &str) -> Sun {
    match number(units) {
        0 => Sun::ZERO,
        units => sun_for_units(resource, units, &world.totals).unwrap(),
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn merchant(name: &str) -> MerchantId {
    MerchantId(number(&name[1..]))
}

/// `o1` is the first order.
fn index(order: &str) -> usize {
    usize::try_from(number(&order[1..])).unwrap() - 1
}

/// `o1/2` is the second leg of the first order.
fn leg_of(text: &str) -> (usize, u8) {
    let (order, leg) = text.split_once('/').unwrap();
    (index(order), u8::try_from(number(leg)).unwrap())
}

fn wallet(name: &str) -> Address {
    Address::from_evm([say::named(name); 20])
}

fn address(name: &str) -> Address {
    Address::from_evm([name.as_bytes()[0]; 20])
}

fn txid(order: u8, leg: u8, attempt: u8, kind: u8) -> TxId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&[order, leg, attempt, kind]);
    TxId::from_bytes(bytes)
}
