//! Accepting an order: the need is priced, the money held and the pool's capacity reserved.

use tron::{Address, Bandwidth, Energy, Sun, TokenUnits};

use super::{Decision, Refused, WalletChange};
use crate::collect::{ChainTotals, Need, Reading, Scene, plan_legs};
use crate::id::{KeyId, LegId, MerchantId, OrderId};
use crate::key::KeySpend;
use crate::ledger::facts::order_held;
use crate::leg::{Leg, LegKind, LegState};
use crate::limits::OrderLimits;
use crate::order::whole::commitments;
use crate::order::{Collection, Order, OrderKind, OrderState, Origin, WholeOrder};
use crate::period::Period;
use crate::pool::Pool;
use crate::pricing::PriceList;
use crate::time::UnixMillis;

/// Most orders that may be open on one receiver.
pub(crate) const OPEN_ORDERS_MAX: usize = 20;

/// What an order is to be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Everything that one token transfer lacks.
    Collection {
        /// Where the tokens are to go, if named.
        recipient: Option<Address>,
        /// Tokens that the receiver holds.
        token_amount: TokenUnits,
        /// The scene to execute.
        scene: Scene,
    },
    /// Energy for a period.
    Energy {
        /// How much.
        energy: Energy,
        /// Bandwidth beside it, which a policy may see to.
        bandwidth: Bandwidth,
        /// For how long.
        period: Period,
        /// Whether a receiver that does not exist is activated, for its price.
        activates: bool,
    },
}

/// What the merchant asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// A fresh identity.
    pub id: OrderId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that placed it.
    pub key: KeyId,
    /// Where it comes from.
    pub origin: Origin,
    /// The address that is to get the resources.
    pub receiver: Address,
    /// What it is to be about.
    pub wanted: Wanted,
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
    pub prices: PriceList,
    /// What the merchant can spend.
    pub available: Sun,
    /// Whether the merchant is paused.
    pub is_paused: bool,
    /// What the key may still spend on this day.
    pub spend: KeySpend,
    /// The other live orders on the receiver.
    pub others: &'a [WholeOrder],
    /// Legs that take leftovers back first; see [`crate::order::leftover`].
    pub leftovers: &'a [(Address, LegKind)],
    /// The pool.
    pub pool: &'a Pool,
    /// The operator's limits.
    pub limits: &'a OrderLimits,
}

/// Accepts an order, or says why not.
///
/// Errors: in this order: paused, a pool wallet, too many open, not activated, the key's cap, funds,
/// capacity.
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
    let (kind, need, price) = priced(&new, offer)?;
    offer.spend.check(price)?;
    if price > offer.available {
        return Err(Refused::InsufficientFunds { have: offer.available, need: price });
    }
    let mut pool = offer.pool.clone();
    let planned = plan_legs(&need, &offer.totals, offer.limits.energy_margin_ppm, &mut pool)?;
    let mut legs = number_legs(new.id, 0, offer.leftovers.to_vec());
    legs.append(&mut number_legs(new.id, legs.len(), planned));
    let ledger = match price {
        Sun::ZERO => Vec::new(),
        price => vec![order_held(new.id, new.merchant, price, new.now)],
    };
    let order = Order {
        id: new.id,
        merchant: new.merchant,
        key: new.key,
        origin: new.origin,
        kind,
        receiver: new.receiver,
        reference: new.reference,
        callback_url: new.callback_url,
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
        stopped: None,
        ended: None,
    };
    let mut wallets = WalletChange::between(offer.pool, &pool);
    wallets.extend(WalletChange::of_open_legs(&[], &legs));
    Ok(Decision {
        whole: WholeOrder { order, legs, txs: Vec::new(), uses: Vec::new() },
        ledger,
        callback: None,
        wallets,
        due: new.now,
    })
}

/// What the order is about, what it needs, and what that costs.
fn priced(new: &NewOrder, offer: &Offer<'_>) -> Result<(OrderKind, Need, Sun), Refused> {
    let commitments = commitments(offer.others, &offer.totals);
    let (kind, need, price) = match new.wanted {
        Wanted::Collection { recipient, token_amount, scene } => {
            let transfer_energy = offer.reading.transfer_energy;
            let collection = Collection { recipient, token_amount, scene, transfer_energy };
            let need = offer.reading.need(&commitments, Energy::ZERO);
            (OrderKind::Collection(collection), need, offer.prices.collection(&need))
        }
        Wanted::Energy { energy, bandwidth, period, activates } => {
            let activation = !offer.reading.exists && !commitments.is_activating;
            if activation && !activates {
                return Err(Refused::ReceiverInactive { receiver: new.receiver });
            }
            let need = Need { activation, bandwidth, energy };
            let price = offer.prices.energy_order(&need, period);
            (OrderKind::Energy { period }, need, price)
        }
    };
    Ok((kind, need, price.ok_or(Refused::PriceOutOfRange)?))
}

/// Planned legs, numbered after those that the order already has. A leftover has its way out behind it.
pub(super) fn number_legs(
    order: OrderId,
    existing: usize,
    planned: Vec<(Address, LegKind)>,
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
            state: if kind.is_leftover() { LegState::Owed } else { LegState::Planned },
            included_at: None,
            returned_at: None,
        })
        .collect()
}
