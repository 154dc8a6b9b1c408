//! `/admin/v1/callbacks` and `/admin/v1/orders/{order}/callback/replay`.

use app::admin_rows::CallbackFilter;
use app::describe;
use app::rows::CallbackState;
use domain::admin::AdminScope;
use domain::{MerchantId, OrderId};
use serde::Deserialize;

use super::answer::{Answer, Refused, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Parameters, Segment, slice};
use super::orders::order_id;

/// Which callbacks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    merchant: Option<i64>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// Callbacks, those of the newest orders first.
pub(super) async fn list(caller: Caller, Parameters(wanted): Parameters<Wanted>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let slice = slice(wanted.after.as_deref(), wanted.limit, OrderId::parse)?;
    let state = wanted.state.as_deref().map(state).transpose()?;
    let filter = CallbackFilter { merchant: wanted.merchant.map(MerchantId), state };
    let callbacks = edge.records.callbacks(filter, slice).await?;
    let after = callbacks.next.map(|id| id.to_string());
    Ok(list_answer(callbacks.rows.iter().map(describe::callback_line).collect(), after))
}

fn state(word: &str) -> Result<CallbackState, Refused> {
    use CallbackState::{Dead, Delivered, Owed};
    let found =
        [Owed, Delivered, Dead].into_iter().find(|state| describe::callback_state(*state) == word);
    found.ok_or_else(|| Refused::bad("state must be owed, delivered or dead."))
}

/// Tells an outcome again, from now on with the whole schedule; the bytes are the same.
pub(super) async fn replay(caller: Caller, Segment(text): Segment<String>) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Callbacks)?;
    let order = order_id(&text)?;
    administrator.replay_callback(order).await?;
    edge.app.callback_bell.notify_one();
    let callback = edge.app.store.callback(order).await?;
    Ok(ok(&callback.as_ref().map(describe::callback).unwrap_or_default()))
}
