//! Wallets and callbacks: add, enable, disable; tell again.

use domain::OrderId;
use tron::Address;

use super::{AdminRefused, Administrator, Scribe, Written};
use crate::admin_rows::{AdminChanges, AdminNeeds, WalletRow};
use crate::describe;
use crate::rows::{Callback, NewWallet};

impl Administrator {
    /// Adds a wallet, or changes who signs for one and what it is for.
    ///
    /// Errors: the store's.
    pub async fn put_wallet(&self, wallet: NewWallet) -> Result<WalletRow, AdminRefused> {
        let needs = AdminNeeds { wallet: Some(wallet.address), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            let before = rows.admin.wallet;
            let after = WalletRow {
                address: wallet.address,
                signer: wallet.signer,
                role: wallet.role,
                permission_id: wallet.permission_id,
                is_enabled: before.is_none_or(|before| before.is_enabled),
            };
            Ok(me.wallet_becomes("wallet.put", before, after))
        })
        .await
    }

    /// Lets new legs use a wallet, or not; what it has lent still comes back.
    ///
    /// Errors: [`AdminRefused::NoWallet`], or the store's.
    pub async fn enable_wallet(
        &self,
        address: Address,
        is_enabled: bool,
    ) -> Result<WalletRow, AdminRefused> {
        let needs = AdminNeeds { wallet: Some(address), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            let before = rows.admin.wallet.ok_or(AdminRefused::NoWallet(address))?;
            let action = if is_enabled { "wallet.enable" } else { "wallet.disable" };
            Ok(me.wallet_becomes(action, Some(before), WalletRow { is_enabled, ..before }))
        })
        .await
    }

    /// Owes a callback again from the beginning of its schedule, due now; the bytes are the same.
    ///
    /// Errors: [`AdminRefused::NoCallback`], or the store's.
    pub async fn replay_callback(&self, order: OrderId) -> Result<Callback, AdminRefused> {
        let needs = AdminNeeds { callback: Some(order), ..AdminNeeds::default() };
        self.change(None, needs, move |me, rows| {
            let callback = rows.admin.callback.clone().ok_or(AdminRefused::NoCallback(order))?;
            let was = describe::callback(&callback);
            let log = me.log("callback.replay", format!("order {order}"), Some(&was), None);
            let changes =
                AdminChanges { replay: Some((order, me.now)), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), callback))
        })
        .await
    }
}

impl Scribe {
    fn wallet_becomes(
        &self,
        action: &str,
        before: Option<WalletRow>,
        after: WalletRow,
    ) -> (Option<Written>, WalletRow) {
        if before == Some(after) {
            return (None, after);
        }
        let was = before.as_ref().map(describe::wallet_row);
        let is = describe::wallet_row(&after);
        let subject = format!("wallet {}", after.address);
        let log = self.log(action, subject, was.as_ref(), Some(&is));
        let changes = AdminChanges { wallet: Some(after), ..AdminChanges::logged(log) };
        (Some(changes.into()), after)
    }
}
