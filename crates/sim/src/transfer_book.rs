//! Transfers of TRX as they were committed: a second memory to hold the product to.

use std::collections::BTreeMap;

use app::rows::Changes;
use domain::ledger::Fact;
use domain::{MerchantId, OrderId, Transfer, TransferState};
use tron::TxId;

use crate::book::Violation;

/// Every transfer, by its transaction.
#[derive(Default)]
pub(crate) struct TransferBook {
    pages: BTreeMap<TxId, TransferPage>,
}

/// One transfer as it was last committed.
pub(crate) struct TransferPage {
    transfer: Transfer,
    held: u32,
    settled: u32,
    released: u32,
}

impl TransferPage {
    pub(crate) const fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    /// Its story is told as an order's of the same number would be.
    pub(crate) const fn subject(&self) -> OrderId {
        OrderId(self.transfer.id.0)
    }

    fn money_problem(&self) -> Option<String> {
        let wanted = match self.transfer.state {
            TransferState::Stored | TransferState::Included => (1, 0, 0),
            TransferState::Settled => (1, 1, 0),
            TransferState::Released => (1, 0, 1),
        };
        let found = (self.held, self.settled, self.released);
        let state = self.transfer.state;
        (found != wanted).then(|| format!("{state:?} with (held, settled, released) = {found:?}"))
    }
}

impl TransferBook {
    pub(crate) fn page(&self, txid: TxId) -> Option<&TransferPage> {
        self.pages.get(&txid)
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = &TransferPage> {
        self.pages.values()
    }

    /// The transfer of this transaction, as text.
    pub(crate) fn named(&self, txid: &str) -> Option<&TransferPage> {
        self.pages.get(&txid.parse().ok()?)
    }

    /// What the transfers of a merchant hold and have cost.
    pub(crate) fn spent_by(&self, merchant: MerchantId) -> (i64, i64) {
        let mut sums = (0, 0);
        for page in self.pages.values().filter(|page| page.transfer.merchant == merchant) {
            let total = page.transfer.total().get();
            match page.transfer.state {
                TransferState::Stored | TransferState::Included => sums.0 += total,
                TransferState::Settled => sums.1 += total,
                TransferState::Released => {}
            }
        }
        sums
    }

    /// Takes note of a commit; the transfer that it was about.
    pub(crate) fn record(&mut self, changes: &Changes) -> Result<Option<TxId>, Violation> {
        let Some(transfer) = &changes.transfer else { return Ok(None) };
        let (txid, id) = (transfer.txid, OrderId(transfer.id.0));
        let before = self.pages.remove(&txid);
        if let Some(before) = &before {
            if before.transfer.id != transfer.id {
                let text = format!("{txid} also serves {}", before.transfer.id);
                return Err(("a transaction serves one leg", id, text));
            }
            if before.transfer.is_closed() && before.transfer.state != transfer.state {
                let text = format!("from {:?} to {:?}", before.transfer.state, transfer.state);
                return Err(("states only advance", id, text));
            }
        }
        let (held, settled, released) =
            before.map_or((0, 0, 0), |page| (page.held, page.settled, page.released));
        let mut page = TransferPage { transfer: transfer.clone(), held, settled, released };
        for tx in &changes.ledger {
            match tx.fact {
                Fact::TransferHeld => page.held += 1,
                Fact::TransferSettled => page.settled += 1,
                Fact::TransferReleased => page.released += 1,
                Fact::OrderHeld
                | Fact::OrderSettled
                | Fact::OrderReleased
                | Fact::OrderRefunded
                | Fact::OrderPartlyRefunded
                | Fact::MerchantCredited
                | Fact::MerchantDebited
                | Fact::DepositCredited => {}
            }
        }
        let problem = page.money_problem();
        self.pages.insert(txid, page);
        match problem {
            Some(text) => Err(("charged once or not at all", id, text)),
            None => Ok(Some(txid)),
        }
    }
}
