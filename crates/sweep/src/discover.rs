//! Which addresses hold the token, or TRX where that is wanted too: the balances of thousands in one pass.
//!
//! Balances come a hundred at a time where the node offers JSON-RPC batches, else one by one with a
//! bounded number under way. Every page is stored with the place where it ends, so that an
//! interrupted pass goes on there.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{self, StreamExt, TryStreamExt};
use node::{BATCH_CALLS_MAX, BatchCall, BatchOutcome, NodeError, TronNode, Verdict};
use tron::{Address, Sun, TokenUnits, trc20};

use crate::ask::patiently;
use crate::journal::{Cursor, Holding, Journal, JournalError, RunId};
use crate::observe::{Event, Observer};
use crate::target::{KeySource, KeySourceError, Target};

/// Addresses in one page; each page is one commit.
const PAGE_ADDRESSES: usize = 1_000;
/// Batches under way at once.
const BATCHES_AT_ONCE: usize = 4;
/// Single questions under way at once, where there are no batches.
pub(crate) const SINGLES_AT_ONCE: usize = 32;

/// Why discovery stopped.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// The chain could not be read.
    #[error("the balances could not be read")]
    Node(#[from] NodeError),
    /// The addresses could not be listed.
    #[error(transparent)]
    Keys(#[from] KeySourceError),
    /// What was found could not be stored.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Asks a node for many contract calls, in batches as long as it takes them.
pub struct Reader<'a> {
    node: &'a dyn TronNode,
    takes_batches: AtomicBool,
}

impl<'a> Reader<'a> {
    /// A reader that tries batches first.
    pub const fn new(node: &'a dyn TronNode) -> Self {
        Self { node, takes_batches: AtomicBool::new(true) }
    }

    /// The balances of these addresses, in their order.
    pub async fn balances(
        &self,
        token: Address,
        holders: &[Address],
    ) -> Result<Vec<TokenUnits>, NodeError> {
        let chunks = stream::iter(holders.chunks(BATCH_CALLS_MAX));
        let balances: Vec<Vec<TokenUnits>> = chunks
            .map(|chunk| self.some_balances(token, chunk))
            .buffered(BATCHES_AT_ONCE)
            .try_collect()
            .await?;
        Ok(balances.concat())
    }

    async fn some_balances(
        &self,
        token: Address,
        holders: &[Address],
    ) -> Result<Vec<TokenUnits>, NodeError> {
        let call = |holder: &Address| BatchCall {
            caller: *holder,
            contract: token,
            data: trc20::balance_of_data(*holder),
        };
        let calls: Vec<BatchCall> = holders.iter().map(call).collect();
        let known: Vec<Option<TokenUnits>> = match self.batch(&calls).await? {
            Some(outcomes) => outcomes.iter().map(balance_in).collect(),
            None => vec![None; holders.len()],
        };
        let one = |(holder, known): (Address, Option<TokenUnits>)| async move {
            match known {
                Some(balance) => Ok(balance),
                None => patiently(|| self.node.token_balance(token, holder)).await,
            }
        };
        let each = holders.iter().copied().zip(known);
        let at_once = SINGLES_AT_ONCE / BATCHES_AT_ONCE;
        stream::iter(each).map(one).buffered(at_once).try_collect().await
    }

    /// The TRX of these addresses, in their order; zero for one that was never activated.
    pub async fn trx_balances(&self, addresses: &[Address]) -> Result<Vec<Sun>, NodeError> {
        let chunks = stream::iter(addresses.chunks(BATCH_CALLS_MAX));
        let balances: Vec<Vec<Sun>> = chunks
            .map(|chunk| self.some_trx_balances(chunk))
            .buffered(BATCHES_AT_ONCE)
            .try_collect()
            .await?;
        Ok(balances.concat())
    }

    async fn some_trx_balances(&self, addresses: &[Address]) -> Result<Vec<Sun>, NodeError> {
        if let Some(balances) = self.in_one(|| self.node.trx_balances(addresses)).await? {
            return Ok(balances);
        }
        let one = |address: Address| async move {
            let account = patiently(|| self.node.account(address)).await?;
            Ok(account.map_or(Sun::ZERO, |account| account.balance))
        };
        let at_once = SINGLES_AT_ONCE / BATCHES_AT_ONCE;
        stream::iter(addresses.to_vec()).map(one).buffered(at_once).try_collect().await
    }

    /// Runs the calls as one batch; `None` where the node takes none.
    pub(crate) async fn batch(
        &self,
        calls: &[BatchCall],
    ) -> Result<Option<Vec<BatchOutcome>>, NodeError> {
        self.in_one(|| self.node.call_batch(calls)).await
    }

    async fn in_one<T, F>(&self, ask: impl Fn() -> F) -> Result<Option<T>, NodeError>
    where
        F: Future<Output = Result<T, NodeError>>,
    {
        if !self.takes_batches.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match patiently(ask).await {
            Ok(answers) => Ok(Some(answers)),
            // Switched off, unknown path, or an answer that is none: it will not be better.
            Err(error) if error.verdict() == Verdict::GiveUp => {
                self.takes_batches.store(false, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// What a node in a batch answered; `None` where it has to be asked alone.
fn balance_in(outcome: &BatchOutcome) -> Option<TokenUnits> {
    match outcome {
        BatchOutcome::Returned(word) => trc20::decode_uint256(word).ok(),
        BatchOutcome::Reverted(_) | BatchOutcome::Refused(_) => None,
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The token; whatever holds any of it is found.
    pub token: Address,
    /// An address without the token is found as well if it holds this much TRX.
    pub trx_min: Option<Sun>,
}

/// Walks the source from where the journal says, and stores what holds something.
///
/// Shape: for a source with a gap limit also one account read for each address that holds nothing,
/// because an address that was swept before is not unused. What holds TRX alone is a [`Holding`] of
/// no tokens.
pub async fn discover(
    reader: &Reader<'_>,
    keys: &dyn KeySource,
    wanted: Wanted,
    run: &RunId,
    mut cursor: Cursor,
    journal: &Journal,
    observer: &dyn Observer,
) -> Result<Vec<Holding>, DiscoverError> {
    let mut holding = journal.holdings(run).await?.len();
    while !cursor.is_at_end {
        let count = match keys.gap_limit() {
            Some(gap) => gap.clamp(1, PAGE_ADDRESSES),
            None => PAGE_ADDRESSES,
        };
        let page = keys.page(cursor.next_position, count)?;
        let addresses: Vec<Address> = page.iter().map(|target| target.address).collect();
        let balances = reader.balances(wanted.token, &addresses).await?;
        let rich = rich_in_trx(reader, &addresses, &balances, wanted.trx_min).await?;
        let first = cursor.next_position;
        cursor.next_position += page.len();
        cursor.is_at_end = page.len() < count;
        if let Some(gap) = keys.gap_limit() {
            cursor.unused_in_a_row =
                unused_after(reader.node, &addresses, &balances, cursor.unused_in_a_row).await?;
            cursor.is_at_end |= cursor.unused_in_a_row >= gap;
        }
        let found: Vec<Holding> = found(first, page, &balances, &rich);
        holding += found.len();
        journal.add_holdings(run, found, cursor).await?;
        observer.notice(&Event::Discovered { addresses: cursor.next_position, holding });
    }
    Ok(journal.holdings(run).await?)
}

/// Those without tokens that hold enough TRX.
async fn rich_in_trx(
    reader: &Reader<'_>,
    addresses: &[Address],
    balances: &[TokenUnits],
    trx_min: Option<Sun>,
) -> Result<BTreeSet<Address>, NodeError> {
    let Some(trx_min) = trx_min else { return Ok(BTreeSet::new()) };
    let empty = addresses.iter().zip(balances).filter(|(_, held)| held.0 == 0);
    let empty: Vec<Address> = empty.map(|(address, _)| *address).collect();
    let trx = reader.trx_balances(&empty).await?;
    let rich = empty.into_iter().zip(trx).filter(|(_, trx)| *trx >= trx_min && *trx > Sun::ZERO);
    Ok(rich.map(|(address, _)| address).collect())
}

fn found(
    first: usize,
    page: Vec<Target>,
    balances: &[TokenUnits],
    rich: &BTreeSet<Address>,
) -> Vec<Holding> {
    let all = page.into_iter().zip(balances).zip(first..);
    all.filter(|((target, held), _)| held.0 > 0 || rich.contains(&target.address))
        .map(|((target, held), position)| Holding { position, target, held: *held })
        .collect()
}

/// Unused addresses in a row at the end of this page, those before it counted.
async fn unused_after(
    node: &dyn TronNode,
    addresses: &[Address],
    balances: &[TokenUnits],
    before: usize,
) -> Result<usize, NodeError> {
    let is_used = |(address, held): (&Address, &TokenUnits)| {
        let (address, held) = (*address, *held);
        async move { Ok(held.0 > 0 || patiently(|| node.account(address)).await?.is_some()) }
    };
    let used: Vec<bool> = stream::iter(addresses.iter().zip(balances))
        .map(is_used)
        .buffered(SINGLES_AT_ONCE)
        .try_collect()
        .await?;
    Ok(match used.iter().rposition(|is_used| *is_used) {
        Some(last) => used.len() - 1 - last,
        None => before + used.len(),
    })
}
