//! What may happen next, and how likely it is.

use std::sync::Arc;

use app::ports::Store;
use app::rows::OutboxKind;
use domain::{Order, OrderId, OrderState, Origin};
use futures::FutureExt;
use node::TronNode;
use serde_json::json;
use tron::{Address, TokenUnits, TxId};

use crate::book::Page;
use crate::checks::clean_node;
use crate::faults::Fault;
use crate::payers::{self, Kind};
use crate::process::{Done, Process, Progress};
use crate::run::Run;
use crate::world::{at_once, control};

/// A transfer that a payer means to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intention {
    pub(crate) payer: usize,
    pub(crate) to: Address,
    pub(crate) from_step: u64,
    /// The order that promised it; nothing stands in its way, so it must work and burn nothing.
    pub(crate) promised_by: Option<OrderId>,
}

/// A transfer of tokens that was sent.
pub(crate) struct UnderWay {
    from: Address,
    txid: TxId,
    amount: u128,
    /// When it can be in no block any more, in chain time.
    until: i64,
}

/// Throws of dice below this one let a task go on, of 1000; the others begin something.
const BEGINNINGS_FROM: u64 = 900;
/// Tasks from which on nothing new is begun.
const TASKS_MAX: usize = 80;
/// Rows that one claim takes at most.
const CLAIM_MAX: u64 = 6;
/// Policies that one claim takes at most.
const POLICIES_MAX: usize = 4;
/// How many of the newest orders a merchant may still think of stopping.
const STOPPABLE: usize = 40;
/// Farthest that the wall clock may be from the chain's, in milliseconds.
const OFFSET_MAX_MS: i64 = 6 * 3_600_000;
/// A fork is at most this deep: the solid block trails by 18.
const FORK_MAX: u64 = 17;

impl Run {
    /// One step: one thing happens.
    pub(crate) fn step(&mut self) {
        let is_idle = self.tasks.is_empty();
        let dice = self.stage.with(|state| {
            state.step += 1;
            if is_idle {
                BEGINNINGS_FROM + state.random.below(100)
            } else {
                state.random.below(1_000)
            }
        });
        if self.tasks.len() >= TASKS_MAX {
            return self.poll_any();
        }
        match dice {
            0..BEGINNINGS_FROM => self.poll_any(),
            BEGINNINGS_FROM..=919 => self.claim(OutboxKind::Order),
            920..=926 => self.claim(OutboxKind::Callback),
            927..=928 => self.claim(OutboxKind::Transfer),
            929 => self.claim_policies(),
            930..=944 => self.watch(),
            945..=950 => self.mine(),
            951..=954 => self.pass_time(),
            955..=963 => self.place(),
            964 if self.stage.with(|state| state.random.percent(40)) => self.ask(),
            964 => self.give(),
            965..=979 => self.pay(),
            980..=984 => self.meddle(),
            985..=985 if self.stage.with(|state| state.random.percent(50)) => self.stop(),
            985..=985 => self.administer(),
            986..=986 => self.change_weather(),
            987..=996 => self.trouble(),
            _ => self.restart_missing(),
        }
    }

    fn poll_any(&mut self) {
        let index = self.stage.with(|state| state.random.index(self.tasks.len()));
        self.poll(index);
    }

    /// Lets one task go on.
    pub(crate) fn poll(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        if task.number == 0 {
            self.tasks_begun += 1;
            task.number = self.tasks_begun;
        }
        let number = task.number;
        self.stage.with(|state| state.task = number);
        match task.poll() {
            Progress::Pending => {}
            Progress::Done(done) => {
                let process = self.tasks.swap_remove(index).process;
                self.done(process, done);
            }
            Progress::Panicked(said) => {
                let task = self.tasks.swap_remove(index);
                self.stage.violate("nothing panics", task.order, said);
            }
        }
    }

