//! Place an order: read the chain, then hold, order, legs and outbox row in one commit.

use domain::batch::{BatchEvent, RowState, step as step_batch};
use domain::collect::{BurnFees, ChainTotals, Need, Reading, Scene};
use domain::order::leftover::leftovers;
use domain::order::step::{self, NewOrder, Offer, Refused, accept};
use domain::pool::WalletRole;
use domain::{KeyId, MerchantId, Order, OrderId, Origin, Period, UnixMillis};
use futures::future::try_join_all;
use node::NodeError;
use tron::{Address, Bandwidth, Energy, Resource, Sun};

use crate::App;
use crate::answers::{Before, RepeatRefused, known};
use crate::batch_rows::{BatchChanges, BatchNeeds, PlacedRow, RowChange};
use crate::chain_view::burn_fees;
use crate::keep_batches::is_next;
use crate::ports::StoreError;
use crate::read_receiver::{ReceiverRefused, read_account, read_receiver};
use crate::rows::{Attention, Changes, Merchant, Needs, NewAnswers, Remembered, RequestKeys, Rows};
use crate::work::commit;

/// What an order is to be about.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// Everything that one token transfer lacks.
    Collection {
        /// Where the tokens are to go, if named.
        recipient: Option<Address>,
        /// What to assume of the recipient.
        scene: Scene,
    },
    /// Energy for a period.
    Energy {
        /// How much.
        energy: Energy,
        /// For how long.
        period: Period,
        /// Whether a receiver that does not exist is activated, for its price.
        activates: bool,
        /// Whether leftovers of the pool at the receiver are taken back first.
        is_exclusive: bool,
    },
}

/// What is asked for, already authenticated and well-formed.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that signed, or that made the policy.
    pub key: KeyId,
    /// Where it comes from.
    pub origin: Origin,
    /// The address that is to get the resources.
    pub receiver: Address,
    /// What it is to be about.
    pub wanted: Wanted,
    /// The merchant's own label.
    pub reference: Option<String>,
    /// Whether a second order with the same reference is refused.
    pub is_reference_strict: bool,
    /// Where to post the outcome; the merchant's default otherwise.
    pub callback_url: Option<String>,
    /// What makes a repeat of the request harmless; `None` for an order that no request placed.
    pub request: Option<RequestKeys>,
    /// The row of a batch that it is placed for.
    pub row: Option<PlacedRow>,
}

/// What the chain said for an order.
#[derive(Clone, Debug)]
struct Site {
    reading: Reading,
    totals: ChainTotals,
    wanted: step::Wanted,
    /// What the chain would burn for what is missing.
    fees: BurnFees,
    /// Energy stake that the chain shows lenders to have at the receiver, if that is asked for.
    shown: Vec<(Address, Sun)>,
}

