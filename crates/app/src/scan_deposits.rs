//! Scan for deposits: every solid block in its order, each exactly once, however long we were away.
//!
//! Only solid blocks count, so nothing that was credited can be undone. The scanned block moves in
//! the commit that keeps the deposits of the blocks up to it, and only if it is where it was when
//! they were read: two scanners, or a crash between any two lines, credit nothing twice and skip
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::deposit::judge;
use domain::ledger::LedgerTx;
use domain::{Deposit, MerchantId, UnixMillis};
use node::{Block, BlockTx, NodeError};
use tron::{Address, BlockId, ContractType, Sun};

use crate::App;
use crate::ports::StoreError;
use crate::rows::{Changes, Needs, Rows, ScannedBlock};
use crate::work::commit;

/// Why the scan did not go on. The scanned block is as before.
#[derive(Debug, thiserror::Error)]
pub enum ScanFailed {
    /// The chain cannot be read.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
    /// A solid block does not build on the one that was scanned before: the node shows another chain.
    #[error("solid block {0} does not build on the block that was scanned before it")]
    AnotherChain(i64),
}

/// How a scan went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// Nothing is scanned for: no address was ever handed out.
    Off,
    /// The newest solid block was scanned.
    UpToDate,
    /// Blocks were scanned, and so many solid ones are left.
    Behind {
        /// Solid blocks that are not scanned yet.
        blocks: i64,
    },
}

/// A transfer of TRX in a block.
#[derive(Clone, Copy, Debug)]
struct Seen {
    tx: BlockTx,
    sender: Address,
    receiver: Address,
    amount: Sun,
    block: i64,
    at: UnixMillis,
}

/// Scans for one process.
pub struct DepositScanner {
    app: App,
    /// Blocks to ask for next: halved when an answer does not come, as one too large would not.
    count: i64,
}

impl DepositScanner {
    /// A scanner.
    #[must_use]
    pub fn new(app: App) -> Self {
        let count = app.settings.deposits.blocks_per_read;
        Self { app, count }
    }

    /// Scans the next solid blocks.
    ///
    /// Shape: at most two node requests and one commit.
    /// Errors: [`ScanFailed`]; asking again is safe.
    pub async fn scan(&mut self) -> Result<Scanned, ScanFailed> {
        let Some(before) = self.app.store.scanned().await? else { return Ok(Scanned::Off) };
        let solid = self.app.node.solid_head().await?;
        if solid.number <= before.number {
            let is_ours =
                solid.number < before.number || solid.id == BlockId::from_bytes(before.id);
            // A node that lags has nothing for us; one with another block at our height is wrong.
            return if is_ours {
                Ok(Scanned::UpToDate)
            } else {
                Err(ScanFailed::AnotherChain(solid.number))
            };
        }
        let count = self.count.min(solid.number - before.number);
        let blocks = match self.app.node.solid_blocks(before.number + 1, count).await {
            Ok(blocks) => blocks,
            Err(failed) => {
                self.count = (self.count / 2).max(1);
                return Err(failed.into());
            }
        };
        self.count = (self.count * 2).min(self.app.settings.deposits.blocks_per_read);
        let after = chained(before, &blocks)?;
        self.credit(before, after, &blocks).await?;
        match (solid.number - after.number).max(0) {
            0 => Ok(Scanned::UpToDate),
            blocks => Ok(Scanned::Behind { blocks }),
        }
    }

    /// Keeps the deposits of these blocks and moves the scanned block, in one commit.
    async fn credit(
        &self,
        before: ScannedBlock,
        after: ScannedBlock,
        blocks: &[Block],
    ) -> Result<(), StoreError> {
        let seen: Vec<Seen> = blocks.iter().flat_map(transfers).collect();
        let receivers: BTreeSet<Address> = seen.iter().map(|one| one.receiver).collect();
        let receivers: Vec<Address> = receivers.into_iter().collect();
        let merchants: BTreeMap<Address, MerchantId> =
            self.app.store.deposit_merchants(&receivers).await?.into_iter().collect();
        let (deposits, ledger) = self.judge(&seen, &merchants);
        let needs = Needs { scanned: true, ..Needs::default() };
        let kept = deposits.clone();
        let decide = move |rows: &Rows| -> Result<(Changes, ()), ()> {
            if rows.scanned != Some(before) {
                return Err(());
            }
            let changes = Changes {
                deposits: kept.clone(),
                ledger: ledger.clone(),
                scanned: Some(after),
                ..Changes::default()
            };
            Ok((changes, ()))
        };
        if commit(&*self.app.store, needs, decide).await?.is_err() {
            tracing::debug!("another scanner was faster");
            return Ok(());
        }
        for deposit in deposits {
            let (txid, merchant) = (deposit.txid, deposit.merchant.0);
            match deposit.is_credited {
                true => {
                    tracing::info!(tx.id = %txid, merchant.id = merchant, "a deposit of {} TRX is credited", deposit.amount.to_trx_string())
                }
                false => {
                    tracing::info!(tx.id = %txid, merchant.id = merchant, "a deposit of {} TRX is too small to be credited", deposit.amount.to_trx_string())
                }
            }
        }
        Ok(())
    }

    fn judge(
        &self,
        seen: &[Seen],
        merchants: &BTreeMap<Address, MerchantId>,
    ) -> (Vec<Deposit>, Vec<LedgerTx>) {
        let now = self.app.clock.now();
        let minimum = self.app.settings.deposits.minimum;
        let ours = seen.iter().filter_map(|one| Some((one, *merchants.get(&one.receiver)?)));
        let judged = ours.map(|(one, merchant)| {
            let deposit = Deposit {
                id: self.app.ids.deposit_id(now),
                merchant,
                address: one.receiver,
                sender: one.sender,
                amount: one.amount,
                txid: one.tx.txid,
                contract_index: 0,
                block: one.block,
                at: one.at,
                seen: now,
                is_credited: false,
            };
            judge(deposit, minimum)
        });
        let (deposits, credits): (Vec<Deposit>, Vec<Option<LedgerTx>>) = judged.unzip();
        (deposits, credits.into_iter().flatten().collect())
    }
}

/// The last of these blocks, if each builds on the one before it.
fn chained(before: ScannedBlock, blocks: &[Block]) -> Result<ScannedBlock, ScanFailed> {
    blocks.iter().try_fold(before, |last, block| {
        let is_next = block.head.number == last.number + 1;
        if !is_next || block.parent != BlockId::from_bytes(last.id) {
            return Err(ScanFailed::AnotherChain(block.head.number));
        }
        Ok(ScannedBlock {
            number: block.head.number,
            id: *block.head.id.as_bytes(),
            at: UnixMillis(block.head.timestamp_ms),
        })
    })
}

/// Transfers of TRX that took effect. TRX that a smart contract sends is not among them: only some
/// nodes show it, so it cannot be proved on every one (`docs/deposits.md`).
fn transfers(block: &Block) -> impl Iterator<Item = Seen> {
    let (number, at) = (block.head.number, UnixMillis(block.head.timestamp_ms));
    block.transactions.iter().filter(|tx| tx.succeeded).filter_map(move |tx| {
        let contract = tx.contract.filter(|one| one.kind == Some(ContractType::Transfer))?;
        let amount = contract.amount_sun.filter(|amount| *amount > 0)?;
        Some(Seen {
            tx: *tx,
            sender: contract.owner?,
            receiver: contract.receiver?,
            amount: Sun::new(amount),
            block: number,
            at,
        })
    })
}
