//! `/admin/v1/merchants/{id}/deposit-address` and `/deposits`: where a merchant pays in, and what came.

use app::deposit_address::{HandOutFailed, hand_out};
use app::describe;
use domain::MerchantId;
use domain::admin::AdminScope;
use serde::Deserialize;

use super::answer::{Answer, Refused, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, Parameters, Segment};

/// How many.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<usize>,
}

/// The address to which a merchant sends TRX. It is derived and kept the first time, and the same one
/// every time after.
pub(super) async fn address(caller: Caller, Segment(id): Segment<i64>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Merchants)?;
    let merchant = edge.merchant(MerchantId(id)).await?.id;
    let Some(keys) = &edge.deposit_keys else {
        return Err(Refused::bad("deposits.xpub is not set, so there are no addresses"));
    };
    let app = &edge.app;
    let handed = hand_out(&*app.store, &*app.node, keys, merchant, app.clock.now()).await;
    match handed {
        Ok(address) => Ok(ok(&describe::deposit_address(&address))),
        Err(HandOutFailed::Store(failed)) => Err(failed.into()),
        Err(failed @ (HandOutFailed::NoMerchant(_) | HandOutFailed::NoAddress(_))) => {
            Err(Refused::bad(failed.to_string()))
        }
        Err(failed @ HandOutFailed::Node(_)) => Err(Refused::chain(&failed)),
    }
}

/// A merchant's newest deposits, those that were too small to be credited too.
pub(super) async fn list(
    caller: Caller,
    Segment(id): Segment<i64>,
    Parameters(wanted): Parameters<Wanted>,
) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchant = edge.merchant(MerchantId(id)).await?.id;
    let limit = wanted.limit.unwrap_or(LIST_LIMIT_DEFAULT).clamp(1, LIST_LIMIT_MAX);
    let deposits = edge.app.store.deposits(Some(merchant), limit).await?;
    Ok(list_answer(deposits.iter().map(describe::deposit).collect(), None))
}