/// Why an order is not placed. Nothing has changed, nothing was charged.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlaceRefused {
    /// The receiver cannot be served or read.
    #[error(transparent)]
    Receiver(#[from] ReceiverRefused),
    /// No block was read yet.
    #[error("the chain was not read yet")]
    ChainUnknown,
    /// The rules refuse it.
    #[error(transparent)]
    Rules(#[from] Refused),
    /// The merchant is gone.
    #[error("the merchant does not exist")]
    NoMerchant,
    /// It repeats a request that is not this one.
    #[error(transparent)]
    Repeat(#[from] RepeatRefused),
    /// The reference was used before, and the key is set to strict.
    #[error("order {0} has this reference already")]
    ReferenceTaken(OrderId),
    /// The row of the batch does not wait any more, or its batch does not run.
    #[error("the row does not wait for an order")]
    RowTaken,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Places an order, or repeats the answer to the same request.
    ///
    /// Shape: at most four node requests, two deep, and one commit; one request a lender more where
    /// leftovers are to be taken back. Errors: [`PlaceRefused`]; nothing has changed then.
    pub async fn place_order(&self, place: PlaceOrder) -> Result<Order, PlaceRefused> {
        let site = match self.read_for_order(&place).await {
            Ok(site) => site,
            Err(refused) => return self.refuse_unless_known(place, refused).await,
        };
        match self.commit_order(place, site).await? {
            Placed::New(order) => {
                self.order_bell.notify_one();
                Ok(*order)
            }
            Placed::Before(before) => self.repeat(before).await,
        }
    }

    async fn read_for_order(&self, place: &PlaceOrder) -> Result<Site, PlaceRefused> {
        let view = self.view.get().ok_or(PlaceRefused::ChainUnknown)?;
        let (node, receiver) = (&*self.cached_node, place.receiver);
        let fees = burn_fees(&view.parameters);
        match place.wanted {
            Wanted::Collection { recipient, scene } => {
                let target = (receiver, recipient, scene);
                let read = read_receiver(node, &self.settings, &view, target).await?;
                let (token_amount, scene) = (read.token_amount, read.scene);
                let wanted = step::Wanted::Collection { recipient, token_amount, scene };
                let (reading, totals) = (read.reading, read.totals);
                Ok(Site { reading, totals, wanted, fees, shown: Vec::new() })
            }
            Wanted::Energy { energy, period, activates, is_exclusive } => {
                let reading = read_account(node, &view, receiver).await?;
                let bandwidth = Bandwidth::ZERO;
                let wanted = step::Wanted::Energy { energy, bandwidth, period, activates };
                let shown = match is_exclusive && reading.exists {
                    true => self.lent_to(receiver).await?,
                    false => Vec::new(),
                };
                Ok(Site { reading, totals: view.totals, wanted, fees, shown })
            }
        }
    }

    /// Energy stake that the chain shows each lender to have at a receiver.
    async fn lent_to(&self, receiver: Address) -> Result<Vec<(Address, Sun)>, PlaceRefused> {
        let (pool, _) = self.store.pool().await?;
        let lenders = pool.wallets.into_iter().filter(|wallet| wallet.role == WalletRole::Lender);
        let reads = lenders.map(|wallet| async move {
            let records = self.node.delegated(wallet.address, receiver).await?;
            let shown = records.iter().map(|record| record.amount(Resource::Energy)).sum();
            Ok::<_, NodeError>((wallet.address, shown))
        });
        Ok(try_join_all(reads).await?)
    }

    async fn commit_order(&self, place: PlaceOrder, site: Site) -> Result<Placed, PlaceRefused> {
        let reference = place.reference.clone().filter(|_| place.is_reference_strict);
        // One moment for all of it: what is spent counts on the day whose cap was asked for.
        let now = self.clock.now();
        let needs = Needs {
            merchant: Some(place.merchant),
            spend: Some((place.key, now.day_utc8())),
            reference,
            answers: place.request.clone(),
            receiver: Some(place.receiver),
            pool: true,
            batch: place.row.map(|row| BatchNeeds {
                batch: row.batch,
                row: Some(row.number),
                left: false,
            }),
            lease: place.row.map(|row| row.lease),
            ..Needs::default()
        };
        let (app, id) = (self.clone(), self.ids.order_id(now));
        let decide = move |rows: &Rows| app.decide_order(&place, &site, (id, now), rows);
        commit(&*self.store, needs, decide).await?
    }

    fn decide_order(
        &self,
        place: &PlaceOrder,
        site: &Site,
        (id, now): (OrderId, UnixMillis),
        rows: &Rows,
    ) -> Result<(Changes, Placed), PlaceRefused> {
        if let Some(before) = known_if(rows, place.request.as_ref(), now)? {
            return Ok((before.changes(), Placed::Before(before.answer)));
        }
        if let Some(request) = &place.request {
            self.check_not_late(request, self.clock.now())?;
        }
        if place.row.is_some_and(|row| !is_next(rows, &row)) {
            return Err(PlaceRefused::RowTaken);
        }
        let merchant = permitted(rows)?;
        // The order of an earlier try of the same row is none that it could be mistaken for.
        let taken = rows.by_reference.filter(|taken| rows.batch.placed_before != Some(*taken));
        if let Some(taken) = taken {
            return Err(PlaceRefused::ReferenceTaken(taken));
        }
        let new = NewOrder {
            id,
            merchant: place.merchant,
            key: place.key,
            origin: place.origin,
            receiver: place.receiver,
            wanted: site.wanted,
            reference: place.reference.clone(),
            callback_url: place.callback_url.clone().or_else(|| merchant.callback_url.clone()),
            now,
        };
        let offer = Offer {
            reading: site.reading,
            totals: site.totals,
            prices: rows.prices.over(&self.settings.prices),
            available: merchant.available,
            is_paused: merchant.is_paused,
            spend: rows.spend,
            others: &rows.others,
            leftovers: &leftovers(&site.shown, &rows.others, &site.totals),
            pool: &rows.pool,
            limits: &self.settings.limits,
        };
        let decision = accept(new, &offer)?;
        let order = decision.whole.order.clone();
        let request = place.request.clone();
        let batch = place.row.map(|row| Box::new(placed_row(rows, &row, &order, &site.fees)));
        let changes = Changes {
            batch,
            whole: Some(decision.whole),
            ledger: decision.ledger,
            wallets: decision.wallets,
            answers: request.map(|request| NewAnswers {
                request,
                answer: Remembered::Order(id),
                at: now,
                is_resend: false,
            }),
            attention: Some((id, Attention::At(decision.due))),
            ..Changes::default()
        };
        Ok((changes, Placed::New(Box::new(order))))
    }

    /// A request that cannot be served now may have been served before: then it gets that answer.
    /// Otherwise a paused merchant hears that first, whatever else is in the way.
    async fn refuse_unless_known(
        &self,
        place: PlaceOrder,
        refused: PlaceRefused,
    ) -> Result<Order, PlaceRefused> {
        if let Some(request) = &place.request
            && let Some(before) = self.known_before(request).await??
        {
            return self.repeat(before).await;
        }
        let needs = Needs { merchant: Some(place.merchant), ..Needs::default() };
        let decide = move |rows: &Rows| -> Result<(Changes, Order), PlaceRefused> {
            Err(permitted(rows).err().unwrap_or_else(|| refused.clone()))
        };
        commit(&*self.store, needs, decide).await?
    }

    async fn repeat(&self, before: Remembered) -> Result<Order, PlaceRefused> {
        let Remembered::Order(order) = before else {
            return Err(StoreError::Broken("an order was answered in bytes".to_owned()).into());
        };
        let view = self.store.order_view(order).await?;
        view.map(|view| view.whole.order).ok_or_else(|| {
            StoreError::Broken(format!("order {order} has an answer but no row")).into()
        })
    }
}

/// What came of a commit: a new order, or what the same request was answered with before.
enum Placed {
    New(Box<Order>),
    Before(Remembered),
}

/// The row as it is once its order is placed; what was in its batch's way is gone then.
fn placed_row(rows: &Rows, row: &PlacedRow, order: &Order, fees: &BurnFees) -> BatchChanges {
    let need =
        Need { activation: order.has_activation, bandwidth: order.bandwidth, energy: order.energy };
    let change = RowChange {
        number: row.number,
        attempt: row.attempt,
        state: RowState::Placed(order.id),
        burn: Some(need.burn_cost(fees)),
    };
    let batch = rows.batch.batch.as_ref();
    let batch =
        batch.and_then(|batch| step_batch(batch, BatchEvent::Unhindered, order.created).ok());
    BatchChanges { batch, row: Some(change), ..BatchChanges::of(row.batch) }
}

/// The merchant, if it may order at all.
fn permitted(rows: &Rows) -> Result<&Merchant, PlaceRefused> {
    let merchant = rows.merchant.as_ref().ok_or(PlaceRefused::NoMerchant)?;
    if merchant.is_paused { Err(Refused::MerchantPaused.into()) } else { Ok(merchant) }
}

/// What answered this very request before, if it can be repeated at all.
fn known_if(
    rows: &Rows,
    request: Option<&RequestKeys>,
    now: UnixMillis,
) -> Result<Option<Before>, RepeatRefused> {
    request.map_or(Ok(None), |request| known(&rows.answers, request, now))
}

impl From<NodeError> for PlaceRefused {
    fn from(error: NodeError) -> Self {
        Self::Receiver(ReceiverRefused::Unreadable(error))
    }
}
