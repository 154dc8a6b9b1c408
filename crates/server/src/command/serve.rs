//! `sunsweep serve`: the server against real nodes.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::output::{Failure, say};
use crate::boot::{Listening, Product, Secrets};
use crate::config::Config;
use crate::logging;

/// Run the server until it is told to stop; orders under way continue at the next start.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {}

impl Serve {
    /// Runs it with the configured database, nodes and wallets.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let config = Config::load(config)?;
        logging::start(&config.log.filter, config.log_format())?;
        let secrets = Secrets::load(&config)?;
        let listen = config.server.listen;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async move {
            let product = Product::new(config, secrets)?;
            let stop = CancellationToken::new();
            let on_signal = stop.clone();
            tokio::spawn(async move {
                stop_signal().await;
                on_signal.cancel();
            });
            let told = |listening: Listening| {
                say(&format!("listening on http://{}", listening.server));
                if let Some(admin) = listening.admin {
                    say(&format!("the admin interface listens on http://{admin}"));
                }
            };
            product.run(listen, stop, told).await?;
            Ok(())
        })
    }
}

/// Waits for Ctrl-C or a polite request to end.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _no_signals = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
