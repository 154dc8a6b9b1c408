//! What may happen next, and how likely it is.

use std::sync::Arc;

use app::ports::Store;
use app::rows::OutboxKind;
use futures::FutureExt;
use node::TronNode;

use crate::book::Page;
use crate::checks::clean_node;
use crate::payers;
use crate::process::{Done, Progress};
use crate::run::Run;
use crate::world::at_once;

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
    pub(crate) fn any_alive(&mut self) -> Option<usize> {
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
