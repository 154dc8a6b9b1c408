//! A small store around the decisions: it applies each one as one commit would, and checks after it
//! everything that must always hold.
//!
//! Not here: a chain. Whoever drives the model says what the chain did.

pub(crate) mod check;

use std::collections::{BTreeMap, BTreeSet};

use domain::callback::Outcome;
use domain::collect::{ChainTotals, Reading, Scene};
use domain::ledger::{LedgerAccount, LedgerTx, facts};
use domain::limits::OrderLimits;
use domain::order::leftover::leftovers;
use domain::order::next::Moment;
use domain::order::next::makes_way;
use domain::order::step::{
    Decision, Event, NewOrder, Offer, Refused, Surroundings, WalletChange, Wanted, accept, step,
};
use domain::order::{Action, next_action};
use domain::pool::{Pool, PoolWallet, WalletRole};
use domain::pricing::PriceList;
use domain::{
    KeyId, LedgerTxId, LegId, MerchantId, OrderId, Origin, TxState, UnixMillis, WholeOrder,
};
use tron::{Address, Bandwidth, Energy, Resource, Sun, TokenUnits};

/// Everything that the database would hold, and the moment.
pub(crate) struct World {
    pub(crate) moment: Moment,
    pub(crate) limits: OrderLimits,
    pub(crate) prices: PriceList,
    pub(crate) totals: ChainTotals,
    pub(crate) pool: Pool,
    pub(crate) orders: Vec<WholeOrder>,
    pub(crate) paused: BTreeSet<MerchantId>,
    /// Legs that nobody here has a key for, of any order.
    pub(crate) blocked: Vec<u8>,
    balances: BTreeMap<LedgerAccount, i64>,
    posted: BTreeSet<LedgerTxId>,
    callbacks: BTreeMap<OrderId, Vec<Outcome>>,
    /// Capacity that readings and legs imply, derived from the legs' states alone.
    capacity: BTreeMap<(Address, Resource), i64>,
    /// Legs whose stake left the capacity since the last reading.
    counted: BTreeSet<LegId>,
}

/// When every table and every random run begins.
pub(crate) const BEGINNING: UnixMillis = UnixMillis(1_700_000_000_000);

/// Totals that are easy to read: one energy is 0.1 TRX of stake, one bandwidth is 1 TRX.
pub(crate) const TOTALS: ChainTotals = ChainTotals {
    energy_limit: 10_000_000_000,
    energy_weight_trx: 1_000_000_000,
    bandwidth_limit: 1_000_000_000,
    bandwidth_weight_trx: 1_000_000_000,
};

/// Prices that are easy to tell apart.
const PRICES: PriceList = PriceList {
    energy_price_sun: 60,
    energy_price_1d_sun: 90,
    energy_price_3d_sun: 80,
    energy_price_30d_sun: 70,
    small_energy: 50_000,
    small_surcharge_sun: 600_000,
    bandwidth_price_sun: 1_000,
    activation_price_sun: 1_500_000,
    transfer_fee_sun: 300_000,
};

impl World {
    pub(crate) fn new(limits: OrderLimits) -> Self {
        Self {
            moment: Moment { now: BEGINNING, chain_now: BEGINNING, solid_now: BEGINNING },
            limits,
            prices: PRICES,
            totals: TOTALS,
            pool: Pool::default(),
            orders: Vec::new(),
            paused: BTreeSet::new(),
            blocked: Vec::new(),
            balances: BTreeMap::new(),
            posted: BTreeSet::new(),
            callbacks: BTreeMap::new(),
            capacity: BTreeMap::new(),
            counted: BTreeSet::new(),
        }
    }

    pub(crate) fn credit(&mut self, merchant: MerchantId, amount: Sun) {
        let business = [u8::try_from(self.posted.len()).unwrap(); 16];
        let at = self.moment.now;
        self.post(&facts::merchant_credited(business, merchant, amount, "paid", at));
        self.check();
    }