    fn done(&mut self, process: usize, done: Done) {
        let stage = Arc::clone(&self.stage);
        match done {
            Done::Claimed(Ok(leases)) => {
                let Some(alive) = &self.processes[process] else { return };
                for lease in leases {
                    stage.note(
                        Some(lease.order()),
                        format!("process {process} claims {:?}", lease.kind),
                    );
                    self.tasks.push(alive.work_on(process, lease));
                }
            }
            Done::Claimed(Err(error)) => stage.note(None, format!("no claim: {error}")),
            Done::Filled(order, Err(error)) => {
                stage.note(
                    Some(order),
                    format!("process {process} cannot fill: {}", causes(&error)),
                );
            }
            Done::Called(order, Err(error)) => {
                stage.note(Some(order), format!("process {process} cannot call: {error}"));
            }
            Done::Followed(transfer, Err(error)) => {
                stage.note(
                    Some(transfer),
                    format!("process {process} cannot follow: {}", causes(&error)),
                );
            }
            Done::Filled(..) | Done::Called(..) | Done::Followed(..) => {}
            Done::Given(number, answer) => self.gifts.answered(&stage, number, answer),
            Done::Asked(number, answer) => self.standing.answered(&stage, number, answer),
            Done::PoliciesClaimed(Ok(leases)) => {
                let Some(alive) = &self.processes[process] else { return };
                let kept = leases.into_iter().map(|lease| alive.keep(process, lease));
                self.tasks.extend(kept.collect::<Vec<_>>());
            }
            Done::PoliciesClaimed(Err(error)) => {
                stage.note(None, format!("no claim of policies: {error}"));
            }
            Done::Kept(policy, Err(error)) => {
                let text = format!("process {process} cannot keep {policy:?}: {}", causes(&error));
                stage.note(None, text);
            }
            Done::Kept(_, Ok(())) => {}
            Done::Stopped(order, outcome) => {
                stage.note(Some(order), format!("process {process} stops it: {outcome:?}"));
            }
            Done::Watched(watcher, outcome) => {
                if let Err(error) = outcome {
                    stage.note(None, format!("process {process} cannot watch: {}", causes(&error)));
                }
                if let Some(alive) = &mut self.processes[process] {
                    alive.rest(watcher);
                }
            }
            Done::Placed(number, answer) => self.workload.answered(&stage, number, *answer),
            Done::Pruned(outcome) => stage.note(None, format!("pruned: {outcome:?}")),
        }
    }

    /// A process that is alive.
    fn any_alive(&mut self) -> Option<usize> {
        let alive: Vec<usize> =
            (0..self.processes.len()).filter(|index| self.processes[*index].is_some()).collect();
        self.stage.with(|state| state.random.pick(&alive).copied())
    }

    fn claim(&mut self, kind: OutboxKind) {
        let Some(index) = self.any_alive() else { return };
        let limit = 1 + self.stage.with(|state| state.random.below(CLAIM_MAX));
        let limit = usize::try_from(limit).unwrap_or(1);
        if let Some(alive) = &self.processes[index] {
            self.tasks.push(alive.claim(index, kind, limit));
        }
    }

    fn claim_policies(&mut self) {
        let Some(index) = self.any_alive() else { return };
        if let Some(alive) = &self.processes[index] {
            self.tasks.push(alive.claim_policies(index, POLICIES_MAX));
        }
    }

    /// A merchant sets up a policy or changes one.
    fn ask(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let number = self.stage.with(|state| {
            let now = state.now();
            self.standing.next(&self.world, &mut state.random, now)
        });
        let ask = self.standing.request(number).clone();
        self.stage.note(None, format!("policy request {number}: {:?} {:?}", ask.which, ask.event));
        self.tasks
            .extend(self.processes[index].as_ref().map(|alive| alive.ask(index, number, ask)));
    }

    fn watch(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let task = self.processes[index].as_mut().and_then(|alive| alive.watch(index));
        self.tasks.extend(task);
    }

    /// What an operator does now and then.
    fn administer(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let (dice, shop, member) = self.stage.with(|state| {
            let shop = state.random.index(self.world.shops.len());
            (state.random.below(10), shop, state.random.index(self.world.pool.len()))
        });
        let shop = self.world.shops[shop];
        let wallet = self.world.pool[member].address;
        let store = Arc::clone(&self.stores[index]);
        // Commands have their own connection and are not at the mercy of the weather.
        match dice {
            0 => drop(store.pause_merchant(shop.merchant, true).now_or_never()),
            1..=3 => {
                for shop in &self.world.shops {
                    drop(store.pause_merchant(shop.merchant, false).now_or_never());
                }
            }
            4 => drop(store.enable_wallet(wallet, false).now_or_never()),
            _ => {
                for member in &self.world.pool {
                    drop(store.enable_wallet(member.address, true).now_or_never());
                }
            }
        }
        self.tasks.extend(self.processes[index].as_ref().map(|alive| alive.prune(index)));
    }

