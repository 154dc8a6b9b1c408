//! Whose turn it is to follow the chain: one server's at a time, for all that share a database.
//!
//! The turn is a lease like any other, and its fence goes with every write of whoever follows: a server
//! that was frozen past its turn changes nothing when it comes back.

use domain::UnixMillis;

use crate::App;
use crate::ports::StoreError;
use crate::rows::{Lease, OutboxKind};

/// The turn of one server, if it has it.
pub(crate) struct ChainTurn {
    app: App,
    held: Option<(Lease, UnixMillis)>,
}

impl ChainTurn {
    /// Nothing is held yet.
    pub(crate) const fn new(app: App) -> Self {
        Self { app, held: None }
    }

    /// The turn, kept or taken; `None` while a neighbour has it.
    pub(crate) async fn take(&mut self) -> Result<Option<Lease>, StoreError> {
        if self.held.is_some() {
            match self.keep().await {
                Ok(()) => return Ok(self.held.map(|(lease, _)| lease)),
                Err(StoreError::LeaseLost) => {}
                Err(failed) => return Err(failed),
            }
        }
        let (now, until) = self.now_and_until();
        if !self.is_free(now, until).await? {
            return Ok(None);
        }
        let taken = self.app.store.take_turn(&self.app.settings.owner, now, until).await?;
        self.held = taken.map(|lease| (lease, until));
        Ok(taken)
    }

    /// Whether nobody has it, as far as a question tells: who asks in vain does not have to write for it.
    /// Held for longer than is possible is from before the clock was set back.
    async fn is_free(&self, now: UnixMillis, until: UnixMillis) -> Result<bool, StoreError> {
        let held_until = self.app.store.next_due(OutboxKind::Chain).await?;
        Ok(held_until.is_none_or(|held| held <= now || held > until.after_ms(until.since(now))))
    }

    /// Keeps the turn for longer once a third of it has passed; to be called wherever much may have
    /// happened since.
    ///
    /// Errors: `LeaseLost` when a neighbour has taken it.
    pub(crate) async fn keep(&mut self) -> Result<(), StoreError> {
        let Some((lease, held_until)) = self.held else { return Err(StoreError::LeaseLost) };
        let (now, until) = self.now_and_until();
        if now < held_until.after_ms(-self.app.settings.lease_ms / 3 * 2) {
            return Ok(());
        }
        let kept = self.app.store.keep_turn(lease, until).await;
        self.held = match &kept {
            Ok(()) => Some((lease, until)),
            Err(StoreError::LeaseLost) => None,
            // It is not known; the turn ends by itself.
            Err(_) => self.held,
        };
        kept
    }

    /// Lets a neighbour go on at once.
    pub(crate) async fn give_back(&mut self) {
        let Some((lease, _)) = self.held else { return };
        match self.app.store.release(lease, self.app.clock.now()).await {
            Ok(()) | Err(StoreError::LeaseLost) => self.held = None,
            // Still ours, for all that is known.
            Err(failed) => {
                tracing::debug!("the turn to follow the chain was not given back: {failed}");
            }
        }
    }

    fn now_and_until(&self) -> (UnixMillis, UnixMillis) {
        let now = self.app.clock.now();
        (now, now.after_ms(self.app.settings.lease_ms))
    }
}
