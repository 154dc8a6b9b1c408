//! `/admin/v1/merchants`: list, add, show, change, pause.

use app::administer::MerchantChange;
use app::describe;
use domain::MerchantId;
use domain::admin::AdminScope;
use serde::Deserialize;

use super::answer::{Answer, Refused, created, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Body, Segment, given};

/// A merchant to add.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    callback_url: Option<String>,
}

/// What to change; what is not there stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    callback_url: Option<Option<String>>,
    paused: Option<bool>,
}

/// Every merchant with its balances.
pub(super) async fn list(caller: Caller) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchants = edge.app.store.merchants().await?;
    Ok(list_answer(merchants.iter().map(describe::merchant).collect(), None))
}

/// Adds a merchant.
pub(super) async fn add(caller: Caller, Body(new): Body<New>) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Merchants)?;
    edge.check_callback_url(new.callback_url.as_deref())?;
    let merchant = administrator.add_merchant(&new.name, new.callback_url).await?;
    Ok(created(&describe::merchant(&merchant)))
}

/// One merchant.
pub(super) async fn show(caller: Caller, Segment(id): Segment<i64>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    Ok(ok(&describe::merchant(&edge.merchant(MerchantId(id)).await?)))
}

/// Changes a merchant.
pub(super) async fn change(
    caller: Caller,
    Segment(id): Segment<i64>,
    Body(change): Body<Change>,
) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Merchants)?;
    edge.check_callback_url(change.callback_url.as_ref().and_then(|url| url.as_deref()))?;
    let change = MerchantChange {
        name: change.name,
        callback_url: change.callback_url,
        is_paused: change.paused,
    };
    let merchant = administrator.change_merchant(MerchantId(id), change).await?;
    Ok(ok(&describe::merchant(&merchant)))
}

impl super::AdminEdge {
    /// A merchant that is there.
    ///
    /// Errors: 404.
    pub(super) async fn merchant(&self, id: MerchantId) -> Result<app::rows::Merchant, Refused> {
        let found = self.records.merchant(id).await?;
        found.ok_or_else(|| Refused::not_found(format!("there is no merchant {}", id.0)))
    }

    fn check_callback_url(&self, url: Option<&str>) -> Result<(), Refused> {
        let Some(url) = url else { return Ok(()) };
        let judged = self.callbacks.check_url(url);
        judged.map_err(|error| Refused::bad(format!("callback_url: {error}")))
    }
}
