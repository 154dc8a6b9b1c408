//! One node process: its use cases, its watcher, and the work that it has under way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use app::chain_view::ChainView;
use app::fill_order::FillFailed;
use app::follow_transfer::FollowFailed;
use app::keep_policies::KeepFailed;
use app::place_order::{PlaceOrder, PlaceRefused};
use app::ports::StoreError;
use app::rows::{ExactAnswer, Lease, OutboxKind, PolicyLease};
use app::send_transfer::{SendRefused, SendTransfer};
use app::set_policies::{AskPolicy, AskRefused};
use app::stop_order::StopRefused;
use app::watch_chain::{WatchFailed, Watcher};
use app::{App, Settings};
use domain::{MerchantId, Order, OrderId, PolicyId};
use node::{CacheSettings, Cached, JsonNode, LossRule, NodeSettings, TronNode};
use store::SqlStore;
use tokio::sync::Notify;

use crate::gated_store::GatedStore;
use crate::gifts;
use crate::mutated_node::MutatedNode;
use crate::ports::{HotKeys, Merchants, StageClock, StageIds};
use crate::stage::Stage;
use crate::standing;
use crate::transport::StageTransport;
use crate::world::World;

/// What a process is told to do when it starts.
#[derive(Clone)]
pub(crate) struct Habits {
    pub(crate) settings: Settings,
    /// Whether its node is many nodes, some of which lag.
    pub(crate) may_lag: bool,
}

/// A process that runs.
pub(crate) struct Process {
    pub(crate) app: App,
    /// Absent while it looks at the chain.
    watcher: Option<Box<Watcher>>,
}

/// What came of a piece of work.
pub(crate) enum Done {
    Claimed(Result<Vec<Lease>, StoreError>),
    Filled(OrderId, Result<(), FillFailed>),
    Called(OrderId, Result<(), StoreError>),
    Watched(Box<Watcher>, Result<bool, WatchFailed>),
    Placed(usize, Box<Result<Order, PlaceRefused>>),
    Pruned(Result<usize, StoreError>),
    Stopped(OrderId, Result<(), StopRefused>),
    Given(usize, Result<ExactAnswer, SendRefused>),
    Followed(OrderId, Result<(), FollowFailed>),
    PoliciesClaimed(Result<Vec<PolicyLease>, StoreError>),
    Kept(PolicyId, Result<(), KeepFailed>),
    Asked(usize, Result<ExactAnswer, AskRefused>),
}

/// A piece of work under way.
pub(crate) struct Task {
    pub(crate) process: usize,
    pub(crate) order: Option<OrderId>,
    /// Set when it is polled for the first time.
    pub(crate) number: u64,
    future: Pin<Box<dyn Future<Output = Done>>>,
}

/// One step of a task.
pub(crate) enum Progress {
    Pending,
    Done(Done),
    Panicked(String),
}

impl Task {
    /// Lets it go on to its next pause.
    pub(crate) fn poll(&mut self) -> Progress {
        let mut context = Context::from_waker(Waker::noop());
        match catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(&mut context))) {
            Ok(Poll::Pending) => Progress::Pending,
            Ok(Poll::Ready(done)) => Progress::Done(done),
            Err(panic) => {
                let said = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Progress::Panicked(said.unwrap_or_default())
            }
        }
    }
}

impl Process {
    /// Starts one on this database.
    pub(crate) fn start(
        stage: &Arc<Stage>,
        index: usize,
        store: &Arc<SqlStore>,
        world: &World,
        habits: &Habits,
    ) -> Self {
        let transport =
            StageTransport { stage: Arc::clone(stage), process: index, may_lag: habits.may_lag };
        let node = JsonNode::new(
            transport,
            NodeSettings {
                // Virtual time: nothing waits long enough in real time.
                call_timeout: Duration::from_secs(86_400),
                loss_rule: if habits.may_lag { LossRule::POOL } else { LossRule::SINGLE },
                ..NodeSettings::default()
            },
        );
        let node: Arc<dyn TronNode> = match stage.mutation {
            None => Arc::new(node),
            Some(mutation) => Arc::new(MutatedNode { inner: Arc::new(node), mutation }),
        };
        let cache = CacheSettings { age_max: Duration::from_secs(86_400), entries_max: 100_000 };
        let cached = Arc::new(Cached::new(Arc::clone(&node), cache));
        let newest = Arc::clone(&cached);
        let app = App {
            store: Arc::new(GatedStore {
                stage: Arc::clone(stage),
                process: index,
                inner: Arc::clone(store),
            }),
            batches: Arc::clone(store) as Arc<dyn app::batches::Batches>,
            node,
            cached_node: cached,
            signer: Arc::new(HotKeys(world.signers())),
            poster: Arc::new(Merchants(Arc::clone(stage))),
            format: Arc::new(wire::WireFormat),
            clock: Arc::new(StageClock(Arc::clone(stage))),
            ids: Arc::new(StageIds(Arc::clone(stage))),
            settings: Arc::new(habits.settings.clone()),
            view: Arc::new(ChainView::default()),
            order_bell: Arc::new(Notify::new()),
            policy_bell: Arc::new(Notify::new()),
            batch_bell: Arc::new(Notify::new()),
            transfer_bell: Arc::new(Notify::new()),
            callback_bell: Arc::new(Notify::new()),
            batch_places: Arc::default(),
            last_timestamp_ms: Arc::default(),
        };
        let on_head = Box::new(move |head: &node::Head| newest.advance_to(head.id));
        let watcher = Box::new(Watcher::new(app.clone(), on_head));
        Self { app, watcher: Some(watcher) }
    }

