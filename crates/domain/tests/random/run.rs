//! One run: the product around the decisions, and what can go wrong between its parts.

use std::collections::BTreeMap;

use domain::ledger::LedgerAccount;
use domain::limits::OrderLimits;
use domain::order::step::{Answer, Event, ReadBack, Refused, Wanted};
use domain::order::{Action, Use};
use domain::{
    ChainTx, Leg, LegKind, LegState, MerchantId, OrderState, Period, Road, TxState, UnixMillis,
};
use tron::{Address, Bandwidth, Energy, Resource, Sun, TxId};

use crate::chain::{BLOCK_MS, Block, Body, Chain, stake_for};
use crate::model::{TOTALS, World};

/// How a worker's errand ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The network call never reaches anybody.
    NotSent,
    /// It is done, but the answer is lost.
    NoAnswer,
    /// Every node says no.
    Refused,
    /// The process dies after the call and before the commit.
    Crash,
    /// The commit comes later, if ever.
    Late,
    /// The commit is made twice.
    Twice,
    /// The node that is asked is some blocks behind.
    Lagging,
}

pub(crate) const MERCHANT: MerchantId = MerchantId(1);
pub(crate) const LIMITS: OrderLimits = OrderLimits {
    hold_secs: 60,
    fill_deadline_secs: 45,
    resend_ms: 5_000,
    reread_ms: 3_000,
    energy_margin_ppm: 2_000,
};
const EXPIRATION_MS: i64 = 24_000;
/// What an order of energy is for; two calls use it up.
const RENTED: Energy = Energy::new(20_000);

pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) chain: Chain,
    /// Blocks that the watcher has gone through.
    watched: Vec<Block>,
    /// Events whose commit is late.
    late: Vec<(usize, Event)>,
    /// Every event that was told, to be told again.
    told: Vec<(usize, Event)>,
    /// Signed by the worker that still holds the lease: nobody else can have sent it.
    fresh: Option<TxId>,
    /// Transactions that a fork undid.
    pub(crate) undone: usize,
    /// The last decision wants to be asked again later.
    is_to_wait: bool,
    signed: u8,
    transfers: u8,
}

pub(crate) fn address(number: u8) -> Address {
    Address::from_evm([number; 20])
}

/// Exists from the beginning; the other receiver does not.
pub(crate) fn existing() -> Address {
    address(1)
}

impl Run {
    pub(crate) fn new() -> Self {
        let mut world = World::new(LIMITS);
        let mut chain = Chain::default();
        world.credit(MERCHANT, Sun::from_trx(30));
        for (wallet, energy) in [(address(11), 100_000), (address(12), 90_000)] {
            let (energy, bandwidth) =
                (stake_for(Resource::Energy, energy), stake_for(Resource::Bandwidth, 1_000));
            world.add_lender(wallet, energy, bandwidth);
            chain.stake.insert((wallet, Resource::Energy), energy);
            chain.stake.insert((wallet, Resource::Bandwidth), bandwidth);
        }
        world.add_activator(address(13), Sun::from_trx(1_000));
        Self {
            world,
            chain,
            watched: Vec::new(),
            late: Vec::new(),
            told: Vec::new(),
            fresh: None,
            undone: 0,
            is_to_wait: false,
            signed: 0,
            transfers: 0,
        }
    }

    /// An order; that it may be refused is fine.
    pub(crate) fn place(&mut self, receiver: Address, lag: usize) {
        let reading = self.chain.state(existing(), lag).reading(receiver);
        let _refused = self.world.place(MERCHANT, receiver, reading);
    }

    /// An order of energy; that it may be refused is fine.
    pub(crate) fn rent(&mut self, receiver: Address, lag: usize, period: Period) {
        let reading = self.chain.state(existing(), lag).reading(receiver);
        let wanted =
            Wanted::Energy { energy: RENTED, bandwidth: Bandwidth::ZERO, period, activates: true };
        let _refused = self.world.place_wanted(MERCHANT, receiver, reading, wanted, &[]);
    }