    /// A block is produced.
    pub(crate) fn mine(&mut self) {
        self.stage.devnet.mine(1);
        if self.has_drift {
            self.stage.with(|state| state.disturb_all());
        }
        self.look_at_blocks();
    }

    fn pass_time(&mut self) {
        let ms = self.stage.with(|state| state.random.between(1, 2_000));
        self.stage.devnet.advance_ms(ms);
        self.stage.follow_clock();
    }

    /// Looks at every block that is new: the second opinion on what was executed.
    pub(crate) fn look_at_blocks(&mut self) {
        self.stage.follow_clock();
        let node = clean_node(&self.stage);
        let head = self.stage.devnet.head().number;
        let first = self.stage.with(|state| state.blocks.head()).map_or(0, |seen| seen + 1);
        for number in first..=head {
            let height = i64::try_from(number).unwrap_or(i64::MAX);
            let Some(block) = at_once(node.block(height)) else { continue };
            self.stage.with(|state| {
                let known = (&self.pool, &state.book);
                let seen = state.blocks.look_at(number, &block, known, state.step);
                match seen {
                    Ok(found) => {
                        found.into_iter().for_each(|(order, text)| state.note(Some(order), text));
                    }
                    Err((check, order, text)) => state.violate(check, order, text),
                }
            });
        }
        self.stage.note(None, format!("block {head}"));
        self.check_transfers();
    }

    /// Transfers that must have worked.
    fn check_transfers(&mut self) {
        let stage = Arc::clone(&self.stage);
        self.promised.retain(|(txid, order)| match payers::receipt(&stage.devnet, *txid) {
            None => true,
            Some(receipt) => {
                if !receipt.has_worked || receipt.burned_sun > 0 {
                    let text = format!("transfer {txid}: {}", receipt.text);
                    stage.violate("a prompt payer burns nothing", Some(*order), text);
                }
                false
            }
        });
    }

    fn place(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let stage = Arc::clone(&self.stage);
        let number = stage.with(|state| {
            let now = state.now();
            self.workload.next(&self.world, &mut state.random, now)
        });
        let receiver = self.workload.request(number).receiver();
        self.fund(receiver);
        let place = self.workload.request(number).place.clone();
        stage.note(None, format!("request {number} for {receiver}: {:?}", place.wanted));
        if let Some(alive) = &self.processes[index] {
            self.tasks.push(alive.place(index, number, place));
        }
        let is_early = !self.is_calm && stage.with(|state| state.random.percent(5));
        if is_early {
            self.intend(receiver, None, 3_000, None);
        }
    }

    /// A merchant has TRX sent: where nobody meddles only to where it changes nothing for an order.
    fn give(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let (world, is_calm) = (&self.world, self.is_calm);
        let number = self.stage.with(|state| {
            let now = state.now();
            let random = &mut state.random;
            let shop = *random.pick(&world.shops)?;
            let to_payer = !is_calm && random.percent(50);
            let receiver = match to_payer {
                true => random.pick(&world.payers).map(|payer| payer.address),
                false => random.pick(&world.recipients).copied(),
            };
            Some(self.gifts.next(shop, receiver?, random, now))
        });
        let alive = self.processes[index].as_ref();
        self.tasks.extend(
            number.zip(alive).map(|(number, alive)| {
                alive.give(index, number, self.gifts.request(number).clone())
            }),
        );
    }

    /// Somebody pays to an address that is empty.
    fn fund(&mut self, address: Address) {
        if self.stage.devnet.token_balance(address) == TokenUnits(0)
            && self.stage.with(|state| state.random.percent(80))
        {
            let units = self.stage.with(|state| 1_000_000 + state.random.below(100_000_000));
            self.stage.devnet.mint(address, TokenUnits(u128::from(units)));
        }
    }

