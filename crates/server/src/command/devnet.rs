//! `sunsweep devnet`: the chain alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use devnet::{Devnet, DevnetConfig};

use super::output::{Failure, print, say};
use super::serve::stop_signal;
use crate::listen;

/// Run a TRON node in this process, with the endpoints of a real one and a control interface.
#[derive(Debug, clap::Args)]
pub(super) struct DevnetCommand {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Time between two blocks, in milliseconds.
    #[arg(long, default_value_t = 3_000)]
    block_time_ms: i64,
    /// File to keep the chain in and to resume it from.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
}

impl DevnetCommand {
    /// Runs it until it is told to stop.
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async move {
            let config = DevnetConfig::auto(self.block_time_ms);
            let devnet = match &self.data {
                Some(file) => Devnet::open(config, file)?,
                None => Devnet::new(config)?,
            };
            let listener = listen::bind(self.listen).await?;
            print(&format!("http://{}", listener.local_addr()?));
            say("TRON devnet; controls are under /devnet/, see docs/devnet.md");
            devnet::serve(listener, devnet, stop_signal()).await;
            Ok(())
        })
    }
}
