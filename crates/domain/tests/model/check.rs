//! What holds after every commit.

use std::collections::BTreeMap;

use domain::callback::Outcome;
use domain::ledger::{Fact, LedgerAccount};
use domain::limits::{ORDER_LEGS_EVER_MAX, ORDER_LEGS_MAX};
use domain::order::Action;
use domain::order::step::Decision;
use domain::{LedgerTxId, Leg, LegKind, LegState, OrderState, Road, TxState, WholeOrder};
use tron::{Address, Resource, Sun};

use super::World;

impl World {
    /// Everything that must hold between two commits.
    pub(super) fn check(&mut self) {
        self.check_money();
        self.check_pool();
        for order in 0..self.orders.len() {
            self.check_order(&self.orders[order]);
            self.check_next(order);
        }
    }

    fn check_money(&self) {
        let sum: i64 = self.balances.values().sum();
        assert_eq!(sum, 0, "the ledger sums to zero");
        for (account, balance) in &self.balances {
            let may_be_negative = *account == LedgerAccount::Outside;
            assert!(may_be_negative || *balance >= 0, "{} is {balance}", account.name());
        }
        let mut held: BTreeMap<LedgerAccount, i64> = BTreeMap::new();
        let mut revenue = 0;
        for whole in &self.orders {
            let price = whole.order.price.get();
            match whole.order.state {
                OrderState::Filling => {
                    *held.entry(LedgerAccount::Held(whole.order.merchant)).or_default() += price;
                }
                OrderState::Delivered | OrderState::Ended => {
                    revenue += price - whole.order.part_refunded.get();
                }
                OrderState::Refunded => {}
            }
        }
        for (account, balance) in &self.balances {
            if let LedgerAccount::Held(_) = account {
                let open = held.get(account).copied().unwrap_or(0);
                assert_eq!(*balance, open, "what is held is the price of the filling orders");
            }
        }
        assert_eq!(self.balance(LedgerAccount::Revenue), revenue, "delivered orders are earned");
    }

    fn check_pool(&mut self) {
        let mut reserved: BTreeMap<(Address, Resource), i64> = BTreeMap::new();
        for leg in self.orders.iter().flat_map(|whole| &whole.legs) {
            let LegKind::Delegation { resource, balance, .. } = leg.kind else { continue };
            let key = (leg.owner, resource);
            match leg.state {
                LegState::Planned | LegState::Signed => {
                    *reserved.entry(key).or_default() += balance.get();
                    if self.counted.remove(&leg.id) {
                        *self.capacity.get_mut(&key).unwrap() += balance.get();
                    }
                }
                LegState::Included | LegState::Owed | LegState::Returning | LegState::Returned => {
                    if self.counted.insert(leg.id) {
                        *self.capacity.get_mut(&key).unwrap() -= balance.get();
                    }
                }
                // Stake that came back is seen by the next reading of the wallet.
                LegState::Dropped => {}
            }
        }
        for wallet in &self.pool.wallets {
            for (resource, is, can) in [
                (Resource::Energy, wallet.energy_reserved, wallet.energy_capacity),
                (Resource::Bandwidth, wallet.bandwidth_reserved, wallet.bandwidth_capacity),
            ] {
                let key = (wallet.address, resource);
                let expected = Sun::new(reserved.get(&key).copied().unwrap_or(0));
                assert_eq!(is, expected, "{} reserved by legs", resource.name());
                assert_eq!(can, Sun::new(self.capacity[&key]), "{} lendable", resource.name());
            }
        }
    }

