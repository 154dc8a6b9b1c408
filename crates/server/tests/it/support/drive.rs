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
    pub(crate) async fn claim(&self, kind: OutboxKind) -> Vec<Lease> {
        let now = self.clock.now();
        let until = now.after_ms(self.app.settings.lease_ms);
        self.store.claim(kind, &self.app.settings.owner, now, until, CLAIM_MAX).await.unwrap()
    }

    /// Moves every due order on and posts every due callback, once each.
    pub(crate) async fn work(&mut self) -> usize {
        let orders = self.claim(OutboxKind::Order).await;
        for lease in &orders {
            if let Err(failed) = self.app.fill_order(*lease).await {
                self.failures.push(format!("order: {failed}"));
            }
        }
        let callbacks = self.claim(OutboxKind::Callback).await;
        for lease in &callbacks {
            if let Err(failed) = self.app.deliver_callback(*lease).await {
                self.failures.push(format!("callback: {failed}"));
            }
        }
        orders.len() + callbacks.len()
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

    /// Lets time pass, with one block at its end.
    pub(crate) async fn pass_secs(&mut self, secs: i64) {
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

    fn follow_chain_time(&self) {
        let now_ms = self.chain.now_ms().max(self.clock.now().get());
        self.clock.set(now_ms);
    }

    /// When the next row is due.
    pub(crate) async fn next_due(&self) -> Option<UnixMillis> {
        let order = self.store.next_due(OutboxKind::Order).await.unwrap();
        let callback = self.store.next_due(OutboxKind::Callback).await.unwrap();
        [order, callback].into_iter().flatten().min()
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
