//! Policies: each refill proven on chain, in the ledger and at the receiver of callbacks.

mod auto;
mod count;
mod doubts;
mod keys;
mod many;
mod restart;

use crate::support::{Receiver, Setup, World};

/// A refill of one transfer's energy for a day: 65 000 energy at 90 sun.
const REFILL: i64 = 5_850_000;

/// A world whose merchant is told of everything.
async fn world(receiver: &Receiver, balance_sun: i64) -> World {
    let callback_url = Some(receiver.url());
    World::with(Setup { balance_sun, callback_url, ..Setup::default() }).await
}