    fn task(
        index: usize,
        order: Option<OrderId>,
        future: impl Future<Output = Done> + 'static,
    ) -> Task {
        Task { process: index, order, number: 0, future: Box::pin(future) }
    }

    /// Looks at the chain, unless it does already.
    pub(crate) fn watch(&mut self, index: usize) -> Option<Task> {
        let mut watcher = self.watcher.take()?;
        let work = async move {
            let outcome = watcher.watch().await;
            Done::Watched(watcher, outcome)
        };
        Some(Self::task(index, None, work))
    }

    /// The watcher is back from its look.
    pub(crate) fn rest(&mut self, watcher: Box<Watcher>) {
        self.watcher = Some(watcher);
    }

    /// Claims due rows.
    pub(crate) fn claim(&self, index: usize, kind: OutboxKind, limit: usize) -> Task {
        let app = self.app.clone();
        let work = async move {
            let now = app.clock.now();
            let until = now.after_ms(app.settings.lease_ms);
            let owner = &app.settings.owner;
            Done::Claimed(app.store.claim(kind, owner, now, until, limit).await)
        };
        Self::task(index, None, work)
    }

    /// Works on a claimed row.
    pub(crate) fn work_on(&self, index: usize, lease: Lease) -> Task {
        let app = self.app.clone();
        let order = lease.order();
        let work = async move {
            match lease.kind {
                OutboxKind::Order => Done::Filled(order, app.fill_order(lease).await),
                OutboxKind::Callback => {
                    Done::Called(order, app.deliver_callback(lease).await.map(drop))
                }
                OutboxKind::Transfer => Done::Followed(order, app.follow_transfer(lease).await),
                OutboxKind::Batch => unreachable!("nobody in the simulation makes a batch"),
                OutboxKind::Chain => unreachable!("every process of the simulation watches"),
            }
        };
        Self::task(index, Some(order), work)
    }

    /// Takes a merchant's request.
    pub(crate) fn place(&self, index: usize, number: usize, place: PlaceOrder) -> Task {
        let app = self.app.clone();
        let work = async move { Done::Placed(number, Box::new(app.place_order(place).await)) };
        Self::task(index, None, work)
    }

    /// Sends TRX for a merchant.
    pub(crate) fn give(&self, index: usize, number: usize, send: SendTransfer) -> Task {
        let app = self.app.clone();
        let work =
            async move { Done::Given(number, app.send_transfer(send, gifts::render()).await) };
        Self::task(index, None, work)
    }

    /// Claims due policies.
    pub(crate) fn claim_policies(&self, index: usize, limit: usize) -> Task {
        let app = self.app.clone();
        let work = async move {
            let now = app.clock.now();
            let until = now.after_ms(app.settings.lease_ms);
            Done::PoliciesClaimed(app.store.claim_policies(now, until, limit).await)
        };
        Self::task(index, None, work)
    }

    /// Keeps a claimed policy.
    pub(crate) fn keep(&self, index: usize, lease: PolicyLease) -> Task {
        let app = self.app.clone();
        let work = async move { Done::Kept(lease.policy, app.keep_policy(lease).await) };
        Self::task(index, None, work)
    }

    /// Changes a policy for a merchant.
    pub(crate) fn ask(&self, index: usize, number: usize, ask: AskPolicy) -> Task {
        let app = self.app.clone();
        let work =
            async move { Done::Asked(number, app.ask_policy(ask, standing::render()).await) };
        Self::task(index, None, work)
    }

    /// Ends a merchant's order early.
    pub(crate) fn stop(&self, index: usize, (merchant, order): (MerchantId, OrderId)) -> Task {
        let app = self.app.clone();
        let work = async move { Done::Stopped(order, app.stop_order(merchant, order).await) };
        Self::task(index, None, work)
    }

    /// Forgets old answers.
    pub(crate) fn prune(&self, index: usize) -> Task {
        let app = self.app.clone();
        let work = async move {
            let now = app.clock.now();
            let replays = now.after_secs(-app.settings.replays_kept_secs);
            let resends = now.after_secs(-app.settings.resends_kept_secs);
            Done::Pruned(app.store.prune(replays, resends).await)
        };
        Self::task(index, None, work)
    }
}