    /// A payer will make a transfer within so many steps.
    fn intend(
        &mut self,
        from: Address,
        to: Option<Address>,
        within: u64,
        promised_by: Option<OrderId>,
    ) {
        let payer = self.world.payers.iter().position(|payer| payer.address == from);
        // The first recipient holds tokens, so that any scene covers it.
        let to = to.unwrap_or(self.world.recipients[0]);
        let from_step = self.stage.with(|state| state.step + state.random.below(within));
        // What the token refuses nobody can promise; an order for a single unit cannot try it before.
        let is_refused = |payer: usize| self.world.payers[payer].kind == Kind::Blacklisted;
        let promised_by = promised_by.filter(|_| !payer.is_some_and(is_refused));
        self.intentions.extend(payer.map(|payer| Intention { payer, to, from_step, promised_by }));
    }

    /// Merchants learn of orders that are ready; payers act on what they mean to do.
    fn pay(&mut self) {
        let fresh = self.stage.with(|state| std::mem::take(&mut state.delivered));
        for order in fresh {
            let (from, to, tokens, dice) = match self.news_of(order) {
                Some(news) => news,
                None => continue,
            };
            let is_whole = self.stage.with(|state| {
                let placed_step = state.book.page(order).map_or(0, Page::placed_step);
                !state.has_wasted(from, placed_step)
            });
            let is_promised = self.is_calm && is_whole && tokens > TokenUnits(0);
            let promised_by = Some(order).filter(|_| is_promised);
            match dice {
                0..=64 => self.intend(from, to, 400, promised_by),
                65..=79 if !self.is_calm => self.intend(from, to, 40_000, None),
                80..=87 if !self.is_calm => {
                    self.intend(from, to, 400, None);
                    self.intend(from, to, 4_000, None);
                }
                _ => {}
            }
        }
        let step = self.stage.with(|state| state.step);
        let due = self.intentions.iter().position(|intention| intention.from_step <= step);
        if let Some(due) = due {
            let intention = self.intentions.swap_remove(due);
            self.transfer(intention);
        }
    }

    /// Who may make a transfer now that an order is ready, where to, of what, and a throw of dice.
    ///
    /// Where nobody meddles, nobody makes one with rented energy but a policy's: it may be too little for a
    /// transfer, which would then use what another order on the address promised.
    fn news_of(&self, order: OrderId) -> Option<(Address, Option<Address>, TokenUnits, u64)> {
        let is_calm = self.is_calm;
        self.stage.with(|state| {
            let page = state.book.page(order)?;
            let order = page.order();
            let (to, tokens) = match order.collection() {
                Some(wanted) => (wanted.recipient, wanted.token_amount),
                None if is_calm && !is_refill(order) => return None,
                None => (None, TokenUnits(0)),
            };
            Some((order.receiver, to, tokens, state.random.below(100)))
        })
    }

    /// A merchant ends an order early; where nobody meddles only one of energy, since a payer counts on
    /// what a collection promised.
    fn stop(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let is_calm = self.is_calm;
        let order = self.stage.with(|state| {
            let may_stop = |page: &&Page| !is_calm || page.order().collection().is_none();
            let pages = state.book.pages().rev().map(|(_, page)| page).filter(may_stop);
            let newest = pages.map(|page| (page.order().merchant, page.order().id));
            let newest: Vec<_> = newest.take(STOPPABLE).collect();
            state.random.pick(&newest).copied()
        });
        let alive = self.processes[index].as_ref();
        self.tasks.extend(order.zip(alive).map(|(order, alive)| alive.stop(index, order)));
    }

    /// What an address has sent that no block holds yet.
    fn under_way(&mut self, from: Address) -> u128 {
        let devnet = &self.stage.devnet;
        let now = devnet.now_ms();
        self.under_way
            .retain(|sent| sent.until > now && payers::receipt(devnet, sent.txid).is_none());
        self.under_way.iter().filter(|sent| sent.from == from).map(|sent| sent.amount).sum()
    }

    /// Whether one more transfer of this address is what a collection on it is ready for.
    fn is_ordered(&self, address: Address) -> bool {
        let made = self.under_way.iter().filter(|sent| sent.from == address).count();
        let is_ready = |page: &&Page| {
            let order = page.order();
            page.state() == OrderState::Delivered && order.is_open() && order.collection().is_some()
        };
        self.stage.with(|state| state.book.pages_on(address).filter(is_ready).count() > made)
    }

