//! Commit what happens to an order: state, ledger, pool, callback and outbox together.

use domain::order::next::{Moment, makes_way, rests_on_the_chain};
use domain::order::step::{Decision, Event, Refused, Surroundings, step};
use domain::policy::refill::policy_of;
use domain::{OrderId, Road, WholeOrder};

use crate::App;
use crate::admin_rows::AdminChanges;
use crate::ports::StoreError;
use crate::rows::{Attention, Changes, Lease, Needs, PolicyLease, Rows};
use crate::work::commit;

/// What a decision about an order rests on beside its rows.
#[derive(Default)]
pub(crate) struct Ground {
    /// The lease under which it is made; refused when that was taken over.
    pub(crate) lease: Option<Lease>,
    /// The same of a policy.
    pub(crate) policy_lease: Option<PolicyLease>,
    /// The newest block after what was read. A spoiled order is filled, and one that is late is read back,
    /// only when orders know the chain up to there.
    pub(crate) head: Option<i64>,
    /// The line in the log of the person who caused it.
    pub(crate) log: Option<AdminChanges>,
}

/// What came of an event.
pub(crate) struct Committed {
    pub(crate) decision: Decision,
    /// The other live orders on the receiver, for a lease's holder who goes on with the order at once.
    pub(crate) others: Option<Vec<WholeOrder>>,
}

impl App {
    /// Commits what an event decides: state, ledger, pool, callback and outbox together.
    ///
    /// Without a lease the order is nudged, so that a worker looks at it next.
    pub async fn apply(
        &self,
        order: OrderId,
        event: Event,
        lease: Option<Lease>,
    ) -> Result<Result<Decision, Refused>, StoreError> {
        self.apply_on(order, event, Ground { lease, ..Ground::default() }).await
    }

    /// The same on this ground.
    pub(crate) async fn apply_on(
        &self,
        order: OrderId,
        event: Event,
        ground: Ground,
    ) -> Result<Result<Decision, Refused>, StoreError> {
        let outcome = self.commit_event(order, event, ground).await?;
        Ok(outcome.map(|committed| committed.decision))
    }

    /// The same, with what the lease's holder needs to go on.
    pub(crate) async fn commit_event(
        &self,
        order: OrderId,
        event: Event,
        ground: Ground,
    ) -> Result<Result<Committed, Refused>, StoreError> {
        let Ground { lease, policy_lease, head, log } = ground;
        let told = head.is_some();
        // Only who was read back may have to be topped up.
        let pool = matches!(event, Event::Read(_));
        let needs =
            Needs { order: Some(order), pool, told, lease, policy_lease, ..Needs::default() };
        let app = self.clone();
        let decide = move |rows: &Rows| {
            let moment = app.view.moment(app.clock.now());
            let limits = &app.settings.limits;
            let rests = |whole: &WholeOrder| rests_on_the_chain(whole, &moment, limits);
            let rests = rows.whole.as_ref().is_some_and(rests);
            // Up to what was read, and up to the block whose time says that nothing comes again.
            let head = head.max(app.view.get().map(|view| view.head.number));
            if rests && fills(&event) && !knows_the_chain(rows, head) {
                return Err(Refused::NoChange);
            }
            let is_own = lease.is_some_and(|lease| lease.subject == order.0);
            let (changes, decision) = app.decide_event(event.clone(), is_own, moment, rows)?;
            let goes_on = is_own && decision.due <= moment.now;
            let others = goes_on.then(|| rows.others.clone());
            let changes = Changes { admin: log.clone().map(Box::new), ..changes };
            Ok((changes, Committed { decision, others }))
        };
        let outcome = commit(&*self.store, needs, decide).await?;
        if let Ok(Committed { decision, .. }) = &outcome {
            if decision.callback.is_some() {
                self.callback_bell.notify_one();
            }
            self.order_bell.notify_one();
            if policy_of(&decision.whole).is_some() {
                self.policy_bell.notify_one();
            }
        }
        Ok(outcome)
    }

    fn decide_event(
        &self,
        event: Event,
        is_leased: bool,
        moment: Moment,
        rows: &Rows,
    ) -> Result<(Changes, Decision), Refused> {
        let whole = rows.whole.as_ref().ok_or(Refused::Unknown)?;
        let around = Surroundings { others: &rows.others, moment, limits: &self.settings.limits };
        let decision = step(whole, event, &around, &rows.pool)?;
        let callback = decision.callback.clone().map(|event| {
            let body = self.format.callback_body(&event);
            (event, body)
        });
        let change = (whole, &decision.whole);
        let waited = |other: &&WholeOrder| makes_way(change, other, &moment, around.limits);
        let nudges = rows.others.iter().filter(waited).map(|other| other.order.id).collect();
        let policy = policy_of(&decision.whole).filter(|_| moves_policy(whole, &decision.whole));
        let policy_nudges = policy.map(|id| (id, self.clock.now())).into_iter().collect();
        let attention = (!is_leased).then_some((whole.order.id, Attention::At(decision.due)));
        let changes = Changes {
            whole: Some(decision.whole.clone()),
            ledger: decision.ledger.clone(),
            wallets: decision.wallets.clone(),
            callback,
            attention,
            nudges,
            policy_nudges,
            ..Changes::default()
        };
        Ok((changes, decision))
    }
}

/// Whether an event fills an order or gives that up.
///
/// One that is late may have been used while nobody looked, and nobody has told of that yet.
///
/// A spoiled order has lost its transfer to a fork, or is thought to have. While a fork or the block after
/// it is being told, what went back may be known and the transfer that comes again not yet: who fills it
/// then lends twice.
pub(crate) const fn fills(event: &Event) -> bool {
    match event {
        Event::Read(_) | Event::Tick => true,
        Event::Signed(tx) => matches!(tx.road, Road::Out),
        Event::Answered { .. }
        | Event::Included { .. }
        | Event::ReorgedOut(_)
        | Event::Lost(_)
        | Event::NothingToReturn(_)
        | Event::Used { .. }
        | Event::Consumed(_)
        | Event::Stopped
        | Event::Unused { .. }
        | Event::FailedAgain(_)
        | Event::UseProven(_) => false,
    }
}

/// Whether orders know everything that the chain shows up to this block.
fn knows_the_chain(rows: &Rows, head: Option<i64>) -> bool {
    head.zip(rows.told.as_ref()).is_some_and(|(head, told)| told.number >= head)
}

/// Whether what happened to a refill matters to its policy.
fn moves_policy(before: &WholeOrder, after: &WholeOrder) -> bool {
    before.order != after.order || before.uses != after.uses
}
