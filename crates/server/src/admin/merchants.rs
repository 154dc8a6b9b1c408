//! `/admin/v1/merchants`: list, add, show, change, pause.

use app::admin_rows::MerchantLine;
use app::administer::MerchantChange;
use app::describe;
use app::rows::Merchant;
use domain::MerchantId;
use domain::admin::AdminScope;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{Answer, Refused, created, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Body, Page, Parameters, Segment, given, next};

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

/// Merchants with their balances and deposit addresses, in the order of their numbers.
pub(super) async fn list(caller: Caller, Parameters(page): Parameters<Page>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let slice = page.slice(|text| text.parse().ok().map(MerchantId))?;
    let lines = edge.records.merchant_lines(slice).await?;
    let after = next(&lines, slice.limit, |line| line.merchant.id.0);
    Ok(list_answer(lines.iter().map(describe::merchant_line).collect(), after))
}

/// Adds a merchant.
pub(super) async fn add(caller: Caller, Body(new): Body<New>) -> Answer {
    let Allowed { edge, administrator } = caller.may(AdminScope::Merchants)?;
    edge.check_callback_url(new.callback_url.as_deref())?;
    let merchant = administrator.add_merchant(&new.name, new.callback_url).await?;
    Ok(created(&edge.shown(merchant).await?))
}

/// One merchant.
pub(super) async fn show(caller: Caller, Segment(id): Segment<i64>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchant = edge.merchant(MerchantId(id)).await?;
    Ok(ok(&edge.shown(merchant).await?))
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
    Ok(ok(&edge.shown(merchant).await?))
}

impl super::AdminEdge {
    /// A merchant that is there.
    ///
    /// Errors: 404.
    pub(super) async fn merchant(&self, id: MerchantId) -> Result<Merchant, Refused> {
        let found = self.records.merchant(id).await?;
        found.ok_or_else(|| Refused::not_found(format!("there is no merchant {}", id.0)))
    }

    /// A merchant as a list shows it.
    async fn shown(&self, merchant: Merchant) -> Result<Value, Refused> {
        let deposit_addresses = self.app.store.deposit_addresses(Some(merchant.id)).await?;
        Ok(describe::merchant_line(&MerchantLine { merchant, deposit_addresses }))
    }

    fn check_callback_url(&self, url: Option<&str>) -> Result<(), Refused> {
        let Some(url) = url else { return Ok(()) };
        let judged = self.callbacks.check_url(url);
        judged.map_err(|error| Refused::bad(format!("callback_url: {error}")))
    }
}