    pub(crate) fn add_lender(&mut self, address: Address, energy: Sun, bandwidth: Sun) {
        self.capacity.insert((address, Resource::Energy), energy.get());
        self.capacity.insert((address, Resource::Bandwidth), bandwidth.get());
        self.pool.wallets.push(PoolWallet {
            address,
            role: WalletRole::Lender,
            permission_id: 2,
            is_enabled: true,
            energy_capacity: energy,
            energy_reserved: Sun::ZERO,
            bandwidth_capacity: bandwidth,
            bandwidth_reserved: Sun::ZERO,
            own_bandwidth: 1_000_000,
            legs_open: 0,
            balance: Sun::ZERO,
        });
        self.check();
    }

    pub(crate) fn add_activator(&mut self, address: Address, balance: Sun) {
        self.add_lender(address, Sun::ZERO, Sun::ZERO);
        let wallet = self.pool.wallets.last_mut().unwrap();
        (wallet.role, wallet.balance) = (WalletRole::Activator, balance);
    }

    /// What a wallet can lend was read afresh from the chain.
    pub(crate) fn read_wallet(&mut self, address: Address, resource: Resource, lendable: Sun) {
        let wallet = self.pool.wallets.iter_mut().find(|wallet| wallet.address == address).unwrap();
        match resource {
            Resource::Energy => wallet.energy_capacity = lendable,
            Resource::Bandwidth => wallet.bandwidth_capacity = lendable,
        }
        self.capacity.insert((address, resource), lendable.get());
        self.check();
    }

    pub(crate) fn balance(&self, account: LedgerAccount) -> i64 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    /// Asks for a collection; the newest is the last of `orders`.
    pub(crate) fn place(
        &mut self,
        merchant: MerchantId,
        receiver: Address,
        reading: Reading,
    ) -> Result<Decision, Refused> {
        let wanted = Wanted::Collection {
            recipient: None,
            token_amount: TokenUnits(5_000_000),
            scene: Scene::RecipientHolds,
        };
        self.place_wanted(merchant, receiver, reading, wanted, &[])
    }

    /// Asks for an order of any kind, with energy stake that the chain shows at the receiver.
    pub(crate) fn place_wanted(
        &mut self,
        merchant: MerchantId,
        receiver: Address,
        reading: Reading,
        wanted: Wanted,
        shown: &[(Address, Sun)],
    ) -> Result<Decision, Refused> {
        let mut id = [0; 16];
        id[15] = u8::try_from(self.orders.len() + 1).unwrap();
        let new = NewOrder {
            id: OrderId(id),
            merchant,
            key: KeyId(1),
            origin: Origin::Api,
            receiver,
            wanted,
            reference: None,
            callback_url: Some("https://merchant.example/callback".to_owned()),
            now: self.moment.now,
        };
        let others: Vec<WholeOrder> = self.live_on(receiver).cloned().collect();
        let offer = Offer {
            reading,
            totals: self.totals,
            prices: self.prices,
            available: Sun::new(self.balance(LedgerAccount::Available(merchant))),
            is_paused: self.paused.contains(&merchant),
            spend: domain::key::KeySpend::default(),
            others: &others,
            leftovers: &leftovers(shown, &others, &self.totals),
            pool: &self.pool,
            limits: &self.limits,
        };
        let decision = accept(new, &offer)?;
        self.orders.push(decision.whole.clone());
        self.commit(&decision);
        Ok(decision)
    }

    /// Tells an order of an event and commits what it decides.
    pub(crate) fn tell(&mut self, order: usize, event: Event) -> Result<Decision, Refused> {
        let whole = &self.orders[order];
        let others = self.others(order);
        let around = Surroundings { others: &others, moment: self.moment, limits: &self.limits };
        let decision = step(whole, event, &around, &self.pool)?;
        check::step(whole, &decision);
        let before = self.neighbours_wants(order);
        let whole = std::mem::replace(&mut self.orders[order], decision.whole.clone());
        self.check_nobody_waits_in_vain((&whole, &decision.whole), &before);
        self.commit(&decision);
        Ok(decision)
    }

