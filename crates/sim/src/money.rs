//! Money as it was committed: which facts were posted about one order or transfer, and what all of them
//! together take of a merchant and of a key's day.

use std::collections::BTreeMap;
use std::fmt::Debug;

use app::rows::Changes;
use domain::ledger::Fact;
use domain::{Day, KeyId, MerchantId, Order, OrderId, OrderState, Transfer, TransferState};

/// How often each fact was posted about one order or transfer.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Posted {
    pub(crate) held: u32,
    pub(crate) settled: u32,
    pub(crate) released: u32,
    pub(crate) refunded: u32,
    pub(crate) partly_refunded: u32,
}

impl Posted {
    /// Counts the facts that a commit posted about an order, or about what is none.
    pub(crate) fn count(&mut self, changes: &Changes, order: Option<OrderId>) {
        for tx in changes.ledger.iter().filter(|tx| tx.order == order) {
            match tx.fact {
                Fact::OrderHeld | Fact::TransferHeld => self.held += 1,
                Fact::OrderSettled | Fact::TransferSettled => self.settled += 1,
                Fact::OrderReleased | Fact::TransferReleased => self.released += 1,
                Fact::OrderRefunded => self.refunded += 1,
                Fact::OrderPartlyRefunded => self.partly_refunded += 1,
                Fact::MerchantCredited | Fact::MerchantDebited | Fact::DepositCredited => {}
            }
        }
    }

    /// What is wrong with it, in words, if it is not what this state takes.
    pub(crate) fn problem(self, wanted: Self, state: &dyn Debug) -> Option<String> {
        (self != wanted).then(|| format!("{state:?} with {self:?}"))
    }
}

/// What an order or a transfer takes of its merchant's money.
#[derive(Clone, Copy)]
pub(crate) struct Charge {
    merchant: MerchantId,
    key: KeyId,
    /// The day to which the key's spend counts.
    day: Day,
    held_sun: i64,
    spent_sun: i64,
}

impl Charge {
    pub(crate) fn of_order(order: &Order) -> Self {
        let price = order.price.get();
        let (held_sun, spent_sun) = match order.state {
            OrderState::Filling => (price, 0),
            OrderState::Delivered | OrderState::Ended => (0, price - order.part_refunded.get()),
            OrderState::Refunded => (0, 0),
        };
        let day = order.created.day_utc8();
        Self { merchant: order.merchant, key: order.key, day, held_sun, spent_sun }
    }

    pub(crate) fn of_transfer(transfer: &Transfer) -> Self {
        let total = transfer.total().get();
        let (held_sun, spent_sun) = match transfer.state {
            TransferState::Stored | TransferState::Included => (total, 0),
            TransferState::Settled => (0, total),
            TransferState::Released => (0, 0),
        };
        let day = transfer.created.day_utc8();
        Self { merchant: transfer.merchant, key: transfer.key, day, held_sun, spent_sun }
    }
}

/// What all orders and transfers hold and have cost.
#[derive(Default)]
pub(crate) struct Sums {
    /// What each merchant started with, in sun.
    credits: BTreeMap<MerchantId, i64>,
    /// Most that a key may spend in a day, in sun.
    caps: BTreeMap<KeyId, i64>,
    /// What is held of each merchant's money, and what was spent of it.
    merchants: BTreeMap<MerchantId, (i64, i64)>,
    days: BTreeMap<(KeyId, Day), i64>,
}

impl Sums {
    /// A merchant before its first order, and the cap of its key.
    pub(crate) fn open(
        &mut self,
        (merchant, credit_sun): (MerchantId, i64),
        key: KeyId,
        cap_sun: Option<i64>,
    ) {
        self.credits.insert(merchant, credit_sun);
        self.caps.extend(cap_sun.map(|cap_sun| (key, cap_sun)));
    }

    /// What each merchant has by this book: available and held.
    pub(crate) fn balances(&self) -> impl Iterator<Item = (MerchantId, (i64, i64))> {
        self.credits.iter().map(|(merchant, credit_sun)| {
            let (held, spent) = self.merchants.get(merchant).copied().unwrap_or_default();
            (*merchant, (credit_sun - held - spent, held))
        })
    }

    /// Counts what one order or transfer takes, instead of what it took before; what is wrong with that,
    /// in words.
    pub(crate) fn count(&mut self, before: Option<Charge>, after: Charge) -> Option<Problem> {
        if let Some(before) = before {
            self.add(before, -1);
        }
        self.add(after, 1);
        let Charge { merchant, key, day, .. } = after;
        let is_new = before.is_none();
        let (held, spent) = self.merchants.get(&merchant).copied().unwrap_or_default();
        let credit_sun = self.credits.get(&merchant).copied().unwrap_or_default();
        if held + spent > credit_sun {
            let text = format!("{merchant:?} had {credit_sun}: {held} are held and {spent} spent");
            return Some(("nobody spends more than there is", text));
        }
        let spent = self.days.get(&(key, day)).copied().unwrap_or_default();
        let cap = self.caps.get(&key).filter(|cap| is_new && spent > **cap)?;
        let text = format!("{key:?} may spend {cap} a day and has spent {spent}");
        Some(("a key keeps to its cap", text))
    }

    fn add(&mut self, charge: Charge, sign: i64) {
        let sums = self.merchants.entry(charge.merchant).or_default();
        sums.0 += sign * charge.held_sun;
        sums.1 += sign * charge.spent_sun;
        let spent = self.days.entry((charge.key, charge.day)).or_default();
        *spent += sign * (charge.held_sun + charge.spent_sun);
    }
}

/// The broken rule and the words.
pub(crate) type Problem = (&'static str, String);
