//! What is known of the database while works are done together: the rows that they need, read in one go
//! and kept equal to what each of them writes, so that the next one need not ask.
//!
//! Whoever holds the turn to write is the only one who changes these rows, so that what is known stays
//! true until the turn ends.

use std::collections::{BTreeSet, HashMap};

use app::rows::{Idempotency, Lease, Merchant, Needs, NewAnswers, OutboxKind, Remembered};
use app::rows::{RequestKeys, Rows, StoredAnswers, WatchedBlock};
use domain::key::KeySpend;
use domain::order::step::WalletChange;
use domain::pool::Pool;
use domain::price_overrides::PriceOverrides;
use domain::{Day, KeyId, MerchantId, OrderId, UnixMillis, WholeOrder};
use tron::{Address, Sun};

/// An answer as it is remembered, with the hash of what was asked.
type Answer = Option<(Remembered, [u8; 32])>;
/// What an answer to an exact copy is found by.
type ReplayKey = (i64, KeyId, [u8; 32]);

/// A row of the outbox that somebody has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) fence: i64,
    pub(crate) nudges: i64,
    pub(crate) due_ms: i64,
}

/// Where the ledger ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) entries: i64,
    pub(crate) posted_ms: i64,
}

/// Rows as they are by now. What is not in it was not asked for; a `None` in it is not there.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Their balances are those of `balances`.
    pub(crate) merchants: HashMap<MerchantId, Option<Merchant>>,
    pub(crate) prices: HashMap<MerchantId, PriceOverrides>,
    pub(crate) spends: HashMap<(KeyId, Day), KeySpend>,
    pub(crate) newest: HashMap<(MerchantId, String), Option<OrderId>>,
    pub(crate) replays: HashMap<ReplayKey, Answer>,
    pub(crate) resends: HashMap<(KeyId, String), Answer>,
    pub(crate) orders: HashMap<OrderId, Option<WholeOrder>>,
    /// All the live orders on an address; all of them are in `orders`.
    pub(crate) live: HashMap<Address, BTreeSet<OrderId>>,
    pub(crate) pool: Option<Pool>,
    /// The block up to which orders know the chain, which no work changes.
    pub(crate) told: Option<Option<WatchedBlock>>,
    /// By kind and number of the merchant, as rows have them.
    pub(crate) balances: HashMap<(u8, i64), i64>,
    pub(crate) head: Option<Head>,
    /// A row that nobody has is `None`, be it there or not.
    pub(crate) held: HashMap<(OutboxKind, [u8; 16]), Option<Held>>,
}

/// Whether all of it is read ahead: a work that needs more is done for itself.
pub(crate) const fn covers(needs: &Needs) -> bool {
    // Without "..", so that whoever adds a need decides here.
    let Needs {
        merchant: _,
        spend: _,
        reference: _,
        answers: _,
        order: _,
        receiver: _,
        pool: _,
        told: _,
        lease: _,
        key,
        policy,
        counted,
        policy_lease,
        admin,
        batch,
        transfer,
        activated,
        outlays,
        scanned,
    } = needs;
    let is_more = policy.is_some() || counted.is_some() || admin.is_some() || batch.is_some();
    let is_about_policy = policy_lease.is_some() || key.is_some();
    let is_about_transfer = transfer.is_some() || activated.is_some() || *outlays;
    !(is_more || is_about_policy || is_about_transfer || *scanned)
}

impl Known {
    /// What a work needs, if all of it is known.
    pub(crate) fn rows(&self, needs: &Needs) -> Option<Rows> {
        let mut rows = Rows::default();
        if let Some(id) = needs.merchant {
            rows.merchant = self.merchant(id)?;
            rows.prices = self.prices.get(&id)?.clone();
        }
        if let Some(spend) = needs.spend {
            rows.spend = *self.spends.get(&spend)?;
        }
        if let Some((merchant, reference)) = needs.merchant.zip(needs.reference.clone()) {
            rows.by_reference = *self.newest.get(&(merchant, reference))?;
        }
        if let Some(request) = &needs.answers {
            rows.answers = self.answers(request)?;
        }
        if let Some(id) = needs.order {
            rows.whole = self.orders.get(&id)?.clone();
        }
        let receiver = rows.whole.as_ref().map(|whole| whole.order.receiver).or(needs.receiver);
        if let Some(receiver) = receiver {
            let others = self.live.get(&receiver)?.iter();
            let others =
                others.filter(|id| rows.whole.as_ref().is_none_or(|one| one.order.id != **id));
            rows.others = others.map(|id| self.orders.get(id)?.clone()).collect::<Option<_>>()?;
        }
        if needs.pool {
            rows.pool = self.pool.clone()?;
        }
        if needs.told {
            rows.told = self.told?;
        }
        Some(rows)
    }

    fn merchant(&self, id: MerchantId) -> Option<Option<Merchant>> {
        let balance = |kind| self.balances.get(&(kind, id.0)).copied().map(Sun::new);
        Some(match self.merchants.get(&id)? {
            Some(known) => {
                let (available, held) = (balance(1)?, balance(2)?);
                Some(Merchant { available, held, ..known.clone() })
            }
            None => None,
        })
    }

