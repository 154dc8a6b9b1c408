//! The pool's wallets: look, let new orders use one or not. Keys come in by `wallet_add`.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use tron::Address;

use super::frame::Frame;
use super::machinery::{self, WalletLine};
use super::refused::Refused;
use super::visit::{Change, Visit};
use super::{PREFIX, asset};

#[derive(Template)]
#[template(path = "wallets.html")]
struct WalletsPage<'a> {
    frame: &'a Frame,
    wallets: Vec<WalletLine>,
}

/// The pool as last read from the chain.
pub(super) async fn list(visit: Visit) -> Result<Response, Refused> {
    let wallets = machinery::wallets(visit.operator()?).await?;
    Visit::page(&WalletsPage { frame: &visit.frame, wallets })
}

/// Lets new orders use a wallet.
pub(super) async fn enable(Path(text): Path<String>, change: Change) -> Result<Response, Refused> {
    set(change, &text, true, "wallet-enabled").await
}

/// Keeps new orders away from a wallet; what it has lent still comes back.
pub(super) async fn disable(Path(text): Path<String>, change: Change) -> Result<Response, Refused> {
    set(change, &text, false, "wallet-disabled").await
}

async fn set(
    change: Change,
    text: &str,
    is_enabled: bool,
    done: &str,
) -> Result<Response, Refused> {
    change.visit.operator()?;
    let address: Address = text.parse().map_err(|_| Refused::NoPage)?;
    change.administrator().enable_wallet(address, is_enabled).await?;
    Ok(change.done("/wallets", done))
}