    /// The merchant ends an order early; that it may be over already is fine.
    pub(crate) fn stop(&mut self, order: usize) {
        self.tell(order, Event::Stopped);
    }

    /// A receiver makes its transfer, in the next block.
    pub(crate) fn transfer(&mut self, sender: Address) {
        self.transfers = self.transfers.wrapping_add(1);
        self.chain.transfers.push((sender, txid(0, self.transfers)));
    }

    pub(crate) fn mine(&mut self, wanted: u32, fails: u32) {
        self.chain.mine(existing(), wanted, fails);
        self.pass_ms(BLOCK_MS);
        self.check_chain();
    }

    pub(crate) fn pass_ms(&mut self, ms: i64) {
        self.world.moment.now = self.world.moment.now.after_ms(ms);
    }

    /// A worker claims an order, does what it wants next, and records it; false when it is
    /// to wait then.
    pub(crate) fn work(&mut self, order: usize, fault: Fault) -> bool {
        let lag = if fault == Fault::Lagging { 2 } else { 0 };
        let event = match self.world.next(order) {
            Action::Wait(_) | Action::Close => return false,
            Action::Send(txid) => match self.send(txid, fault) {
                Some(answer) => Event::Answered { txid, answer },
                None => return true,
            },
            Action::ProveLost(txid) => self.prove(txid),
            Action::ProveUse => self.prove_use(order),
            Action::Sign { leg, road } => match self.sign(order, leg, road, lag) {
                Some(event) => event,
                None => return false,
            },
            Action::Read => {
                let receiver = self.world.orders[order].order.receiver;
                let reading = self.chain.state(existing(), lag).reading(receiver);
                Event::Read(ReadBack { reading, totals: TOTALS })
            }
            Action::Tick => Event::Tick,
        };
        self.record(order, event, fault);
        !self.is_to_wait
    }

    /// Goes through at most `blocks` new blocks; everything else of a look needs all of them.
    pub(crate) fn watch(&mut self, blocks: usize) {
        let ((_, head), (solid, solid_at)) = (self.chain.head(), self.chain.solid());
        self.world.moment.chain_now = head;
        self.world.moment.solid_now = solid_at;
        while let Some(last) = self.watched.last() {
            let height = self.watched.len();
            if self.chain.blocks.get(height - 1).is_some_and(|block| block.id == last.id) {
                break;
            }
            let dropped = self.watched.pop().unwrap();
            self.undo_transfers(&dropped);
            self.undo_since(height);
        }
        for _ in 0..blocks {
            let Some(block) = self.chain.blocks.get(self.watched.len()).cloned() else { break };
            self.watched.push(block.clone());
            self.look_at(&block, self.watched.len());
        }
        if self.watched.len() == self.chain.blocks.len() {
            self.world.mark_solid(i64::try_from(solid).unwrap());
            self.read_pool();
        }
    }

    /// The commit of a late event, the oldest or the newest.
    pub(crate) fn deliver_late(&mut self, is_newest: bool) {
        let index = if is_newest { self.late.len().saturating_sub(1) } else { 0 };
        if index < self.late.len() {
            let (order, event) = self.late.remove(index);
            self.tell(order, event);
        }
    }

    /// Something that was told before is told again. Not that a block holds a transaction which
    /// the watcher went back over: he goes through one block after the other.
    pub(crate) fn repeat(&mut self, which: usize) {
        if self.told.is_empty() {
            return;
        }
        let (order, event) = self.told[which % self.told.len()].clone();
        let is_stale = match &event {
            Event::Included { txid, at, .. } => !self
                .watched
                .iter()
                .any(|block| block.at == *at && block.txs.iter().any(|(held, _)| held == txid)),
            Event::Used { txid, at } => !self.has_seen(*txid, Some(*at)),
            Event::Unused { txid, .. } => self.has_seen(*txid, None),
            // Nobody reports it here.
            Event::FailedAgain(_) => true,
            // Recorded under the lease that looked for it.
            Event::UseProven(_) => true,
            Event::Answered { answer, .. } => *answer == Answer::RefusedOutright,
            Event::Signed(_)
            | Event::ReorgedOut(_)
            | Event::Lost(_)
            | Event::NothingToReturn(_)
            | Event::Read(_)
            | Event::Consumed(_)
            | Event::Stopped
            | Event::Tick => false,
        };
        if !is_stale {
            self.tell(order, event);
        }
    }