    fn answers(&self, request: &RequestKeys) -> Option<StoredAnswers> {
        let replay = self.replays.get(&replay_key(request))?.clone();
        let resend = match &request.idempotency {
            Some(key) => self.resends.get(&resend_key(request, key))?.clone(),
            None => None,
        };
        Some(StoredAnswers { replay, resend })
    }

    /// Whether a lease is still held; `None` when that was not asked for.
    pub(crate) fn is_held(&self, lease: &Lease) -> Option<bool> {
        let held = self.held.get(&(lease.kind, lease.subject))?;
        Some(held.is_some_and(|held| held.fence == lease.fence))
    }

    /// Ends a lease that is held, and returns the row as it was.
    pub(crate) fn let_go(&mut self, lease: &Lease) -> Option<Held> {
        let held = self.held.get_mut(&(lease.kind, lease.subject))?;
        held.filter(|held| held.fence == lease.fence)?;
        held.take()
    }

    /// A row is wanted at this moment at the latest.
    pub(crate) fn want(&mut self, kind: OutboxKind, subject: [u8; 16], due: UnixMillis) {
        if let Some(Some(held)) = self.held.get_mut(&(kind, subject)) {
            held.nudges += 1;
            held.due_ms = held.due_ms.min(due.0);
        }
    }

    /// An order is from now on as it is here.
    pub(crate) fn put(&mut self, whole: &WholeOrder) {
        let order = &whole.order;
        let label = order.reference.clone().map(|reference| (order.merchant, reference));
        if let Some(newest) = label.and_then(|label| self.newest.get_mut(&label)) {
            *newest = (*newest).max(Some(order.id));
        }
        self.orders.insert(order.id, Some(whole.clone()));
    }

    /// Marks a known order as live or not; `Some(false)` when it is that already.
    pub(crate) fn set_live(&mut self, id: OrderId, is_live: bool) -> Option<bool> {
        let receiver = self.orders.get(&id)?.as_ref()?.order.receiver;
        let live = self.live.get_mut(&receiver)?;
        Some(if is_live { live.insert(id) } else { live.remove(&id) })
    }

    /// Which key placed an order, and when.
    pub(crate) fn placed(&self, id: OrderId) -> Option<(KeyId, UnixMillis)> {
        let order = &self.orders.get(&id)?.as_ref()?.order;
        Some((order.key, order.created))
    }

    /// Makes room for so many entries; where the ledger ends with them.
    pub(crate) fn advance(&mut self, count: i64, at: UnixMillis) -> Option<Head> {
        let head = self.head.as_mut()?;
        head.entries += count;
        head.posted_ms = head.posted_ms.max(at.0);
        Some(*head)
    }

    /// Moves a balance, and returns it.
    pub(crate) fn move_balance(&mut self, account: (u8, i64), amount: i64) -> Option<i64> {
        let balance = self.balances.get_mut(&account)?;
        *balance = balance.checked_add(amount)?;
        Some(*balance)
    }

    /// Counts what a key was charged, or given back.
    pub(crate) fn spend(&mut self, key: KeyId, day: Day, amount: Sun) {
        if let Some(spend) = self.spends.get_mut(&(key, day)) {
            spend.spent = spend.spent + amount;
        }
    }

    /// Moves a wallet; whether that leaves it as it may be.
    pub(crate) fn change_wallet(&mut self, change: &WalletChange) -> Option<bool> {
        let wallets = &mut self.pool.as_mut()?.wallets;
        let Some(wallet) = wallets.iter_mut().find(|one| one.address == change.address) else {
            return Some(false);
        };
        wallet.energy_reserved = wallet.energy_reserved + change.energy_reserved;
        wallet.energy_capacity = wallet.energy_capacity + change.energy_capacity;
        wallet.bandwidth_reserved = wallet.bandwidth_reserved + change.bandwidth_reserved;
        wallet.bandwidth_capacity = wallet.bandwidth_capacity + change.bandwidth_capacity;
        wallet.own_bandwidth += change.own_bandwidth;
        wallet.legs_open += change.legs_open;
        wallet.balance = wallet.balance + change.balance;
        Some(wallet.energy_reserved >= Sun::ZERO && wallet.bandwidth_reserved >= Sun::ZERO)
    }

    /// Remembers an answer.
    pub(crate) fn remember(&mut self, new: &NewAnswers) {
        let request = &new.request;
        self.replays.insert(replay_key(request), Some((new.answer.clone(), request.route)));
        if let Some(key) = &request.idempotency {
            let answer = Some((new.answer.clone(), key.request));
            self.resends.insert(resend_key(request, key), answer);
        }
    }
}

/// What an answer to an exact copy of a request is found by.
pub(crate) const fn replay_key(request: &RequestKeys) -> ReplayKey {
    (request.timestamp_secs, request.key, request.signature)
}

/// What an answer to a request with the same idempotency key is found by.
pub(crate) fn resend_key(request: &RequestKeys, key: &Idempotency) -> (KeyId, String) {
    (request.key, key.text.clone())
}
