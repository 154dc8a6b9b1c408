//! A unit of work: what it needs, and the decision made inside the transaction.

use std::sync::{Arc, Mutex};

use crate::ports::{Store, StoreError};
use crate::rows::{Changes, Needs, Rows};

/// Work for the committer: it loads the needs, calls `decide` in memory, and writes the changes.
pub trait Work: Send {
    /// What to load.
    fn needs(&self) -> &Needs;

    /// Decides. `None` means refused: nothing is written, and the work keeps its own reason.
    ///
    /// It may be called again when the transaction has to be repeated, so it must not have effects
    /// outside itself.
    fn decide(&mut self, rows: &Rows) -> Option<Changes>;
}

struct Deciding<F, T> {
    needs: Needs,
    decide: F,
    slot: Arc<Mutex<Option<T>>>,
}

impl<F, T, E> Work for Deciding<F, Result<T, E>>
where
    F: FnMut(&Rows) -> Result<(Changes, T), E> + Send,
    T: Send,
    E: Send,
{
    fn needs(&self) -> &Needs {
        &self.needs
    }

    fn decide(&mut self, rows: &Rows) -> Option<Changes> {
        let (changes, outcome) = match (self.decide)(rows) {
            Ok((changes, value)) => (Some(changes), Ok(value)),
            Err(refused) => (None, Err(refused)),
        };
        *self.slot.lock().expect("nothing panics while holding it") = Some(outcome);
        changes
    }
}

/// Loads, decides and commits; returns when it is durable.
///
/// Errors: the outer for the store (nothing is known to have changed unless it says otherwise), the
/// inner for a refusal by `decide` (nothing changed).
pub async fn commit<T, E, F>(
    store: &dyn Store,
    needs: Needs,
    decide: F,
) -> Result<Result<T, E>, StoreError>
where
    F: FnMut(&Rows) -> Result<(Changes, T), E> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let slot = Arc::new(Mutex::new(None));
    store.commit(Box::new(Deciding { needs, decide, slot: Arc::clone(&slot) })).await?;
    let outcome = slot.lock().expect("nothing panics while holding it").take();
    Ok(outcome.expect("a commit that succeeded has called decide"))
}
