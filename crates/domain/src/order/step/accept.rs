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
use crate::pricing::{PriceList, UnitPrices};
use crate::time::UnixMillis;

/// Most orders on one receiver whose use may be to come: those that were stopped count until they end.
pub(crate) const OPEN_ORDERS_MAX: usize = 20;
/// Most orders on one receiver that may be live at all, those that were used and are not solid yet, or wait
/// for another one to give back what they lent, too: each decision about one of them reads all.
pub(crate) const LIVE_ORDERS_MAX: usize = 200;

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
    admit(new.receiver, offer.pool, offer.others)?;
    let grounds = Grounds {
        reading: offer.reading,
        totals: offer.totals,
        prices: offer.prices,
        others: offer.others,
    };
    let Priced { kind, need, price, unit_prices } =
        price_order(new.receiver, new.wanted, &grounds)?;
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
        unit_prices,
        balance_after: offer.available - price,
        state: OrderState::Filling,
        created: new.now,
        ready: None,
        used: None,
        used_by: None,
        undone_by: None,
        undone_until: None,
        stopped: None,
        ended: None,
        part_refunded: Sun::ZERO,
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

/// Whether an order may be for this receiver at all.
///
/// `others` are all live orders on it. Errors: it is a pool wallet, or too many orders are open on it.
pub fn admit(receiver: Address, pool: &Pool, others: &[WholeOrder]) -> Result<(), Refused> {
    if pool.wallets.iter().any(|wallet| wallet.address == receiver) {
        return Err(Refused::ReceiverIsPool);
    }
    if others.len() >= LIVE_ORDERS_MAX {
        return Err(Refused::TooManyOpen { open: others.len() });
    }
    let open = others.iter().filter(|other| other.order.is_unused()).count();
    if open >= OPEN_ORDERS_MAX { Err(Refused::TooManyOpen { open }) } else { Ok(()) }
}

/// What need and price are found from.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// What the chain says about the receiver.
    pub reading: Reading,
    /// The network's totals.
    pub totals: ChainTotals,
    /// The merchant's prices.
    pub prices: PriceList,
    /// The other live orders on the receiver.
    pub others: &'a [WholeOrder],
}

/// What an order is about, what it needs, and what that costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Priced {
    /// What it is about.
    pub kind: OrderKind,
    /// What the receiver lacks.
    pub need: Need,
    /// What the order costs.
    pub price: Sun,
    /// What each unit of it costs.
    pub unit_prices: UnitPrices,
}

/// What an order needs and costs, whether it is placed or not.
///
/// Errors: the receiver does not exist and its activation was not bought; the price is out of range.
pub fn price_order(
    receiver: Address,
    wanted: Wanted,
    grounds: &Grounds<'_>,
) -> Result<Priced, Refused> {
    let Grounds { reading, totals, prices, others } = grounds;
    let commitments = commitments(others, totals);
    let (kind, need, price) = match wanted {
        Wanted::Collection { recipient, token_amount, scene } => {
            let transfer_energy = reading.transfer_energy;
            let collection = Collection { recipient, token_amount, scene, transfer_energy };
            let need = reading.need(&commitments);
            (OrderKind::Collection(collection), need, prices.collection(&need))
        }
        Wanted::Energy { energy, bandwidth, period, activates } => {
            let activation = !reading.exists && !commitments.is_activating;
            if activation && !activates {
                return Err(Refused::ReceiverInactive { receiver });
            }
            let need = Need { activation, bandwidth, energy };
            let price = prices.energy_order(&need, period);
            (OrderKind::Energy { period }, need, price)
        }
    };
    let unit_prices = prices.unit_prices(kind.period());
    Ok(Priced { kind, need, price: price.ok_or(Refused::PriceOutOfRange)?, unit_prices })
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
