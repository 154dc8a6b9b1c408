//! Deliver callbacks: post the stored bytes, record the attempt, decide when to try again.

use domain::order::step::Refused;

use crate::App;
use crate::ports::{Posted, StoreError};
use crate::rows::{Attempt, Attention, Callback, CallbackState, Changes, Lease, Needs, Rows};
use crate::work::commit;

impl App {
    /// Posts one leased callback and records what came of it, in one commit with its next due time.
    ///
    /// A crash between the post and the commit repeats the post: receivers remember serials.
    pub async fn deliver_callback(&self, lease: Lease) -> Result<(), StoreError> {
        let found = self.store.callback(lease.order()).await?;
        let Some(callback) = found.filter(|found| found.state == CallbackState::Owed) else {
            return self.finish_callback(lease, None, Attention::Done).await;
        };
        let began = self.clock.now();
        let posted = self.poster.post(&callback).await;
        let (state, attention) = self.judge(&callback, &posted);
        if state == CallbackState::Dead {
            tracing::error!(order.id = %callback.order, "a callback is given up: {}", posted.note);
        }
        let attempt = Attempt {
            order: callback.order,
            at: began,
            status: posted.status,
            note: posted.note,
            took_ms: posted.took_ms,
            signed_secs: posted.signed_secs,
            state,
        };
        self.finish_callback(lease, Some(attempt), attention).await
    }

    /// How the callback stands after an attempt. 200 is success; any other 2xx is taken as one too,
    /// because trying again would only make a duplicate.
    fn judge(&self, callback: &Callback, posted: &Posted) -> (CallbackState, Attention) {
        if posted.status.is_some_and(|status| (200..300).contains(&status)) {
            return (CallbackState::Delivered, Attention::Done);
        }
        let attempts = callback.attempts.saturating_add(1);
        let (first, now) = (callback.first, self.clock.now());
        match self.settings.schedule.next(attempts, first, now, self.ids.jitter_ppm()) {
            Some(due) => (CallbackState::Owed, Attention::At(due)),
            None => (CallbackState::Dead, Attention::Done),
        }
    }

    async fn finish_callback(
        &self,
        lease: Lease,
        attempt: Option<Attempt>,
        attention: Attention,
    ) -> Result<(), StoreError> {
        let needs = Needs { lease: Some(lease), ..Needs::default() };
        let decide = move |_: &Rows| -> Result<(Changes, ()), Refused> {
            let changes = Changes {
                attempt: attempt.clone(),
                attention: Some((lease.order(), attention)),
                ..Changes::default()
            };
            Ok((changes, ()))
        };
        match commit(&*self.store, needs, decide).await {
            Ok(_) | Err(StoreError::LeaseLost) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
