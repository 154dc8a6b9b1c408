//! Deposit addresses: each is stored, scanned for and in the log before anybody can know it.

use domain::{MerchantId, UnixMillis};
use node::{NodeError, TronNode};
use tron::Address;

use super::merchants::subject;
use super::{AdminRefused, Administrator, Written};
use crate::admin_rows::{AdminChanges, AdminNeeds};
use crate::describe;
use crate::rows::{DepositAddress, ScannedBlock};

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
    /// The key has no such child.
    #[error("merchant {} has no address below the extended public key", .0.0)]
    NoAddress(MerchantId),
    /// Nobody was told this address by what the rows know, and the chain knows it.
    #[error(
        "number {} has the address {address}, which was used before. If an older copy of the database was put \
         back, it may be that of a merchant which the copy has forgotten: add this merchant once more, which \
         gives it the next number, and pause this one. Only if it is this merchant's own, hand it out with \
         \"sunsweep deposit address {} --used\"",
        .merchant.0, .merchant.0
    )]
    Used {
        /// Who was to get it.
        merchant: MerchantId,
        /// The address.
        address: Address,
    },
    /// The chain cannot be read: neither whether the address was used, nor where scanning begins.
    #[error("the chain could not be read")]
    Node(#[from] NodeError),
    /// There is no such merchant, or the store did not do it.
    #[error(transparent)]
    Refused(#[from] AdminRefused),
}

impl Administrator {
    /// A merchant's deposit address under this key; the same one every time.
    ///
    /// The first time it must be new to the chain. Numbers of merchants that were added after a copy are
    /// given again when it was put back, and the next payment of a forgotten one would be another's.
    /// Shape: the first time one node request, then as [`Self::hand_out_used_deposit_address`].
    pub async fn hand_out_deposit_address(
        &self,
        node: &dyn TronNode,
        keys: &dyn DepositKeys,
        merchant: MerchantId,
    ) -> Result<DepositAddress, HandOutFailed> {
        let (_, address) = keys.address(merchant).ok_or(HandOutFailed::NoAddress(merchant))?;
        if self.is_first_time(keys, merchant).await? && node.account(address).await?.is_some() {
            return Err(HandOutFailed::Used { merchant, address });
        }
        self.hand_out_used_deposit_address(node, keys, merchant).await
    }

    /// The same for an address of which a person says that it is this merchant's own, used or not.
    ///
    /// The scan begins no later than this: an address that nobody scans for is never handed out.
    /// Shape: one commit, and one node request if nothing was ever scanned.
    pub async fn hand_out_used_deposit_address(
        &self,
        node: &dyn TronNode,
        keys: &dyn DepositKeys,
        merchant: MerchantId,
    ) -> Result<DepositAddress, HandOutFailed> {
        let (number, address) = keys.address(merchant).ok_or(HandOutFailed::NoAddress(merchant))?;
        let begin = self.where_to_begin(node).await?;
        let xpub = keys.fingerprint().to_owned();
        let needs =
            AdminNeeds { deposit_address: Some((merchant, xpub.clone())), ..AdminNeeds::default() };
        let handed = self.change(Some(merchant), needs, move |me, rows| {
            rows.merchant.as_ref().ok_or(AdminRefused::NoMerchant(merchant))?;
            if let Some(known) = &rows.admin.deposit_address {
                return Ok((None, known.clone()));
            }
            let new =
                DepositAddress { address, merchant, xpub: xpub.clone(), number, created: me.now };
            let after = describe::deposit_address(&new);
            let log = me.log("merchant.deposit_address", subject(merchant), None, Some(&after));
            let changes =
                AdminChanges { deposit_address: Some(new.clone()), ..AdminChanges::logged(log) };
            // Another process may have begun meanwhile.
            let scanned = begin.filter(|_| rows.scanned.is_none());
            Ok((Some(Written { scanned, ..changes.into() }), new))
        });
        Ok(handed.await?)
    }

    /// Whether this merchant has no address under this key yet; an unknown one gets none anyway.
    async fn is_first_time(
        &self,
        keys: &dyn DepositKeys,
        merchant: MerchantId,
    ) -> Result<bool, AdminRefused> {
        let handed = self.store.deposit_addresses(Some(merchant)).await?;
        if handed.iter().any(|one| one.xpub == keys.fingerprint()) {
            return Ok(false);
        }
        Ok(self.store.merchants().await?.iter().any(|one| one.id == merchant))
    }

    /// The newest solid block, unless the scan has begun.
    async fn where_to_begin(
        &self,
        node: &dyn TronNode,
    ) -> Result<Option<ScannedBlock>, HandOutFailed> {
        if self.store.scanned().await.map_err(AdminRefused::from)?.is_some() {
            return Ok(None);
        }
        let head = node.solid_head().await?;
        Ok(Some(ScannedBlock {
            number: head.number,
            id: *head.id.as_bytes(),
            at: UnixMillis(head.timestamp_ms),
        }))
    }
}
