//! Claim what is due. A question comes first, as a claim that finds nothing would still take its turn to write
//! on a database that servers share.

use domain::UnixMillis;

use crate::App;
use crate::ports::StoreError;
use crate::rows::{Lease, OutboxKind, PolicyLease};

impl App {
    /// Claims at most so many rows of the outbox that are due now, earliest first.
    pub async fn claim_due(
        &self,
        kind: OutboxKind,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let now = self.clock.now();
        if !is_due(self.store.next_due(kind).await?, now) {
            return Ok(Vec::new());
        }
        let until = now.after_ms(self.settings.lease_ms);
        self.store.claim(kind, &self.settings.owner, now, until, limit).await
    }

    /// The same of policies.
    pub async fn claim_due_policies(&self, limit: usize) -> Result<Vec<PolicyLease>, StoreError> {
        let now = self.clock.now();
        if !is_due(self.store.next_policy_due().await?, now) {
            return Ok(Vec::new());
        }
        self.store.claim_policies(now, now.after_ms(self.settings.lease_ms), limit).await
    }
}

fn is_due(earliest: Option<UnixMillis>, now: UnixMillis) -> bool {
    earliest.is_some_and(|earliest| earliest <= now)
}
