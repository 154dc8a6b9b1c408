//! What a run goes by while it decides: the chain of this moment, and what orders turned out to cost.

use std::sync::OnceLock;

use node::{ChainParameters, Head, NodeError};
use tokio::sync::Mutex;
use tron::BlockId;

use super::{Sweeper, TooDear};
use crate::ask::patiently;

/// What all addresses of a run share.
#[derive(Default)]
pub(super) struct Terms {
    /// The chain's prices at a block. A vote may change them while a run is under way, and a transfer
    /// whose limit was made of an old price runs out of energy; so they are read once a block.
    prices: Mutex<Option<(BlockId, ChainParameters)>>,
    /// The order that cost more than was agreed to, if there was one.
    pub(super) too_dear: OnceLock<TooDear>,
}

/// The chain at the moment at which something is signed.
pub(super) struct Now {
    /// The newest block.
    pub(super) head: Head,
    /// The newest one that cannot be undone.
    pub(super) solid: Head,
    /// Prices and limits.
    pub(super) parameters: ChainParameters,
}

impl Sweeper {
    /// The chain now.
    ///
    /// Shape: two requests, and a third one for the first that asks in a block.
    pub(super) async fn now(&self, terms: &Terms) -> Result<Now, NodeError> {
        let (head, solid) = futures::try_join!(
            patiently(|| self.node.head()),
            patiently(|| self.node.solid_head())
        )?;
        // Held while the node is asked, so that many addresses of one block ask once.
        let mut prices = terms.prices.lock().await;
        let parameters = match *prices {
            Some((block, parameters)) if block == head.id => parameters,
            Some(_) | None => patiently(|| self.node.chain_parameters()).await?,
        };
        *prices = Some((head.id, parameters));
        Ok(Now { head, solid, parameters })
    }
}