    /// What the other live orders on an order's receiver want.
    fn neighbours_wants(&self, order: usize) -> Vec<(usize, Action)> {
        let own = &self.orders[order].order;
        let is_beside = |other: &usize| {
            let whole = &self.orders[*other];
            *other != order && whole.order.receiver == own.receiver && !whole.is_closed()
        };
        let others = (0..self.orders.len()).filter(is_beside);
        others.map(|other| (other, self.next(other))).collect()
    }

    /// Whoever wants something sooner, now that another order changed, is woken.
    fn check_nobody_waits_in_vain(
        &self,
        change: (&WholeOrder, &WholeOrder),
        before: &[(usize, Action)],
    ) {
        for (other, before) in before {
            let Action::Wait(until) = before else { continue };
            let after = self.next(*other);
            // What came into the way is looked at again soon; that can wait until the old look.
            let look = self.moment.now.after_ms(self.limits.reread_ms);
            let is_sooner = !matches!(after, Action::Wait(then) if then >= *until || then == look);
            let is_woken = makes_way(change, &self.orders[*other], &self.moment, &self.limits);
            assert!(
                is_woken || !is_sooner,
                "{before:?}, then {after:?}: {:?}",
                self.orders[*other]
            );
        }
    }

    pub(crate) fn next(&self, order: usize) -> Action {
        let others = self.others(order);
        next_action(&self.orders[order], &others, &self.moment, &self.limits, &self.blocked)
    }

    /// Every included transaction up to this block can not be undone any more.
    pub(crate) fn mark_solid(&mut self, block: i64) {
        for tx in self.orders.iter_mut().flat_map(|whole| &mut whole.txs) {
            if tx.state == TxState::Included && tx.block.is_some_and(|number| number <= block) {
                tx.state = TxState::Solid;
            }
        }
        self.check();
    }

    /// The live orders on an address, oldest first.
    fn live_on(&self, receiver: Address) -> impl Iterator<Item = &WholeOrder> {
        self.orders
            .iter()
            .filter(move |whole| whole.order.receiver == receiver && !whole.is_closed())
    }

    /// The other live orders on an order's receiver.
    pub(crate) fn others(&self, order: usize) -> Vec<WholeOrder> {
        let own = &self.orders[order].order;
        self.live_on(own.receiver).filter(|whole| whole.order.id != own.id).cloned().collect()
    }

    fn commit(&mut self, decision: &Decision) {
        for tx in &decision.ledger {
            self.post(tx);
        }
        for change in &decision.wallets {
            self.change_wallet(change);
        }
        if let Some(event) = &decision.callback {
            self.callbacks.entry(event.order).or_default().push(event.outcome);
        }
        self.check();
    }

    fn post(&mut self, tx: &LedgerTx) {
        assert!(self.posted.insert(tx.id), "{} is posted twice", tx.fact.name());
        for entry in tx.entries() {
            *self.balances.entry(entry.account).or_default() += entry.amount.get();
        }
    }

    fn change_wallet(&mut self, change: &WalletChange) {
        let wallet =
            self.pool.wallets.iter_mut().find(|wallet| wallet.address == change.address).unwrap();
        wallet.energy_reserved = wallet.energy_reserved + change.energy_reserved;
        wallet.energy_capacity = wallet.energy_capacity + change.energy_capacity;
        wallet.bandwidth_reserved = wallet.bandwidth_reserved + change.bandwidth_reserved;
        wallet.bandwidth_capacity = wallet.bandwidth_capacity + change.bandwidth_capacity;
        wallet.balance = wallet.balance + change.balance;
        wallet.legs_open += change.legs_open;
        // A reading would bring both back; here bytes are never what an order fails for.
        wallet.own_bandwidth = 1_000_000;
    }
}

/// An address that exists and has nothing but the day's free bandwidth.
pub(crate) fn bare_reading(transfer_energy: i64) -> Reading {
    Reading {
        exists: true,
        energy_available: Energy::ZERO,
        energy_limit: Energy::ZERO,
        staked_bandwidth_limit: Bandwidth::ZERO,
        staked_bandwidth_available: Bandwidth::ZERO,
        free_bandwidth_available: Bandwidth::new(600),
        transfer_energy: Energy::new(transfer_energy),
    }
}
