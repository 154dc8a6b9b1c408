//! Accepting an order: the need is priced, the money held and the pool's capacity reserved.

use tron::{Address, Sun, TokenUnits};

use super::{Decision, Refused, WalletChange};
use crate::collect::{ChainTotals, Reading, Scene, plan_legs};
use crate::id::{KeyId, LegId, MerchantId, OrderId};
use crate::ledger::facts::order_held;
use crate::leg::{Leg, LegState};
use crate::limits::OrderLimits;
use crate::order::whole::commitments;
use crate::order::{Order, OrderState, WholeOrder};
use crate::pool::Pool;
use crate::pricing::{Prices, price};
use crate::time::UnixMillis;

/// Most orders that may be open on one receiver.
pub(crate) const OPEN_ORDERS_MAX: usize = 20;

/// What the merchant asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// A fresh identity.
    pub id: OrderId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that placed it.
    pub key: KeyId,
    /// The address that is to make a transfer.
    pub receiver: Address,
    /// Where its tokens are to go, if named.
    pub recipient: Option<Address>,
    /// Tokens that it holds.
    pub token_amount: TokenUnits,
    /// The scene to execute.
    pub scene: Scene,
    /// The merchant's own label.
    pub reference: Option<String>,
    /// Where to post the outcome.
    pub callback_url: Option<String>,
    /// When it is accepted.
    pub now: UnixMillis,
}

/// What it is accepted against.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// What the chain says about the receiver.
    pub reading: Reading,
    /// The network's totals.
    pub totals: ChainTotals,
    /// The merchant's prices.
    pub prices: Prices,
    /// What the merchant can spend.
    pub available: Sun,
    /// Whether the merchant is paused.
    pub is_paused: bool,
    /// The other live orders on the receiver.
    pub others: &'a [WholeOrder],
    /// The pool.
    pub pool: &'a Pool,
    /// The operator's limits.
    pub limits: &'a OrderLimits,
}

/// Accepts an order, or says why not.
///
/// Errors: in this order: paused, a pool wallet, too many open, funds, capacity.
pub fn accept(new: NewOrder, offer: &Offer<'_>) -> Result<Decision, Refused> {
    if offer.is_paused {
        return Err(Refused::MerchantPaused);
    }
    if offer.pool.wallets.iter().any(|wallet| wallet.address == new.receiver) {
        return Err(Refused::ReceiverIsPool);
    }
    let open = offer.others.iter().filter(|other| other.order.is_open()).count();
    if open >= OPEN_ORDERS_MAX {
        return Err(Refused::TooManyOpen { open });
    }
    let need = offer.reading.need(&commitments(offer.others, &offer.totals));
    let price = price(&need, &offer.prices).ok_or(Refused::PriceOutOfRange)?;
    if price > offer.available {
        return Err(Refused::InsufficientFunds { have: offer.available, need: price });
    }
    let mut pool = offer.pool.clone();
    let planned = plan_legs(&need, &offer.totals, offer.limits.energy_margin_ppm, &mut pool)?;
    let legs = number_legs(new.id, 0, planned);
    let ledger = match price {
        Sun::ZERO => Vec::new(),
        price => vec![order_held(new.id, new.merchant, price, new.now)],
    };
    let order = Order {
        id: new.id,
        merchant: new.merchant,
        key: new.key,
        receiver: new.receiver,
        recipient: new.recipient,
        token_amount: new.token_amount,
        scene: new.scene,
        reference: new.reference,
        callback_url: new.callback_url,
        transfer_energy: offer.reading.transfer_energy,
        energy: need.energy,
        bandwidth: need.bandwidth,
        has_activation: need.activation,
        price,
        balance_after: offer.available - price,
        state: OrderState::Filling,
        created: new.now,
        ready: None,
        used: None,
        used_by: None,
        ended: None,
    };
    Ok(Decision {
        whole: WholeOrder { order, legs, txs: Vec::new() },
        ledger,
        callback: None,
        wallets: WalletChange::between(offer.pool, &pool),
        due: new.now,
    })
}

/// Planned legs, numbered after those that the order already has.
pub(super) fn number_legs(
    order: OrderId,
    existing: usize,
    planned: Vec<(Address, crate::leg::LegKind)>,
) -> Vec<Leg> {
    planned
        .into_iter()
        .zip(existing + 1..)
        .map(|((owner, kind), number)| Leg {
            id: LegId {
                order,
                number: u8::try_from(number).expect("ORDER_LEGS_MAX is far below 256"),
            },
            kind,
            owner,
            state: LegState::Planned,
            included_at: None,
            returned_at: None,
        })
        .collect()
}