    /// Without faults from here on: everything must come to an end.
    pub(crate) fn settle(&mut self) {
        while !self.late.is_empty() {
            self.deliver_late(true);
        }
        // A run does not last for days.
        for order in 0..self.world.orders.len() {
            if !self.world.orders[order].order.returns_when_used() {
                self.stop(order);
            }
        }
        for _ in 0..400 {
            if (0..self.world.orders.len()).all(|order| self.world.orders[order].is_closed()) {
                return;
            }
            self.mine(u32::MAX, 0);
            self.watch(usize::MAX);
            for order in 0..self.world.orders.len() {
                let steps = (0..64).take_while(|_| self.work(order, Fault::None)).count();
                assert!(steps < 64, "order {order} is never done: {:?}", self.world.next(order));
            }
        }
        panic!("an order never ends: {:#?}", self.world.orders);
    }

    /// What must be true in the end.
    pub(crate) fn check_end(&self) {
        for whole in &self.world.orders {
            assert!(whole.is_closed());
            let is_final = matches!(whole.order.state, OrderState::Ended | OrderState::Refunded);
            assert!(is_final, "{:?}", whole.order.state);
        }
        assert!(self.chain.state(existing(), 0).is_everything_back(), "something stays lent");
        assert_eq!(self.world.balance(LedgerAccount::Held(MERCHANT)), 0);
        for wallet in &self.world.pool.wallets {
            assert_eq!(wallet.energy_reserved, Sun::ZERO);
            assert_eq!(wallet.bandwidth_reserved, Sun::ZERO);
        }
    }

    /// No leg goes out twice, and nothing that was given up for lost is in a block.
    fn check_chain(&self) {
        let mut out: BTreeMap<(usize, u8, bool), usize> = BTreeMap::new();
        for (order, whole) in self.world.orders.iter().enumerate() {
            for tx in &whole.txs {
                let took_effect = self.chain.find(tx.txid).is_some_and(|(_, _, is)| is);
                assert!(!took_effect || tx.state != TxState::Lost, "{:?} is not lost", tx.txid);
                let times = out.entry((order, tx.leg.number, tx.road == Road::Out)).or_default();
                *times += usize::from(took_effect);
                assert!(*times <= 1, "leg {} of order {order} went twice", tx.leg.number);
            }
        }
    }

    fn send(&mut self, txid: TxId, fault: Fault) -> Option<Answer> {
        let is_signed_here = self.fresh == Some(txid);
        match fault {
            Fault::None | Fault::Late | Fault::Twice | Fault::Lagging => {
                self.chain.send(txid);
                Some(Answer::Taken)
            }
            Fault::NotSent => Some(Answer::Unanswered),
            Fault::NoAnswer => {
                self.chain.send(txid);
                Some(Answer::Unanswered)
            }
            // An earlier claim may have sent the bytes without recording it.
            Fault::Refused if is_signed_here => Some(Answer::RefusedOutright),
            Fault::Refused => Some(Answer::Refused),
            Fault::Crash => {
                self.chain.send(txid);
                self.fresh = None;
                None
            }
        }
    }

    fn prove(&self, txid: TxId) -> Event {
        let (solid, _) = self.chain.solid();
        match self.chain.find(txid).filter(|(height, _, _)| *height <= solid) {
            Some((height, at, has_succeeded)) => {
                Event::Included { txid, block: i64::try_from(height).unwrap(), at, has_succeeded }
            }
            None => Event::Lost(txid),
        }
    }