    fn check_order(&self, whole: &WholeOrder) {
        let order = &whole.order;
        let is_there = |leg: &&Leg| !matches!(leg.state, LegState::Dropped | LegState::Returned);
        let there = whole.fill_legs().filter(is_there).count();
        assert!(there <= ORDER_LEGS_MAX, "{there} legs that came to something");
        assert!(whole.legs.len() <= ORDER_LEGS_EVER_MAX, "{} legs", whole.legs.len());
        for leg in &whole.legs {
            for road in [Road::Out, Road::Back] {
                let live = whole
                    .txs
                    .iter()
                    .filter(|tx| tx.leg == leg.id && tx.road == road && tx.state != TxState::Lost);
                assert!(live.count() <= 1, "leg {} has two live transactions", leg.id.number);
            }
        }
        let told = self.callbacks.get(&order.id).map_or(&[][..], Vec::as_slice);
        let was_delivered = order.ready.is_some() || told == [Outcome::Delivered];
        let expected: &[Outcome] = match order.state {
            OrderState::Filling => &[],
            OrderState::Delivered | OrderState::Ended => &[Outcome::Delivered],
            OrderState::Refunded if was_delivered => &[Outcome::Delivered],
            OrderState::Refunded => &[Outcome::Refunded],
        };
        assert_eq!(told, expected, "callbacks of a {:?} order", order.state);
        let is_posted = |fact: Fact| {
            self.posted.contains(&LedgerTxId { business: order.id.0, fact: fact.number() })
        };
        let costs = order.price > Sun::ZERO;
        let is_refunded = order.state == OrderState::Refunded;
        let is_earned = expected == [Outcome::Delivered];
        assert_eq!(is_posted(Fact::OrderHeld), costs);
        assert_eq!(is_posted(Fact::OrderSettled), costs && is_earned);
        assert_eq!(is_posted(Fact::OrderReleased), costs && is_refunded && !is_earned);
        assert_eq!(is_posted(Fact::OrderRefunded), costs && is_refunded && is_earned);
        let is_part = order.part_refunded > Sun::ZERO;
        assert_eq!(is_posted(Fact::OrderPartlyRefunded), is_part);
        assert!(!is_part || order.state == OrderState::Ended, "known when it ends");
        assert!(order.part_refunded <= order.price, "no more than was paid");
    }

    /// What is asked for next is possible, and no wait ends in the past.
    fn check_next(&self, index: usize) {
        let whole = &self.orders[index];
        let leg_is = |number: u8, state: LegState| {
            assert_eq!(whole.leg(number).map(|leg| leg.state), Some(state), "to be signed");
        };
        match self.next(index) {
            Action::Send(txid) | Action::ProveLost(txid) => {
                assert_eq!(whole.tx(txid).map(|tx| tx.state), Some(TxState::Stored));
            }
            Action::ProveUse => {
                assert!(whole.is_back(), "a use is proven when nothing else is left to do");
                assert!(whole.order.used.is_some());
            }
            Action::Sign { leg, road: Road::Out } => leg_is(leg, LegState::Planned),
            Action::Sign { leg, road: Road::Back } => leg_is(leg, LegState::Owed),
            Action::Read => assert!(whole.order.is_to_be_filled()),
            Action::Tick => assert!(
                matches!(whole.order.state, OrderState::Filling | OrderState::Delivered)
                    || whole.legs.iter().any(Leg::is_lent),
                "time has nothing to decide"
            ),
            Action::Wait(until) => {
                assert!(until > self.moment.now, "a wait that is over: {until:?}");
            }
            Action::Close => assert!(whole.is_closed()),
        }
    }
}

/// What holds between an order and the decision about it.
pub(super) fn step(before: &WholeOrder, decision: &Decision) {
    let after = &decision.whole;
    match (before.order.state, after.order.state) {
        (OrderState::Filling, _)
        | (OrderState::Delivered, OrderState::Ended | OrderState::Refunded) => {}
        (from, to) => assert_eq!(from, to, "an order never goes back"),
    }
    assert!(after.txs.len() >= before.txs.len(), "no transaction is forgotten");
    for (old, new) in before.txs.iter().zip(&after.txs) {
        assert_eq!((&old.bytes, old.txid), (&new.bytes, new.txid), "bytes never change");
        let is_final = matches!(old.state, TxState::Lost | TxState::Solid);
        assert!(!is_final || old.state == new.state, "{:?} is final", old.state);
    }
    let changed = after.order.state != before.order.state;
    let is_told = changed && before.order.state == OrderState::Filling;
    assert_eq!(decision.callback.is_some(), is_told, "told when it is decided, and only then");
    let is_refund = changed && after.order.state == OrderState::Refunded;
    let is_in_doubt = before.fill_legs().any(Leg::is_in_doubt);
    assert!(!is_refund || !is_in_doubt, "a refund waits for what may still be included");
    let posts = (is_told || is_refund) && before.order.price > Sun::ZERO;
    let is_part = changed && after.order.part_refunded > Sun::ZERO;
    let postings = usize::from(posts) + usize::from(is_part);
    assert_eq!(decision.ledger.len(), postings, "money moves with the outcome only");
}
