//! The end of a world: it cannot be left dirty.

use app::ports::Store;
use app::rows::OutboxKind;
use domain::UnixMillis;

use super::World;

/// Far after everything that can be due.
const NEVER: UnixMillis = UnixMillis(i64::MAX / 4);

impl World {
    /// Lets everything end, then looks: nothing owed, nothing held, nothing lent, books that add up.
    pub(crate) async fn finish(mut self) {
        self.run_out().await;
        assert_eq!(self.store.lent().await.unwrap(), Vec::new());
        assert_eq!(self.balances().await.1, 0, "money is held for an order that has ended");
        let wallets = self.store.wallets().await.unwrap();
        for wallet in &wallets {
            let lent = self.app.node.delegation_index(wallet.address).await.unwrap();
            assert_eq!(lent, Vec::new(), "stake of {} is stranded", wallet.address);
        }
        let (pool, _) = self.store.pool().await.unwrap();
        for wallet in &pool.wallets {
            assert_eq!(wallet.energy_reserved, tron::Sun::ZERO, "{}", wallet.address);
        }
        self.leave(0, 0).await;
    }

    /// Looks without letting anything end: so many orders and callbacks are owed something.
    pub(crate) async fn leave(mut self, orders: usize, callbacks: usize) {
        let audit = app::audit::audit(&*self.store, &*self.app.node).await.unwrap();
        assert_eq!(audit.differences, Vec::<String>::new());
        self.leave_without_chain(orders, callbacks).await;
        assert!(self.chain.invariants().holds, "{:?}", self.chain.invariants());
        self.is_finished = true;
    }

    /// As [`Self::leave`], for a world whose node does not answer.
    pub(crate) async fn leave_without_chain(&mut self, orders: usize, callbacks: usize) {
        assert_eq!(self.store.audit().await.unwrap().differences, Vec::<String>::new());
        let mut owed = Vec::new();
        let kinds =
            [OutboxKind::Order, OutboxKind::Callback, OutboxKind::Transfer, OutboxKind::Batch];
        for kind in kinds {
            let rows = self.store.claim(kind, "finish", NEVER, NEVER.after_ms(1), 1_000).await;
            owed.push(rows.unwrap().len());
        }
        assert_eq!(owed[..2], [orders, callbacks], "orders and callbacks that are owed something");
        assert_eq!(owed[2], self.open_transfers, "transfers that are owed something");
        assert_eq!(owed[3], 0, "batches that are owed something");
        self.check_logs();
        assert_eq!(self.failures, Vec::<String>::new());
        self.is_finished = true;
    }

    /// Every line was expected, and everything expected came.
    fn check_logs(&self) {
        let lines = self.logs.lines();
        let is_expected =
            |line: &&String| self.expected_logs.iter().any(|text| line.contains(text));
        let surprising: Vec<_> = lines.iter().filter(|line| !is_expected(line)).collect();
        assert!(surprising.is_empty(), "logged without being expected: {surprising:#?}");
        for text in &self.expected_logs {
            assert!(lines.iter().any(|line| line.contains(text)), "never logged: {text}");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let is_fine = self.is_finished || std::thread::panicking();
        assert!(is_fine, "a world was dropped without being finished");
    }
}
