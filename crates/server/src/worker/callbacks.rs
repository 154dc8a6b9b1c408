//! Delivers callbacks, so that dead receivers delay nobody: see [`Hosts`].

use std::sync::Arc;
use std::time::Instant;

use app::App;
use app::rows::{Lease, OutboxKind};
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::claims::{Worker, outbox};
use super::hosts::Hosts;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let hosts = Hosts::new(pace.callbacks_at_once, app.settings.callbacks_per_host);
    let hosts = Arc::new(hosts);
    let worker = Worker {
        what: "callbacks",
        places: pace.callbacks_at_once,
        bell: app.callback_bell.clone(),
        idle: pace.idle,
        claim: outbox(&app, OutboxKind::Callback),
    };
    let keep = |lease| {
        let (app, hosts) = (app.clone(), Arc::clone(&hosts));
        async move { deliver(&app, &hosts, lease).await }
    };
    worker.run(keep, stop).await;
}

async fn deliver(app: &App, hosts: &Hosts, lease: Lease) {
    let host = match app.store.callback(lease.order()).await {
        Ok(Some(callback)) => host_of(&callback.url),
        Ok(None) => String::new(),
        Err(failed) => {
            tracing::error!(order.id = %lease.order(), "a callback could not be read: {failed}");
            return;
        }
    };
    let began = app.clock.now();
    if let Err(later) = hosts.enter(&host, began) {
        if let Err(failed) = app.store.release(lease, later).await {
            tracing::debug!(order.id = %lease.order(), "a callback's lease ran out: {failed}");
        }
        return;
    }
    let waiting = Instant::now();
    let delivered = app.deliver_callback(lease).await;
    hosts.leave(&host, app.clock.now().since(began), waiting.elapsed());
    if let Err(failed) = delivered {
        tracing::error!(order.id = %lease.order(), "a callback attempt was not recorded: {failed}");
    }
}

/// The host and port that a URL names; all unreadable ones share one.
fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    let port = parsed.as_ref().and_then(url::Url::port_or_known_default).unwrap_or_default();
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_one_host_are_apart() {
        assert_eq!(host_of("https://Merchant.example/a"), "merchant.example:443");
        assert_eq!(host_of("http://merchant.example:81/"), "merchant.example:81");
    }
}
