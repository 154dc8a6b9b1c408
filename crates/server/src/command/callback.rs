//! `sunsweep callback`: show, replay.

use std::path::Path;

use app::rows::CallbackState;
use clap::Subcommand;
use domain::OrderId;

use super::output::{Failure, print, table};
use crate::boot::Offline;

/// What to do with callbacks.
#[derive(Debug, Subcommand)]
pub(crate) enum CallbackCommand {
    /// Show what is told about an order, and every attempt at it.
    Show {
        /// The order's serial.
        #[arg(value_parser = serial)]
        order: OrderId,
    },
    /// Tell it again, from now on with the whole schedule; the bytes are the same.
    Replay {
        /// The order's serial.
        #[arg(value_parser = serial)]
        order: OrderId,
    },
}

fn serial(text: &str) -> Result<OrderId, String> {
    OrderId::parse(text).ok_or_else(|| "a serial is 32 hex digits".to_owned())
}

impl CallbackCommand {
    /// Runs it on the configured database.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let offline = Offline::open(config)?;
        match self {
            Self::Show { order } => show(&offline, order),
            Self::Replay { order } => {
                offline.wait(offline.administrator().replay_callback(order))?;
                print(&format!("the callback of order {order} is due now"));
                Ok(())
            }
        }
    }
}

fn show(offline: &Offline, order: OrderId) -> Result<(), Failure> {
    let callback = offline
        .wait(offline.store.callback(order))?
        .ok_or_else(|| anyhow::anyhow!("order {order} has no callback"))?;
    let state = match callback.state {
        CallbackState::Owed => "owed",
        CallbackState::Delivered => "delivered",
        CallbackState::Dead => "given up",
    };
    print(&format!("to     {}", callback.url));
    print(&format!("body   {}", String::from_utf8_lossy(&callback.body)));
    print(&format!("state  {state} after {} attempts", callback.attempts));
    let attempts = offline.wait(offline.store.attempts(order))?;
    let rows = attempts.into_iter().map(|attempt| {
        vec![
            wire::time::utc_micros(attempt.at),
            attempt.status.map_or_else(String::new, |status| status.to_string()),
            format!("{} ms", attempt.took_ms),
            attempt.note,
        ]
    });
    print(&table(&["at", "status", "took", "answer"], rows));
    Ok(())
}
