//! What owners of payment addresses do with what arrives, and with what orders promise.

use domain::{Order, OrderId, Origin};
use tron::{Address, TokenUnits, TxId};

use crate::payers::{self, Kind};
use crate::run::Run;

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

impl Run {
    /// Somebody pays to an address that is empty.
    pub(crate) fn fund(&mut self, address: Address) {
        if self.stage.devnet.token_balance(address) == TokenUnits(0)
            && self.stage.with(|state| state.random.percent(80))
        {
            let units = self.stage.with(|state| 1_000_000 + state.random.below(100_000_000));
            self.stage.devnet.mint(address, TokenUnits(u128::from(units)));
        }
    }

    /// A payer will make a transfer within so many steps.
    pub(crate) fn intend(
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
    pub(crate) fn pay(&mut self) {
        let fresh = self.stage.with(|state| std::mem::take(&mut state.delivered));
        for order in fresh {
            let (from, to, tokens, dice) = match self.news_of(order) {
                Some(news) => news,
                None => continue,
            };
            let promised_by = Some(order).filter(|_| self.is_calm && tokens > TokenUnits(0));
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

    /// What an address has sent that no block holds yet.
    fn under_way(&mut self, from: Address) -> u128 {
        let devnet = &self.stage.devnet;
        let now = devnet.now_ms();
        self.under_way
            .retain(|sent| sent.until > now && payers::receipt(devnet, sent.txid).is_none());
        self.under_way.iter().filter(|sent| sent.from == from).map(|sent| sent.amount).sum()
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
        let payer = &self.world.payers[intention.payer];
        let sent =
            payers::transfer(&self.stage, payer, intention.to, TokenUnits(u128::from(amount)));
        let text = format!("{address} transfers {amount} to {}: {sent:?}", intention.to);
        self.stage.with(|state| {
            state.note(None, text);
            state.disturb(address);
            // What fails, or comes beside another, uses what was lent for something else.
            if promised_by.is_none() {
                state.wasteful.insert(address);
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
}

/// Whether a policy placed it.
const fn is_refill(order: &Order) -> bool {
    matches!(order.origin, Origin::CountPolicy(_) | Origin::AutoPolicy(_))
}
