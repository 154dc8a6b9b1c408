//! Delivers callbacks, so that one dead receiver delays nobody: each host has few places of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use app::App;
use app::rows::{Lease, OutboxKind};
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::claims::{Worker, outbox};

/// Wait before a callback is claimed again whose host has no place now, in milliseconds.
const NO_PLACE_MS: i64 = 1_000;

/// Attempts under way, by host.
#[derive(Default)]
struct Hosts(Mutex<HashMap<String, usize>>);

impl Hosts {
    /// Takes a place of a host, if it has one.
    fn enter(&self, host: &str, places: usize) -> bool {
        let mut hosts = self.0.lock().expect("nothing panics while holding it");
        let taken = hosts.entry(host.to_owned()).or_default();
        let may_enter = *taken < places;
        *taken += usize::from(may_enter);
        may_enter
    }

    fn leave(&self, host: &str) {
        let mut hosts = self.0.lock().expect("nothing panics while holding it");
        if let Some(taken) = hosts.get_mut(host) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                hosts.remove(host);
            }
        }
    }
}

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let hosts = Arc::new(Hosts::default());
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
    if !hosts.enter(&host, app.settings.callbacks_per_host) {
        let later = app.clock.now().after_ms(NO_PLACE_MS);
        if let Err(failed) = app.store.release(lease, later).await {
            tracing::debug!(order.id = %lease.order(), "a callback's lease ran out: {failed}");
        }
        return;
    }
    let delivered = app.deliver_callback(lease).await;
    hosts.leave(&host);
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
    fn a_host_has_few_places_and_gets_them_back() {
        let hosts = Hosts::default();
        assert!(hosts.enter("a:443", 2) && hosts.enter("a:443", 2));
        assert!(!hosts.enter("a:443", 2), "no third place");
        assert!(hosts.enter("b:443", 2), "another host is not delayed");
        hosts.leave("a:443");
        assert!(hosts.enter("a:443", 2));
    }

    #[test]
    fn ports_of_one_host_are_apart() {
        assert_eq!(host_of("https://Merchant.example/a"), "merchant.example:443");
        assert_eq!(host_of("http://merchant.example:81/"), "merchant.example:81");
    }
}
