//! Faults stop and time passes: everything must become final, and nothing may be left anywhere.

use std::sync::Arc;

use app::ports::Store;
use app::rows::{CallbackState, OutboxKind};
use domain::{ChainTx, OrderId, OrderState, Road, TransferState, TxState, UnixMillis, WholeOrder};
use node::TronNode;
use tron::{Energy, TokenUnits};

use crate::checks::{self, clean_node};
use crate::payers;
use crate::run::Run;
use crate::world::at_once;

/// Looks at the outbox before it is called stuck.
const ROUNDS_MAX: u32 = 3_000;
/// Looks at the outbox before those that sleep are looked at.
const ROUNDS_A_LOOK: u32 = 16;
/// Polls of all tasks before they are called stuck.
const POLLS_MAX: u32 = 2_000_000;
/// Most rows in one claim.
const CLAIM_MAX: usize = 64;
/// By how much more time than before at least passes between two looks, in milliseconds: all of them
/// together are two weeks.
const LONGER_MS: i64 = 300;
/// Longest jump in time between two looks, in milliseconds.
const JUMP_MAX_MS: i64 = 3_600_000;
const BLOCK_MS: i64 = 3_000;
const KINDS: [OutboxKind; 3] = [OutboxKind::Order, OutboxKind::Callback, OutboxKind::Transfer];

impl Run {
    /// Lets everything become final, and looks at what is left.
    pub(crate) fn settle(&mut self) {
        self.calm_down();
        self.drain();
        if self.revive_dead_callbacks() {
            self.drain();
        }
        if self.is_broken() {
            return;
        }
        self.check_nothing_lent();
        checks::rows_agree(&self.stage, &self.stores[0]);
        checks::chain_agrees(&self.stage, &self.stores[0]);
        self.check_orders();
        self.check_transfers_are_final();
        self.check_policies();
    }

    fn calm_down(&mut self) {
        self.stage.note(None, "faults stop");
        self.stage.with(|state| {
            state.weather.clear_up();
            state.is_quiet = true;
        });
        self.stage.devnet.clear_faults();
        self.stage.devnet.hold_solid(false);
        self.intentions.clear();
        for index in 0..self.processes.len() {
            if self.processes[index].is_none() {
                self.start(index);
            }
        }
        self.finish_tasks();
        self.end_policies();
    }

    /// Merchants want no refill more, or policies would go on for days.
    fn end_policies(&mut self) {
        let stage = Arc::clone(&self.stage);
        for policy in stage.with(|state| state.book.policies.enabled()) {
            let number = stage.with(|state| {
                let now = state.now();
                self.standing.end(&policy, &mut state.random, now)
            });
            let ask = self.standing.request(number).clone();
            let alive = self.processes[0].as_ref();
            self.tasks.extend(alive.map(|alive| alive.ask(0, number, ask)));
            self.finish_tasks();
        }
    }

    /// Polls until nothing is under way.
    fn finish_tasks(&mut self) {
        let mut polls = 0;
        while !self.tasks.is_empty() && !self.is_broken() {
            self.stage.with(|state| state.step += 1);
            self.poll(self.tasks.len() - 1);
            polls += 1;
            if polls > POLLS_MAX {
                return self.stage.violate("tasks end", None, "they go on for ever".to_owned());
            }
        }
    }

    fn drain(&mut self) {
        for round in 0..ROUNDS_MAX {
            self.look_and_work();
            if round.is_multiple_of(ROUNDS_A_LOOK) {
                self.check_sleepers();
            }
            if self.is_broken() {
                return;
            }
            let due = KINDS.into_iter().filter_map(|kind| at_once(self.stores[0].next_due(kind)));
            let due = due.chain(at_once(self.stores[0].next_policy_due()));
            let Some(due) = due.min() else { return };
            // Some look again every few seconds for as long as a rent lasts, as for stake to lend.
            let longer = self.stage.now().after_ms(i64::from(round) * LONGER_MS);
            self.jump_to(due.max(longer));
        }
        let open = self.open_orders();
        let text = format!("{} orders, such as {:?}", open.len(), open.first());
        self.stage.violate("everything becomes final", open.first().copied(), text);
    }

    /// One block, seen by every process, and all work that is due then.
    fn look_and_work(&mut self) {
        self.mine();
        for index in 0..self.processes.len() {
            let task = self.processes[index].as_mut().and_then(|alive| alive.watch(index));
            self.tasks.extend(task);
            self.finish_tasks();
        }
        for kind in KINDS {
            for index in 0..self.processes.len() {
                let alive = self.processes[index].as_ref();
                self.tasks.extend(alive.map(|alive| alive.claim(index, kind, CLAIM_MAX)));
                self.finish_tasks();
            }
        }
        for index in 0..self.processes.len() {
            let alive = self.processes[index].as_ref();
            self.tasks.extend(alive.map(|alive| alive.claim_policies(index, CLAIM_MAX)));
            self.finish_tasks();
        }
    }

    /// Time passes up to what is due next, but not too much at once.
    fn jump_to(&mut self, due: UnixMillis) {
        let wait = due.since(self.stage.now()).min(JUMP_MAX_MS);
        if wait > BLOCK_MS {
            self.stage.devnet.advance_ms(wait - BLOCK_MS);
            self.stage.follow_clock();
        }
    }

    fn open_orders(&self) -> Vec<OrderId> {
        let orders =
            self.stage.with(|state| state.book.pages().map(|(id, _)| *id).collect::<Vec<_>>());
        let is_open = |order: &OrderId| {
            at_once(self.stores[0].order_view(*order)).is_none_or(|view| !view.whole.is_closed())
        };
        orders.into_iter().filter(is_open).collect()
    }

