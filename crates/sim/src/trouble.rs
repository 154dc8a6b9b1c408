//! Whatever goes wrong outside the ports, and who meddles.

use std::sync::Arc;

use app::ports::Store;
use futures::FutureExt;
use serde_json::json;

use crate::faults::Fault;
use crate::process::Process;
use crate::run::Run;
use crate::world::control;

/// Farthest that the wall clock may be from the chain's, in milliseconds.
const OFFSET_MAX_MS: i64 = 6 * 3_600_000;
/// A fork is at most this deep: the solid block trails by 18.
const FORK_MAX: u64 = 17;

impl Run {
    /// Strangers, voters and other people's stake.
    pub(crate) fn meddle(&mut self) {
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
                self.stage.with(|state| state.wasteful.insert(address));
            }
            45..=59 if is_there => {
                let body = json!({"address": address, "resource": "FREE", "units": amount % 600});
                control(&devnet, "use", &body);
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

    pub(crate) fn change_weather(&mut self) {
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
    pub(crate) fn trouble(&mut self) {
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

    pub(crate) fn restart_missing(&mut self) {
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
