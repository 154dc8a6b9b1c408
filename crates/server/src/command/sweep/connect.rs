//! From the command line to clients: of the server, of the node, and the settings of a run.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use node::{
    Endpoint, Failover, FailoverSettings, Health, HttpLimits, HttpTransport, JsonNode, LossRule,
    Member, NodeSettings, RequestLimit, TronNode, black_hole,
};
use sweep::run::now_ms;
use sweep::{ApiClient, ApiKey, OnShortfall};
use tron::Address;
use zeroize::Zeroizing;

use super::{ApiArgs, CarryArgs, NodeArgs, Shortfall, needed};
use crate::command::output::{Failure, say};
use crate::private_file;

/// Environment variable that holds the API secret.
const SECRET_VARIABLE: &str = "SUNSWEEP_API_SECRET";
/// Requests a second to a provider that says nothing else; free plans allow 15.
const PROVIDER_REQUESTS_PER_SECOND: u32 = 12;
/// Wait between two looks at how the nodes are.
const HEALTH_EVERY: Duration = Duration::from_secs(3);
/// USDT on mainnet: `--token USDT`.
pub(super) const USDT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

impl ApiArgs {
    /// The server's base URL.
    pub(super) fn url(&self) -> Result<String, Failure> {
        let url = needed(self.api.clone(), "--api")?;
        let parsed = url::Url::parse(&url);
        if !parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            return Err(Failure::Usage("--api is an http:// or https:// URL".to_owned()));
        }
        Ok(url)
    }

    /// The secret, from the file or the environment; never from an argument.
    fn secret(&self) -> Result<Zeroizing<String>, Failure> {
        let text = match (&self.api_secret_file, std::env::var(SECRET_VARIABLE)) {
            (Some(path), _) => secret_in(path)?,
            (None, Ok(text)) => Zeroizing::new(text),
            (None, Err(_)) => {
                let text = format!("--api-secret-file is needed, or {SECRET_VARIABLE}");
                return Err(Failure::Usage(text));
            }
        };
        Ok(Zeroizing::new(text.trim().to_owned()))
    }

    /// A client of the server at that URL.
    pub(super) fn client(&self, url: &str) -> Result<(ApiClient, Zeroizing<String>), Failure> {
        let secret = self.secret()?;
        let text = needed(self.api_key.clone(), "--api-key")?;
        let key = ApiKey { text, secret: secret.clone() };
        // Only the first installation in a process succeeds, and any provider serves.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        Ok((ApiClient::new(url, key)?, secret))
    }
}

fn secret_in(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::Failed(anyhow::anyhow!("{} cannot be read: {error}", path.display()))
    };
    let bytes = private_file::read(path).map_err(|error| unreadable(&error))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(&error))?;
    Ok(Zeroizing::new(text.to_owned()))
}

impl NodeArgs {
    /// The nodes behind one face, which judges them every few seconds for as long as it is used: one
    /// whose head is old is not asked, and if none is left nothing is planned, ordered or signed. The
    /// totals of the chain are read from `token` where nobody owns the black hole.
    pub(super) async fn connect(&self, token: Address) -> Result<Arc<dyn TronNode>, Failure> {
        if self.node.is_empty() {
            return Err(Failure::Usage("--node is needed".to_owned()));
        }
        let key = self.node_api_key_file.as_deref().map(secret_in).transpose()?;
        let mut members = Vec::new();
        for url in &self.node {
            let mut endpoint =
                Endpoint::new(url).map_err(|error| Failure::Usage(format!("--node: {error}")))?;
            if let Some(key) = &key {
                endpoint = endpoint.with_api_key(key.trim())?;
            }
            let is_own = self.own_node || is_loopback(url);
            let default = if is_own { 0 } else { PROVIDER_REQUESTS_PER_SECOND };
            let rate = self.node_requests_per_second.unwrap_or(default);
            let settings = NodeSettings {
                loss_rule: if is_own { LossRule::SINGLE } else { LossRule::POOL },
                totals_addresses: vec![black_hole(), token],
                ..NodeSettings::default()
            };
            let limits = HttpLimits {
                requests: RequestLimit::per_second(rate),
                idle_connections_max: 64,
                ..HttpLimits::default()
            };
            let probe = HttpTransport::new(endpoint.clone(), HttpLimits::default())?;
            let probe = Arc::new(JsonNode::new(probe, settings.clone()));
            let name = endpoint.name();
            let node = Arc::new(JsonNode::new(HttpTransport::new(endpoint, limits)?, settings));
            members.push(Member::new(name, node).probed_by(probe));
        }
        let nodes = Arc::new(Failover::new(members, FailoverSettings::default()));
        nodes.check(now_ms()).await;
        for member in nodes.members() {
            if let Some(text) = in_words(member.health()) {
                say(&format!("the node {} is not used for now: {text}", member.name()));
            }
        }
        tokio::spawn(watch_health(Arc::downgrade(&nodes)));
        Ok(nodes)
    }

    /// The nodes by host and port: providers put tokens into the rest of a URL.
    pub(super) fn names(&self) -> String {
        let names = self.node.iter().filter_map(|url| Some(Endpoint::new(url).ok()?.name()));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Judges the nodes until nobody uses them any more.
async fn watch_health(nodes: Weak<Failover>) {
    loop {
        tokio::time::sleep(HEALTH_EVERY).await;
        let Some(nodes) = nodes.upgrade() else { return };
        nodes.check(now_ms()).await;
    }
}

/// Why a node cannot be acted on; `None` if it can.
fn in_words(health: Health) -> Option<String> {
    match health {
        Health::Unchecked | Health::Healthy { .. } => None,
        Health::Stale { age_ms } if age_ms < 0 => {
            Some(format!("its newest block is {} s ahead of this clock", -age_ms / 1_000))
        }
        Health::Stale { age_ms } => Some(format!("its newest block is {} s old", age_ms / 1_000)),
        Health::Lagging { blocks } => Some(format!("its last {blocks} blocks are not solid")),
        Health::WentBack { blocks } => Some(format!("it shows {blocks} blocks less than before")),
        Health::Silent => Some("it does not answer".to_owned()),
    }
}

fn is_loopback(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

impl CarryArgs {
    pub(super) const fn on_shortfall(&self) -> OnShortfall {
        match self.on_shortfall {
            Shortfall::Wait => OnShortfall::Wait,
            Shortfall::Burn => OnShortfall::Burn { max: self.burn_max },
            Shortfall::Skip => OnShortfall::Skip,
        }
    }

    pub(super) const fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_secs)
    }
}
