//! `/admin/v1/audit`: prove ledger, rows and chain against each other. `/admin/v1/audit-log`: who changed
//! what.

use app::describe;
use domain::admin::AdminScope;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Page, Parameters, next};

/// What to prove.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Leave the chain out.
    #[serde(default)]
    offline: bool,
}

/// Recomputes everything and names each difference.
pub(super) async fn audit(caller: Caller, Parameters(wanted): Parameters<Wanted>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let audit = match wanted.offline {
        true => edge.app.store.audit().await?,
        false => app::audit::audit(&*edge.app.store, &*edge.app.node).await?,
    };
    Ok(ok(&json!({
        "clean": audit.differences.is_empty(),
        "accounts": audit.accounts,
        "ledger_txs": audit.ledger_txs,
        "orders": audit.orders,
        "differences": audit.differences,
    })))
}

/// The log of changes, newest first.
pub(super) async fn list(caller: Caller, Parameters(page): Parameters<Page>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let slice = page.slice(|text| text.parse().ok())?;
    let lines = edge.records.admin_log(slice).await?;
    let after = next(&lines, slice.limit, |line| line.number);
    Ok(list_answer(lines.iter().map(describe::log_entry).collect(), after))
}
