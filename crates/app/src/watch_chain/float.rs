//! The payers' TRX for transfers.

use super::Watcher;
use crate::ports::StoreError;

impl Watcher {
    /// Says when the payers' TRX gets low, and when it is enough again.
    pub(super) async fn look_at_float(&mut self) -> Result<(), StoreError> {
        let (pool, _) = self.app.store.pool().await?;
        let outlays = self.app.store.outlays().await?;
        let Some((payer, free)) = pool.fullest_payer(&outlays) else { return Ok(()) };
        let is_low = free < self.app.settings.payer_low;
        match (is_low, self.is_float_low) {
            (true, false) => {
                let left = free.to_trx_string();
                tracing::error!(wallet.address = %payer, "no payer has more than {left} TRX for transfers; send it some");
            }
            (false, true) => {
                tracing::info!(wallet.address = %payer, "there is TRX for transfers again");
            }
            (true, true) | (false, false) => {}
        }
        self.is_float_low = is_low;
        Ok(())
    }
}