    fn prove_use(&self, order: usize) -> Event {
        let ((_, solid_at), whole) = (self.chain.solid(), &self.world.orders[order]);
        for (call, seen_at) in whole.uses_to_prove() {
            let holds = |block: &&Block| block.transfers.iter().any(|(_, txid)| *txid == call);
            match self.chain.blocks.iter().find(holds) {
                Some(block) if block.at <= solid_at => {}
                Some(block) => {
                    assert_ne!(block.at, seen_at, "what is solid is not asked for in vain");
                    let counted = whole.uses.iter().find(|one| one.txid == call);
                    let moved = counted.map(|one| Event::Consumed(Use { at: block.at, ..*one }));
                    return moved.unwrap_or(Event::Used { txid: call, at: block.at });
                }
                None => return Event::Unused { txid: call, expiration: None },
            }
        }
        Event::UseProven(whole.uses_to_prove().map(|(txid, _)| txid).collect())
    }

    fn sign(&mut self, order: usize, number: u8, road: Road, lag: usize) -> Option<Event> {
        let whole = &self.world.orders[order];
        let leg: Leg = whole.leg(number).unwrap().clone();
        let receiver = whole.order.receiver;
        let mut moved = Sun::ZERO;
        if let LegKind::Delegation { resource, balance, .. } = leg.kind {
            moved = balance;
            if road == Road::Back {
                let shown = self.chain.state(existing(), lag).lent(leg.owner, receiver, resource);
                let out = whole.live_tx(number, Road::Out);
                let is_solid = out.is_none_or(|tx| tx.state == TxState::Solid);
                if shown < balance && !is_solid {
                    return None;
                }
                if shown == Sun::ZERO {
                    let is_owed = leg.state == LegState::Owed;
                    return is_owed.then_some(Event::NothingToReturn(number));
                }
                moved = balance.min(shown);
            }
        }
        self.signed += 1;
        let txid = txid(1, self.signed);
        let expiration = self.world.moment.chain_now.after_ms(EXPIRATION_MS);
        let body =
            Body { road, kind: leg.kind, owner: leg.owner, receiver, balance: moved, expiration };
        self.chain.bodies.insert(txid, body);
        let tx = ChainTx {
            txid,
            leg: leg.id,
            road,
            signer: leg.owner,
            bytes: vec![self.signed],
            expiration,
            state: TxState::Stored,
            is_maybe_taken: false,
            sent_at: None,
            block: None,
        };
        Some(Event::Signed(tx))
    }

    fn record(&mut self, order: usize, event: Event, fault: Fault) {
        // A refusal is recorded at once or, the lease being lost meanwhile, never.
        let is_refusal = matches!(event, Event::Answered { answer: Answer::RefusedOutright, .. });
        if fault == Fault::Crash {
            self.fresh = None;
        } else if fault == Fault::Late && !is_refusal {
            self.fresh = None;
            self.late.push((order, event));
        } else if fault == Fault::Twice {
            self.commit(order, event.clone(), fault);
            self.tell(order, event);
        } else {
            self.commit(order, event, fault);
        }
    }

    fn commit(&mut self, order: usize, event: Event, fault: Fault) {
        let signed = if let Event::Signed(tx) = &event { Some(tx.txid) } else { None };
        let refused = self.tell(order, event);
        self.fresh = signed.filter(|_| refused.is_none()).or(self.fresh);
        // What is asked for must not be refused when nothing came between.
        let is_asked_in_vain = refused == Some(Refused::NoChange) && fault == Fault::None;
        assert!(!is_asked_in_vain, "order {order} asks in vain: {:?}", self.world.next(order));
    }

    /// What was refused, which another being first may explain.
    fn tell(&mut self, order: usize, event: Event) -> Option<Refused> {
        self.told.push((order, event.clone()));
        let decided = self.world.tell(order, event);
        self.is_to_wait =
            decided.as_ref().is_ok_and(|decision| decision.due > self.world.moment.now);
        decided.err()
    }

    fn undo_since(&mut self, height: usize) {
        let height = i64::try_from(height).unwrap();
        let mut dropped = Vec::new();
        for (order, whole) in self.world.orders.iter().enumerate() {
            for tx in whole.txs.iter().filter(|tx| tx.state == TxState::Included) {
                if tx.block.is_some_and(|block| block >= height) {
                    dropped.push((order, tx.txid));
                }
            }
        }
        for (order, txid) in dropped {
            self.undone += 1;
            self.tell(order, Event::ReorgedOut(txid));
        }
    }