    fn transfer(&mut self, intention: Intention) {
        let address = self.world.payers[intention.payer].address;
        let holds = self.stage.devnet.token_balance(address).0;
        // What it paid out before it cannot pay out again, whether a block has it yet or not.
        let left = holds.saturating_sub(self.under_way(address));
        if left == 0 && self.is_calm {
            return;
        }
        let promised_by = intention.promised_by.filter(|_| left > 0);
        let third = u64::try_from(left / 3).unwrap_or(u64::MAX);
        let amount = 1 + self.stage.with(|state| state.random.below(third));
        let is_ordered = self.is_ordered(address);
        let payer = &self.world.payers[intention.payer];
        let sent =
            payers::transfer(&self.stage, payer, intention.to, TokenUnits(u128::from(amount)));
        let text = format!("{address} transfers {amount} to {}: {sent:?}", intention.to);
        self.stage.with(|state| {
            state.note(None, text);
            state.disturb(address);
            if !is_ordered {
                state.wasted.insert(address, state.step);
            }
        });
        if let Some(txid) = sent {
            let until = self.stage.devnet.now_ms() + payers::EXPIRATION_MS;
            let amount = u128::from(amount);
            self.under_way.push(UnderWay { from: address, txid, amount, until });
        }
        match (sent, promised_by) {
            (Some(txid), Some(order)) => self.promised.push((txid, order)),
            (None, Some(order)) => {
                let text = format!("the transfer of {address} was refused");
                self.stage.violate("a prompt payer burns nothing", Some(order), text);
            }
            (_, None) => {}
        }
    }

    /// Strangers, voters and other people's stake.
    fn meddle(&mut self) {
        if self.is_calm {
            return;
        }
        let devnet = self.stage.devnet.clone();
        let (dice, payer, amount) = self.stage.with(|state| {
            (
                state.random.below(100),
                state.random.index(self.world.payers.len()),
                state.random.below(70_000),
            )
        });
        let address = self.world.payers[payer].address;
        let stranger = self.world.strangers[payer % self.world.strangers.len()];
        let is_there = devnet.balance(address).is_some();
        match dice {
            0..=24 if is_there => {
                let sun = 1_000_000 + amount * 100_000;
                let body =
                    json!({"from": stranger, "to": address, "resource": "ENERGY", "sun": sun});
                control(&devnet, "delegate", &body);
                // Where the stranger staked for it, everybody's stake yields a little less.
                self.stage.with(|state| {
                    state.helped.insert(address);
                    state.disturb_all();
                });
            }
            25..=44 if is_there => {
                let body = json!({"address": address, "resource": "ENERGY", "units": amount});
                control(&devnet, "use", &body);
                self.stage.with(|state| state.wasted.insert(address, state.step));
            }
            45..=59 if is_there => {
                let body = json!({"address": address, "resource": "FREE", "units": amount % 600});
                control(&devnet, "use", &body);
                self.stage.with(|state| state.wasted.insert(address, state.step));
            }
            60..=79 => {
                let trx = self.stage.with(|state| state.random.between(-4_000_000, 4_000_000));
                control(&devnet, "drift", &json!({"energy_trx": trx, "net_trx": trx}));
                self.has_drift = true;
                self.stage.with(|state| state.disturb_all());
            }
            80..=84 => {
                let factor = if amount % 2 == 0 { 34_000 } else { 30_000 };
                control(&devnet, "factor", &json!({"energy_factor": factor}));
                self.stage.with(|state| state.disturb_all());
            }
            85..=89 => {
                let value = if amount % 2 == 0 { 100 } else { 210 };
                control(&devnet, "parameter", &json!({"key": "getEnergyFee", "value": value}));
            }
            _ => {}
        }
        self.stage.with(|state| {
            state.disturb(address);
            state.note(None, format!("somebody meddles with {address}: {dice} {amount}"));
        });
    }

    fn change_weather(&mut self) {
        if self.is_calm {
            return;
        }
        let may_lag = self.habits.may_lag;
        self.stage.with(|state| {
            let mut random = state.random.clone();
            let is_clear = random.percent(30);
            state.weather.change(&mut random);
            state.random = random;
            if is_clear {
                state.weather.clear_up();
            }
            if !may_lag {
                state.weather.forbid(Fault::LaggingView);
            }
            state.note(None, "the weather changes");
        });
        let is_held = self.stage.with(|state| state.strikes(Fault::SolidHeld));
        self.stage.devnet.hold_solid(is_held);
    }