    /// What an operator does about callbacks that were given up while clocks jumped.
    fn revive_dead_callbacks(&mut self) -> bool {
        let now = self.stage.now();
        let orders =
            self.stage.with(|state| state.book.pages().map(|(id, _)| *id).collect::<Vec<_>>());
        let mut has_revived = false;
        for order in orders {
            let callback = at_once(self.stores[0].callback(order));
            if callback.is_some_and(|callback| callback.state == CallbackState::Dead) {
                has_revived |= at_once(self.stores[0].replay_callback(order, now));
            }
        }
        has_revived
    }

    fn check_orders(&mut self) {
        let stage = Arc::clone(&self.stage);
        let orders = stage.with(|state| state.book.pages().map(|(id, _)| *id).collect::<Vec<_>>());
        for order in orders {
            let Some(view) = at_once(self.stores[0].order_view(order)) else {
                return stage.violate("what is accepted is kept", Some(order), "no row".to_owned());
            };
            let whole = view.whole;
            let is_final = matches!(whole.order.state, OrderState::Ended | OrderState::Refunded);
            if !is_final || !whole.is_closed() {
                let text = format!("{:?} legs {:?}", whole.order.state, whole.legs);
                stage.violate("every accepted order becomes final", Some(order), text);
            }
            self.check_served(&whole);
            let is_told = stage.with(|state| state.mailbox.is_acknowledged(order));
            if is_told != whole.order.callback_url.is_some() {
                let text = format!("{:?}, told: {is_told}", whole.order.callback_url);
                stage.violate("everything owed is delivered", Some(order), text);
            }
        }
    }

    /// A transfer was paid for exactly if the chain holds it.
    fn check_transfers_are_final(&self) {
        self.stage.with(|state| {
            let wrong = state.book.transfers.pages().find_map(|page| {
                let transfer = page.transfer();
                let wanted = match state.blocks.holds(transfer.txid) {
                    true => TransferState::Settled,
                    false => TransferState::Released,
                };
                let text = format!("{} is {:?}, not {wanted:?}", transfer.txid, transfer.state);
                (transfer.state != wanted).then(|| (page.subject(), text))
            });
            if let Some((transfer, text)) = wrong {
                state.violate("a transfer is paid for if it happened", Some(transfer), text);
            }
        });
    }

    /// Nothing of a policy is open, and what it counted happened.
    fn check_policies(&self) {
        let counted = self.stage.with(|state| {
            let open = state.book.policies.open().next();
            if let Some((policy, order)) = open {
                let text = format!("{policy:?} still has it open");
                state.violate("a policy's refills end", Some(order), text);
            }
            state.book.policies.counted().collect::<Vec<_>>()
        });
        for (policy, txid) in counted {
            let receipt = payers::receipt(&self.stage.devnet, txid);
            if !receipt.is_some_and(|receipt| receipt.has_worked) {
                let text = format!("{policy:?} counts {txid}, which moved nothing");
                self.stage.violate("what a policy counts happened", None, text);
            }
        }
    }

    /// What an order was charged for is on the chain: what it lent, and the transfer that used it.
    fn check_served(&self, whole: &WholeOrder) {
        let (stage, order) = (&self.stage, &whole.order);
        if order.state != OrderState::Ended {
            return;
        }
        for (txid, _) in whole.uses_to_prove() {
            // A call that fails uses rented energy too.
            let is_rented = order.collection().is_none();
            let receipt = payers::receipt(&stage.devnet, txid);
            if !receipt.is_some_and(|receipt| receipt.has_worked || is_rented) {
                let text = format!("{txid} is not on the chain, or moved nothing");
                stage.violate("what counts as use happened", Some(order.id), text);
            }
        }
        let is_out = |tx: &&ChainTx| tx.road == Road::Out && tx.state == TxState::Solid;
        let has_lent = whole.txs.iter().any(|tx| is_out(&tx));
        // What strangers lent meanwhile can make up for a leg that was lost, and what recovers with time
        // for a part of it.
        let is_helped = stage.with(|state| state.helped.contains(&order.receiver));
        let takes = order.collection().map_or(order.energy, |wanted| wanted.transfer_energy);
        let lacked_all = order.energy >= takes && order.energy > Energy::ZERO;
        if lacked_all && !has_lent && !is_helped {
            let text = format!("{} sun were charged and nothing was lent", order.price.get());
            stage.violate("what is charged was lent", Some(order.id), text);
        }
    }

    fn check_nothing_lent(&self) {
        let node = clean_node(&self.stage);
        for member in &self.world.pool {
            for receiver in at_once(node.delegation_index(member.address)) {
                let text = format!("{} lends to {receiver}", member.address);
                self.stage.with(|state| {
                    let order = state.book.pages_on(receiver).last().map(|page| page.order().id);
                    state.violate("nothing is stranded", order, text);
                });
            }
        }
        let (pool, _) = at_once(self.stores[0].pool());
        for wallet in pool.wallets {
            if wallet.energy_reserved.get() != 0 || wallet.bandwidth_reserved.get() != 0 {
                self.stage.violate("nothing stays reserved", None, format!("{wallet:?}"));
            }
        }
        let supply: u128 = self.stage.devnet.invariants().supply_units.parse().unwrap_or(0);
        let held = self.world.payers.iter().map(|payer| payer.address);
        let held = held.chain(self.world.recipients.iter().copied());
        let held: u128 = held
            .map(|holder| self.stage.devnet.token_balance(holder))
            .map(|TokenUnits(units)| units)
            .sum();
        if held != supply {
            self.stage.violate("no token is lost", None, format!("{held} of {supply}"));
        }
    }
}
