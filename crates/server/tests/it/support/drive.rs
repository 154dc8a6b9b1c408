//! Blocks, time, and the workers' use cases, one at a time.

use app::ports::{Clock, Store};
use app::rows::{Lease, OutboxKind};
use domain::UnixMillis;

use super::World;
use super::world::BLOCK_MS;

/// Most rounds of due work at one moment; more would be work that wakes itself.
const ROUNDS_MAX: usize = 64;
/// Rows claimed at once.
const CLAIM_MAX: usize = 1_000;
/// Most jumps to the next due row before an order counts as one that never ends.
const JUMPS_MAX: usize = 2_000;

impl World {
    /// Looks at the chain once.
    pub(crate) async fn watch(&mut self) {
        if let Err(failed) = self.watcher.watch().await {
            self.failures.push(format!("watch: {failed}"));
        }
    }

    /// Claims what is due now.
    async fn claim(&mut self, kind: OutboxKind) -> Vec<Lease> {
        let now = self.clock.now();
        let until = now.after_ms(self.app.settings.lease_ms);
        let owner = &self.app.settings.owner;
        self.store.claim(kind, owner, now, until, CLAIM_MAX).await.unwrap_or_else(|failed| {
            self.failures.push(format!("claim: {failed}"));
            Vec::new()
        })
    }

    /// Moves every due order on and posts every due callback, once each.
    pub(crate) async fn work(&mut self) -> usize {
        self.work_on_policies().await
            + self.work_on_batches().await
            + self.work_on_orders().await
            + self.work_on_transfers().await
            + self.work_on_callbacks().await
    }

    /// Keeps every due policy.
    async fn work_on_policies(&mut self) -> usize {
        let now = self.clock.now();
        let until = now.after_ms(self.app.settings.lease_ms);
        let claimed = self.store.claim_policies(now, until, CLAIM_MAX).await;
        let policies = claimed.unwrap_or_else(|failed| {
            self.failures.push(format!("claim: {failed}"));
            Vec::new()
        });
        for lease in &policies {
            if let Err(failed) = self.app.keep_policy(*lease).await {
                self.failures.push(format!("policy: {failed}"));
            }
        }
        policies.len()
    }

    /// Keeps every due batch.
    async fn work_on_batches(&mut self) -> usize {
        let batches = self.claim(OutboxKind::Batch).await;
        for lease in &batches {
            if let Err(failed) = self.app.keep_batch(*lease).await {
                self.failures.push(format!("batch: {failed}"));
            }
        }
        batches.len()
    }

    /// Moves every due order on.
    pub(crate) async fn work_on_orders(&mut self) -> usize {
        let orders = self.claim(OutboxKind::Order).await;
        for lease in &orders {
            if let Err(failed) = self.app.fill_order(*lease).await {
                self.failures.push(format!("order: {failed}"));
            }
        }
        orders.len()
    }

    async fn work_on_transfers(&mut self) -> usize {
        let transfers = self.claim(OutboxKind::Transfer).await;
        for lease in &transfers {
            if let Err(failed) = self.app.follow_transfer(*lease).await {
                self.failures.push(format!("transfer: {failed}"));
            }
        }
        transfers.len()
    }

    async fn work_on_callbacks(&mut self) -> usize {
        let callbacks = self.claim(OutboxKind::Callback).await;
        for lease in &callbacks {
            if let Err(failed) = self.app.deliver_callback(*lease).await {
                self.failures.push(format!("callback: {failed}"));
            }
        }
        callbacks.len()
    }

    /// Looks at the chain and works until nothing is due at this moment.
    pub(crate) async fn settle(&mut self) {
        self.watch().await;
        for _ in 0..ROUNDS_MAX {
            if self.work().await == 0 {
                return;
            }
        }
        panic!("work is due again and again at one moment");
    }

    /// Mines so many blocks, working after each.
    pub(crate) async fn mine(&mut self, blocks: usize) {
        for _ in 0..blocks {
            self.chain.mine(1);
            self.follow_chain_time();
            self.settle().await;
        }
    }

    /// Lets time pass, with one block at its end. What is an hour old then is solid.
    pub(crate) async fn pass_secs(&mut self, secs: i64) {
        if secs >= 3_600 {
            self.chain.solidify();
        }
        let now = self.clock.now().after_secs(secs);
        self.pass_to(now).await;
    }

    /// Lets time pass to this moment or a little later, with one block at its end.
    async fn pass_to(&mut self, moment: UnixMillis) {
        let behind_ms = moment.get() - self.chain.now_ms();
        if behind_ms > 0 {
            self.chain.advance_ms(behind_ms);
        }
        self.clock.set(moment.get().max(self.clock.now().get()));
        self.mine(1).await;
    }

    /// Lets our clock go on without any block.
    pub(crate) fn pass_without_blocks(&self, secs: i64) {
        self.clock.set(self.clock.now().after_secs(secs).get());
    }

    /// Our clock shows the chain's time, if it is behind.
    pub(crate) fn follow_chain_time(&self) {
        let now_ms = self.chain.now_ms().max(self.clock.now().get());
        self.clock.set(now_ms);
    }

    /// When the next row is due.
    pub(crate) async fn next_due(&self) -> Option<UnixMillis> {
        let order = self.store.next_due(OutboxKind::Order).await.unwrap();
        let callback = self.store.next_due(OutboxKind::Callback).await.unwrap();
        let transfer = self.store.next_due(OutboxKind::Transfer).await.unwrap();
        let batch = self.store.next_due(OutboxKind::Batch).await.unwrap();
        [order, callback, transfer, batch].into_iter().flatten().min()
    }

    /// Asks after each commit until it is so, for what workers do on their own. Only for a world in
    /// memory or in a file.
    pub(crate) async fn eventually(&self, is_so: impl AsyncFn() -> bool) {
        let (committed, mut commits) = tokio::sync::watch::channel(());
        let fail_point = Box::new(move |_| {
            committed.send_replace(());
            false
        });
        assert!(self.store.set_fail_point(Some(fail_point)));
        while !is_so().await {
            commits.changed().await.unwrap();
        }
        self.store.set_fail_point(None);
    }

    /// Goes from due row to due row until nothing is owed to anybody.
    pub(crate) async fn run_out(&mut self) {
        for _ in 0..JUMPS_MAX {
            let Some(due) = self.next_due().await else { return };
            self.chain.solidify();
            let soonest = self.clock.now().after_ms(BLOCK_MS);
            self.pass_to(due.max(soonest)).await;
        }
        panic!("something is owed for ever");
    }
}
