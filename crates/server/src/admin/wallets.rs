//! `/admin/v1/wallets`: list, enable, disable. Keys come in through the command line only.

use app::describe;
use domain::admin::AdminScope;
use tron::Address;

use super::answer::{Answer, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::Segment;

/// The pool as last read from the chain.
pub(super) async fn list(caller: Caller) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let (pool, _) = edge.app.store.pool().await?;
    Ok(list_answer(pool.wallets.iter().map(describe::pool_wallet).collect(), None))
}

/// Lets new orders use a wallet.
pub(super) async fn enable(caller: Caller, Segment(address): Segment<Address>) -> Answer {
    set(caller, address, true).await
}

/// Keeps new orders away from a wallet; what it has lent still comes back.
pub(super) async fn disable(caller: Caller, Segment(address): Segment<Address>) -> Answer {
    set(caller, address, false).await
}

async fn set(caller: Caller, address: Address, is_enabled: bool) -> Answer {
    let Allowed { administrator, .. } = caller.may(AdminScope::Pool)?;
    Ok(ok(&describe::wallet_row(&administrator.enable_wallet(address, is_enabled).await?)))
}
