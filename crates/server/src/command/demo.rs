//! `sunsweep demo`: sweep addresses on a devnet in this process and show what it saved.

mod progress;
mod report;
mod run;

use super::dev::{Scratch, addresses};
use super::output::{Failure, print, say};
use crate::logging::{self, LogFormat};
use crate::world::{World, WorldOptions};

/// Start a devnet and the server, order for each address, sweep it, and show what it cost.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Payment addresses that hold tokens.
    #[arg(long, default_value_t = 20, value_parser = addresses)]
    addresses: usize,
    /// Time between two blocks, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    block_time_ms: i64,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// What is logged, as RUST_LOG writes it.
    #[arg(long, default_value = "error")]
    log: String,
}

impl Demo {
    /// Runs it to the end. Fails when a sweep did not arrive, an address burned TRX for energy, or the
    /// audit found a difference.
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.log, LogFormat::Text)?;
        let scratch = Scratch::new()?;
        let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let options = WorldOptions {
            listen: loopback,
            node_listen: loopback,
            admin_listen: None,
            data: scratch.0.clone(),
            database_url: None,
            block_time_ms: self.block_time_ms,
            addresses: self.addresses,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let report = runtime.block_on(async {
            let world = World::start(&options).await?;
            say(&format!(
                "A TRON devnet and sunsweep run in this process; {} addresses hold USDT and no TRX.",
                world.payment_addresses.len()
            ));
            let report = run::run(&world, self.block_time_ms).await;
            world.stop().await?;
            report
        })?;
        match self.json {
            true => print(&report.to_json()),
            false => print(&report.to_text()),
        }
        if report.is_good() { Ok(()) } else { Err(Failure::Found) }
    }
}
