//! `/admin/v1/merchants/{id}/policies` and `/admin/v1/policies/{policy}/stop`: see policies, stop one.

use app::admin_rows::PolicyFilter;
use app::describe_policy;
use domain::admin::AdminScope;
use domain::{MerchantId, PolicyId};

use super::answer::{Answer, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Page, Parameters, Segment};

/// A merchant's policies, newest first.
pub(super) async fn list(
    caller: Caller,
    Segment(id): Segment<i64>,
    Parameters(page): Parameters<Page>,
) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let merchant = edge.merchant(MerchantId(id)).await?.id;
    let slice = page.slice(|text| text.parse().ok().map(PolicyId))?;
    let filter = PolicyFilter { merchant: Some(merchant), ..PolicyFilter::default() };
    let part = edge.records.policy_lines(filter, slice).await?;
    let after = part.next.map(|policy| policy.0.to_string());
    Ok(list_answer(part.rows.iter().map(describe_policy::line).collect(), after))
}

/// Lets a policy order nothing more until its merchant lets it go on.
pub(super) async fn stop(caller: Caller, Segment(id): Segment<i64>) -> Answer {
    let Allowed { administrator, .. } = caller.may(AdminScope::Merchants)?;
    Ok(ok(&describe_policy::policy(&administrator.stop_policy(PolicyId(id)).await?)))
}
