//! `/admin/v1/merchants/{id}/deposit-address` and `/deposits`: where a merchant pays in, and what came.

use app::admin_rows::DepositPlace;
use app::administer::HandOutFailed;
use app::describe;
use axum::http::StatusCode;
use domain::MerchantId;
use domain::admin::AdminScope;

use super::answer::{Answer, Refused, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Page, Parameters, Segment, next};

/// The address to which a merchant sends TRX. It is derived and kept the first time, and the same one
/// every time after.
pub(super) async fn address(caller: Caller, Segment(id): Segment<i64>) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Merchants)?;
    let Some(keys) = &edge.deposit_keys else {
        return Err(Refused::bad("deposits.xpub is not set, so there are no addresses"));
    };
    let node = &*edge.app.node;
    match administrator.hand_out_deposit_address(node, keys, MerchantId(id)).await {
        Ok(address) => Ok(ok(&describe::deposit_address(&address))),
        Err(HandOutFailed::Refused(refused)) => Err(refused.into()),
        Err(failed @ HandOutFailed::NoAddress(_)) => Err(Refused::bad(failed.to_string())),
        Err(failed @ HandOutFailed::Used { .. }) => {
            Err(Refused::new(StatusCode::CONFLICT, failed.to_string()))
        }
        Err(failed @ HandOutFailed::Node(_)) => Err(Refused::chain(&failed)),
    }
}

/// A merchant's deposits, newest first, those that were too small to be credited too.
pub(super) async fn list(
    caller: Caller,
    Segment(id): Segment<i64>,
    Parameters(page): Parameters<Page>,
) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchant = edge.merchant(MerchantId(id)).await?.id;
    let slice = page.slice(DepositPlace::parse)?;
    let deposits = edge.records.deposits_of(merchant, slice).await?;
    let after = next(&deposits, slice.limit, |one| DepositPlace::of(one).to_string());
    Ok(list_answer(deposits.iter().map(describe::deposit).collect(), after))
}
