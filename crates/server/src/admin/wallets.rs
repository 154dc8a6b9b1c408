//! `/admin/v1/wallets`: list, enable, disable. Keys come in at the command line or in the console.

use app::describe;
use domain::admin::AdminScope;
use domain::pool::PoolWallet;
use tron::Address;

use super::answer::{Answer, list as list_answer, ok};
use super::caller::{Allowed, Caller};
use super::input::{Page, Parameters, Segment, next};

/// The pool as last read from the chain, in the order of the addresses' bytes. It is read whole for
/// each part: each order does the same.
pub(super) async fn list(caller: Caller, Parameters(page): Parameters<Page>) -> Answer {
    let Allowed { edge, .. } = caller.may(AdminScope::Read)?;
    let slice = page.slice(|text| text.parse::<Address>().ok())?;
    let (pool, _) = edge.app.store.pool().await?;
    let is_left = |wallet: &PoolWallet| slice.after.is_none_or(|after| wallet.address > after);
    let mut wallets = pool.wallets;
    wallets.retain(is_left);
    wallets.truncate(slice.limit);
    let after = next(&wallets, slice.limit, |wallet| wallet.address);
    Ok(list_answer(wallets.iter().map(describe::pool_wallet).collect(), after))
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
