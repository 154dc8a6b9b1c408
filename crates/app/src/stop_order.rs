//! Stop an order: its merchant wants it to end early.

use domain::order::step::Event;
use domain::{MerchantId, OrderId};

use crate::App;
use crate::admin_rows::AdminChanges;
use crate::administer::Administrator;
use crate::order_event::Ground;
use crate::ports::StoreError;

/// Why an order is not stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopRefused {
    /// There is no such order, or it is another merchant's.
    #[error("the merchant has no such order")]
    NoOrder,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Notes that an order is to end; workers take back what it lent as soon as that spoils nothing.
    ///
    /// Asking again, or for an order that is over, changes nothing and is fine.
    /// Shape: one read and one commit. Errors: [`StopRefused`]; nothing has changed then.
    pub async fn stop_order(
        &self,
        merchant: MerchantId,
        order: OrderId,
    ) -> Result<(), StopRefused> {
        self.stop(merchant, order, None).await
    }

    /// The same for a person; its line in the log is of the same commit.
    ///
    /// Errors: [`StopRefused`].
    pub async fn stop_order_for(
        &self,
        by: &Administrator,
        merchant: MerchantId,
        order: OrderId,
    ) -> Result<(), StopRefused> {
        let entry = by.entry("order.stop", format!("order {order}"));
        self.stop(merchant, order, Some(AdminChanges::logged(entry))).await
    }

    async fn stop(
        &self,
        merchant: MerchantId,
        order: OrderId,
        log: Option<AdminChanges>,
    ) -> Result<(), StopRefused> {
        // Whose an order is never changes, so it may be asked before the commit.
        let view = self.store.order_view(order).await?;
        if view.is_none_or(|view| view.whole.order.merchant != merchant) {
            return Err(StopRefused::NoOrder);
        }
        if let Err(refused) =
            self.apply_on(order, Event::Stopped, Ground { log, ..Ground::default() }).await?
        {
            tracing::debug!(order.id = %order, "an early end changed nothing: {refused}");
        }
        Ok(())
    }
}
