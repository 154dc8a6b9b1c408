//! `sunsweep serve`: the server against real nodes.

use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::output::{Failure, say};
use crate::boot::{Listening, Product, Secrets, Stop};
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
            // From the beginning, so that whoever stops it while it starts is heard.
            let stop = end_on_signals(config.notice())?;
            let product = Product::new(config, secrets)?;
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

/// Notice is given at the first signal; the end comes when load balancers had time to see it, or at the
/// second.
fn end_on_signals(notice: Duration) -> std::io::Result<Stop> {
    let stop = Stop::default();
    let (mut terminate, told) = (signal(SignalKind::terminate())?, stop.clone());
    tokio::spawn(async move {
        heard(&mut terminate).await;
        told.notice.cancel();
        tokio::select! {
            () = tokio::time::sleep(notice) => {}
            () = heard(&mut terminate) => {}
        }
        told.end.cancel();
    });
    Ok(stop)
}

/// Waits for Ctrl-C or a polite request to end.
pub(super) async fn stop_signal() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => heard(&mut terminate).await,
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

async fn heard(terminate: &mut Signal) {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