    /// Whether a block that the watcher has gone through holds a transfer, at this time if one is named.
    fn has_seen(&self, transfer: TxId, at: Option<UnixMillis>) -> bool {
        let mut blocks = self.watched.iter().filter(|block| at.is_none_or(|at| block.at == at));
        blocks.any(|block| block.transfers.iter().any(|(_, txid)| *txid == transfer))
    }

    fn undo_transfers(&mut self, dropped: &Block) {
        for (_, txid) in &dropped.transfers {
            for order in 0..self.world.orders.len() {
                let whole = &self.world.orders[order];
                let is_counted = whole.uses.iter().any(|one| one.txid == *txid);
                if is_counted || whole.order.used_by == Some(*txid) {
                    let expiration = Some(dropped.at.after_ms(EXPIRATION_MS));
                    self.tell(order, Event::Unused { txid: *txid, expiration });
                }
            }
        }
    }

    fn look_at(&mut self, block: &Block, height: usize) {
        for (txid, has_succeeded) in &block.txs {
            let holds = |whole: &domain::WholeOrder| whole.tx(*txid).is_some();
            let Some(order) = self.world.orders.iter().position(holds) else { continue };
            let event = Event::Included {
                txid: *txid,
                block: i64::try_from(height).unwrap(),
                at: block.at,
                has_succeeded: *has_succeeded,
            };
            self.tell(order, event);
        }
        for (sender, txid) in &block.transfers {
            self.look_at_transfer(*sender, *txid, block);
        }
    }

    /// A fork may have put a transfer that is known into another block; whether it is known.
    fn look_again_at(&mut self, transfer: TxId, at: UnixMillis) -> bool {
        let mut is_known = false;
        for order in 0..self.world.orders.len() {
            let whole = &self.world.orders[order];
            let counted = whole.uses.iter().find(|one| one.txid == transfer);
            let moved = counted.map(|one| Event::Consumed(Use { at, ..*one }));
            let used = (whole.order.used_by == Some(transfer))
                .then_some(Event::Used { txid: transfer, at });
            if let Some(event) = moved.or(used) {
                self.tell(order, event);
                is_known = true;
            }
        }
        is_known
    }

    /// The oldest order that was ready for a transfer is used.
    fn look_at_transfer(&mut self, sender: Address, txid: TxId, block: &Block) {
        if self.look_again_at(txid, block.at) {
            return;
        }
        let live = || self.world.orders.iter().filter(|whole| whole.order.receiver == sender);
        if let Some(order) = self.world.orders.iter().position(|one| one.order.awaits_again(txid)) {
            self.tell(order, Event::Used { txid, at: block.at });
            return;
        }
        let first = live()
            .filter(|whole| whole.awaits_use(block.at))
            .filter(|whole| whole.order.collection().is_some() || whole.follows_use())
            .min_by_key(|whole| {
                let is_plain = whole.order.collection().is_none();
                (is_plain, whole.order.state != OrderState::Delivered, whole.order.id)
            })
            .map(|whole| (usize::from(whole.order.id.0[15]) - 1, whole.follows_use()));
        match first {
            Some((order, false)) => drop(self.tell(order, Event::Used { txid, at: block.at })),
            Some((order, true)) => {
                // Now one call uses all of it, now two.
                let part = 1 + i64::from(txid.as_bytes()[1] % 2);
                let energy = Energy::new(RENTED.get() / part);
                self.tell(order, Event::Consumed(Use { txid, at: block.at, energy }));
            }
            None => {}
        }
    }

    fn read_pool(&mut self) {
        let state = self.chain.state(existing(), 0);
        for ((wallet, resource), stake) in self.chain.stake.clone() {
            let lendable = stake - state.lent_by(wallet, resource);
            self.world.read_wallet(wallet, resource, lendable);
        }
    }
}

fn txid(kind: u8, number: u8) -> TxId {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&[kind, number]);
    TxId::from_bytes(bytes)
}
