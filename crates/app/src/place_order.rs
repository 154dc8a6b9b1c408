//! Place an order: read the chain, then hold, order, legs and outbox row in one commit.

use domain::order::step::{NewOrder, Offer, Refused, accept};
use domain::{KeyId, MerchantId, Order, OrderId, collect::Scene};
use node::NodeError;
use tron::Address;

use crate::App;
use crate::ports::StoreError;
use crate::read_receiver::{Receiver, ReceiverRefused, read_receiver};
use crate::rows::{
    Attention, Changes, Merchant, Needs, NewAnswers, RequestKeys, Rows, StoredAnswers,
};
use crate::work::commit;

/// What a merchant asks for, already authenticated and well-formed.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that signed.
    pub key: KeyId,
    /// The address that is to make a transfer.
    pub receiver: Address,
    /// Where its tokens are to go, if named.
    pub recipient: Option<Address>,
    /// What to assume of the recipient.
    pub scene: Scene,
    /// The merchant's own label.
    pub reference: Option<String>,
    /// Whether a second order with the same reference is refused.
    pub is_reference_strict: bool,
    /// Where to post the outcome; the merchant's default otherwise.
    pub callback_url: Option<String>,
    /// What makes a repeat of this request harmless.
    pub request: RequestKeys,
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
    /// The signature was used on another path.
    #[error("this signed request was sent to another path before")]
    ReplayedElsewhere,
    /// The reference was used before, and the key is set to strict.
    #[error("order {0} has this reference already")]
    ReferenceTaken(OrderId),
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Places an order, or repeats the answer to the same request.
    ///
    /// Shape: at most four node requests, two deep, and one commit.
    /// Errors: [`PlaceRefused`]; nothing has changed then.
    pub async fn place_order(&self, place: PlaceOrder) -> Result<Order, PlaceRefused> {
        let receiver = match self.read_for_order(&place).await {
            Ok(receiver) => receiver,
            Err(refused) => return self.refuse_unless_known(place, refused).await,
        };
        let placed = self.commit_order(place, receiver).await?;
        match placed {
            Placed::New(order) => {
                self.order_bell.notify_one();
                Ok(*order)
            }
            Placed::Before(order) => self.repeat(order).await,
        }
    }

    async fn read_for_order(&self, place: &PlaceOrder) -> Result<Receiver, PlaceRefused> {
        let view = self.view.get().ok_or(PlaceRefused::ChainUnknown)?;
        let target = (place.receiver, place.recipient, place.scene);
        Ok(read_receiver(&*self.cached_node, &self.settings, &view, target).await?)
    }

    async fn commit_order(
        &self,
        place: PlaceOrder,
        receiver: Receiver,
    ) -> Result<Placed, PlaceRefused> {
        let reference = place.reference.clone().filter(|_| place.is_reference_strict);
        let needs = Needs {
            merchant: Some(place.merchant),
            reference,
            answers: Some(place.request.clone()),
            receiver: Some(place.receiver),
            pool: true,
            ..Needs::default()
        };
        let (app, now) = (self.clone(), self.clock.now());
        let id = self.ids.order_id(now);
        let decide = move |rows: &Rows| app.decide_order(&place, &receiver, id, rows);
        commit(&*self.store, needs, decide).await?
    }

    fn decide_order(
        &self,
        place: &PlaceOrder,
        receiver: &Receiver,
        id: OrderId,
        rows: &Rows,
    ) -> Result<(Changes, Placed), PlaceRefused> {
        if let Some(before) = known(rows.answers, &place.request)? {
            return Ok((Changes::default(), Placed::Before(before)));
        }
        let merchant = permitted(rows)?;
        if let Some(taken) = rows.by_reference {
            return Err(PlaceRefused::ReferenceTaken(taken));
        }
        let now = self.clock.now();
        let new = NewOrder {
            id,
            merchant: place.merchant,
            key: place.key,
            receiver: place.receiver,
            recipient: place.recipient,
            token_amount: receiver.token_amount,
            scene: receiver.scene,
            reference: place.reference.clone(),
            callback_url: place.callback_url.clone().or_else(|| merchant.callback_url.clone()),
            now,
        };
        let offer = Offer {
            reading: receiver.reading,
            totals: receiver.totals,
            prices: self.settings.prices,
            available: merchant.available,
            is_paused: merchant.is_paused,
            others: &rows.others,
            pool: &rows.pool,
            limits: &self.settings.limits,
        };
        let decision = accept(new, &offer)?;
        let order = decision.whole.order.clone();
        let answers = NewAnswers { request: place.request.clone(), order: id, at: now };
        let changes = Changes {
            whole: Some(decision.whole),
            ledger: decision.ledger,
            wallets: decision.wallets,
            answers: Some(answers),
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
        if let Some(before) = known(self.store.answers(&place.request).await?, &place.request)? {
            return self.repeat(before).await;
        }
        let needs = Needs { merchant: Some(place.merchant), ..Needs::default() };
        let decide = move |rows: &Rows| -> Result<(Changes, Order), PlaceRefused> {
            Err(permitted(rows).err().unwrap_or_else(|| refused.clone()))
        };
        commit(&*self.store, needs, decide).await?
    }

    async fn repeat(&self, order: OrderId) -> Result<Order, PlaceRefused> {
        let view = self.store.order_view(order).await?;
        view.map(|view| view.whole.order).ok_or_else(|| {
            StoreError::Broken(format!("order {order} has an answer but no row")).into()
        })
    }
}

/// What came of a commit: a new order, or the one that the same request placed before.
enum Placed {
    New(Box<Order>),
    Before(OrderId),
}

/// The merchant, if it may order at all.
fn permitted(rows: &Rows) -> Result<&Merchant, PlaceRefused> {
    let merchant = rows.merchant.as_ref().ok_or(PlaceRefused::NoMerchant)?;
    if merchant.is_paused { Err(Refused::MerchantPaused.into()) } else { Ok(merchant) }
}

/// The order that this very request placed before.
fn known(answers: StoredAnswers, request: &RequestKeys) -> Result<Option<OrderId>, PlaceRefused> {
    if let Some((order, route)) = answers.replay {
        return match route == request.route {
            true => Ok(Some(order)),
            false => Err(PlaceRefused::ReplayedElsewhere),
        };
    }
    match (answers.resend, &request.idempotency) {
        (Some((order, hash)), Some(key)) if hash == key.request => Ok(Some(order)),
        (Some(_), _) => Err(PlaceRefused::KeyReused),
        (None, _) => Ok(None),
    }
}

impl From<NodeError> for PlaceRefused {
    fn from(error: NodeError) -> Self {
        Self::Receiver(ReceiverRefused::Unreadable(error))
    }
}
