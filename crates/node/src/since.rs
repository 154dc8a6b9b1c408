//! Answers that are of no use from a node that is behind: its head is read first.
//!
//! A node only goes forward, so what it says afterwards is not from before that head.

use tron::Address;

use crate::loss::LossRule;
use crate::port::TronNode;
use crate::verdict::NodeError;
use crate::view::delegation::DelegatedRecord;
use crate::view::resources::ResourceView;

/// See [`TronNode::resources_since`].
pub(crate) async fn resources(
    node: &(impl TronNode + ?Sized),
    address: Address,
    at_ms: i64,
) -> Result<Option<ResourceView>, NodeError> {
    has_seen(node, at_ms).await?;
    node.resources(address).await
}

/// See [`TronNode::delegated_since`]. Behind a load balancer head and answer may come from two nodes, so
/// there both are repeated.
///
/// Shape: two requests a round, one after the other.
pub(crate) async fn delegated(
    node: &(impl TronNode + ?Sized),
    rule: LossRule,
    (owner, receiver): (Address, Address),
    at_ms: i64,
) -> Result<Vec<DelegatedRecord>, NodeError> {
    has_seen(node, at_ms).await?;
    let agreed = node.delegated(owner, receiver).await?;
    for _ in 1..rule.rounds {
        has_seen(node, at_ms).await?;
        if node.delegated(owner, receiver).await? != agreed {
            return Err(NodeError::Disagreement);
        }
    }
    Ok(agreed)
}

async fn has_seen(node: &(impl TronNode + ?Sized), at_ms: i64) -> Result<(), NodeError> {
    let head_ms = node.head().await?.timestamp_ms;
    match head_ms >= at_ms {
        true => Ok(()),
        false => Err(NodeError::Behind { head_ms, at_ms }),
    }
}