    /// Whatever goes wrong outside the ports.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the faults listed here are drawn")]
    fn trouble(&mut self) {
        let faults = [
            Fault::Crash,
            Fault::Outage,
            Fault::TornLeases,
            Fault::ClockForward,
            Fault::ClockBack,
            Fault::MissedSlots,
            Fault::ReorgRequeued,
            Fault::ReorgDropped,
        ];
        let index = self.stage.with(|state| state.random.index(faults.len()));
        let fault = faults[index];
        if !self.stage.with(|state| state.strikes(fault)) {
            return;
        }
        match fault {
            Fault::Crash => self.crash(true),
            Fault::Outage => self.crash(false),
            Fault::TornLeases => self.tear_leases(),
            Fault::ClockForward => self.jump_clock(1),
            Fault::ClockBack => self.jump_clock(-1),
            Fault::MissedSlots => self.miss_slots(),
            Fault::ReorgRequeued => self.fork(true),
            _ => self.fork(false),
        }
    }

    fn crash(&mut self, comes_back: bool) {
        let Some(index) = self.any_alive() else { return };
        self.tasks.retain(|task| task.process != index);
        self.processes[index] = None;
        self.stage.note(None, format!("process {index} ends"));
        if comes_back {
            self.start(index);
        }
    }

    fn tear_leases(&mut self) {
        let Some(index) = self.any_alive() else { return };
        let freed = self.stores[index].free_leases().now_or_never();
        self.stage.note(None, format!("leases end: {freed:?}"));
    }

    fn restart_missing(&mut self) {
        let missing = self.processes.iter().position(Option::is_none);
        if let Some(index) = missing.filter(|_| self.stage.with(|state| state.random.percent(20))) {
            self.start(index);
        }
    }

    /// Starts a process again, on what is in the database.
    pub(crate) fn start(&mut self, index: usize) {
        self.open_store(index);
        let mut habits = self.habits.clone();
        let (generation, factor) =
            self.stage.with(|state| (state.random.below(1_000_000), state.random.between(80, 120)));
        habits.settings.owner = format!("process {index} generation {generation}");
        let price = &mut habits.settings.prices.energy_price_sun;
        *price = (*price * factor / 100).max(1);
        let store = Arc::clone(&self.stores[index]);
        let process = Process::start(&self.stage, index, &store, &self.world, &habits);
        self.processes[index] = Some(process);
        self.stage.note(None, format!("process {index} starts"));
    }

    fn jump_clock(&mut self, direction: i64) {
        self.stage.with(|state| {
            let far = state.random.percent(10);
            let ms = state.random.between(1_000, if far { 7_200_000 } else { 180_000 });
            let offset = state.wall_offset_ms + direction * ms;
            state.wall_offset_ms = offset.clamp(-OFFSET_MAX_MS, OFFSET_MAX_MS);
            state.latest = state.latest.max(state.now());
            state.note(None, format!("the wall clock jumps by {} ms", direction * ms));
        });
    }

    fn miss_slots(&mut self) {
        let ms = self.stage.with(|state| {
            let is_long = state.random.percent(15);
            state.random.between(3_000, if is_long { 1_800_000 } else { 60_000 })
        });
        self.stage.devnet.advance_ms(ms);
        self.stage.note(None, format!("no blocks for {ms} ms"));
        self.mine();
    }

    fn fork(&mut self, requeues: bool) {
        let head = self.stage.devnet.head().number;
        let most = head.saturating_sub(self.stage.devnet.solid_number()).min(FORK_MAX);
        let depth = self.stage.with(|state| {
            let deep = state.random.percent(30);
            1 + state.random.below(if deep { most } else { most.min(3) })
        });
        if most == 0 || self.stage.devnet.reorg(depth, requeues).is_err() {
            return;
        }
        self.stage.with(|state| {
            state.blocks.forget_above(head - depth);
            state.disturb_all();
            state.note(None, format!("a fork of {depth} blocks from {}", head - depth));
        });
        self.look_at_blocks();
    }
}

/// Whether a policy placed it.
const fn is_refill(order: &Order) -> bool {
    matches!(order.origin, Origin::CountPolicy(_) | Origin::AutoPolicy(_))
}

/// An error with its causes, on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
