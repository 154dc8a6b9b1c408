//! Hand out deposit addresses: each is stored, and scanned for, before anybody can know it.

use domain::{MerchantId, UnixMillis};
use node::{NodeError, TronNode};
use tron::Address;

use crate::ports::{Store, StoreError};
use crate::rows::{Changes, DepositAddress, Needs, Rows, ScannedBlock};
use crate::work::commit;

/// Derives deposit addresses without being able to spend from them.
pub trait DepositKeys: Send + Sync {
    /// Which extended public key it is.
    fn fingerprint(&self) -> &str;

    /// A merchant's number below the key and its address; `None` for a merchant without one.
    fn address(&self, merchant: MerchantId) -> Option<(i64, Address)>;
}

/// Why no address can be handed out.
#[derive(Debug, thiserror::Error)]
pub enum HandOutFailed {
    /// There is no such merchant.
    #[error("there is no merchant {}", .0.0)]
    NoMerchant(MerchantId),
    /// The key has no such child.
    #[error("merchant {} has no address below the extended public key", .0.0)]
    NoAddress(MerchantId),
    /// Scanning has not begun, and the chain cannot be read to begin it.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// The store did not do it.
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

/// A merchant's deposit address under this key; the same one every time.
///
/// The scan begins no later than this: an address that nobody scans for is never handed out.
/// Shape: one commit the first time, and one node request if nothing was ever scanned.
pub async fn hand_out(
    store: &dyn Store,
    node: &dyn TronNode,
    keys: &dyn DepositKeys,
    merchant: MerchantId,
    now: UnixMillis,
) -> Result<DepositAddress, HandOutFailed> {
    if let Some(known) = current(store, keys, merchant).await? {
        return Ok(known);
    }
    if !store.merchants().await?.iter().any(|one| one.id == merchant) {
        return Err(HandOutFailed::NoMerchant(merchant));
    }
    let (number, address) = keys.address(merchant).ok_or(HandOutFailed::NoAddress(merchant))?;
    begin_scan(store, node).await?;
    let xpub = keys.fingerprint().to_owned();
    let new = DepositAddress { address, merchant, xpub, number, created: now };
    store.put_deposit_address(&new).await?;
    Ok(current(store, keys, merchant).await?.unwrap_or(new))
}

async fn current(
    store: &dyn Store,
    keys: &dyn DepositKeys,
    merchant: MerchantId,
) -> Result<Option<DepositAddress>, StoreError> {
    let all = store.deposit_addresses(Some(merchant)).await?;
    Ok(all.into_iter().find(|one| one.xpub == keys.fingerprint()))
}

/// Begins the scan at the newest solid block, unless it has begun.
pub async fn begin_scan(
    store: &dyn Store,
    node: &dyn TronNode,
) -> Result<ScannedBlock, HandOutFailed> {
    if let Some(scanned) = store.scanned().await? {
        return Ok(scanned);
    }
    let head = node.solid_head().await?;
    let first = ScannedBlock {
        number: head.number,
        id: *head.id.as_bytes(),
        at: UnixMillis(head.timestamp_ms),
    };
    let needs = Needs { scanned: true, ..Needs::default() };
    let decide = move |rows: &Rows| -> Result<(Changes, ScannedBlock), ScannedBlock> {
        match rows.scanned {
            // Another process was faster.
            Some(scanned) => Err(scanned),
            None => Ok((Changes { scanned: Some(first), ..Changes::default() }, first)),
        }
    };
    Ok(commit(store, needs, decide).await?.unwrap_or_else(|scanned| scanned))
}
