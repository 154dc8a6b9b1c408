//! Transfers of TRX as they were committed: a second memory to hold the product to.

use std::collections::BTreeMap;

use app::rows::Changes;
use domain::{OrderId, Transfer, TransferState};
use tron::TxId;

use crate::book::Violation;
use crate::money::{Charge, Posted, Sums};

/// Every transfer, by its transaction.
#[derive(Default)]
pub(crate) struct TransferBook {
    pages: BTreeMap<TxId, TransferPage>,
}

/// One transfer as it was last committed.
pub(crate) struct TransferPage {
    transfer: Transfer,
    posted: Posted,
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
        let (settled, released) = match self.transfer.state {
            TransferState::Stored | TransferState::Included => (0, 0),
            TransferState::Settled => (1, 0),
            TransferState::Released => (0, 1),
        };
        let wanted = Posted { held: 1, settled, released, ..Posted::default() };
        self.posted.problem(wanted, &self.transfer.state)
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

    /// Takes note of a commit.
    pub(crate) fn record(&mut self, changes: &Changes, sums: &mut Sums) -> Result<(), Violation> {
        let Some(transfer) = &changes.transfer else { return Ok(()) };
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
        let charged = before.as_ref().map(|page| Charge::of_transfer(&page.transfer));
        let overspent = sums.count(charged, Charge::of_transfer(transfer));
        let posted = before.map_or_else(Posted::default, |page| page.posted);
        let mut page = TransferPage { transfer: transfer.clone(), posted };
        page.posted.count(changes, None);
        let problem = page.money_problem().map(|text| ("charged once or not at all", text));
        self.pages.insert(txid, page);
        match overspent.or(problem) {
            Some((check, text)) => Err((check, id, text)),
            None => Ok(()),
        }
    }
}
