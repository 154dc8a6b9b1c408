//! From the command line to clients: of the server, of the node, and the settings of a run.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use node::{
    Endpoint, Failover, FailoverSettings, HttpLimits, HttpTransport, JsonNode, LossRule, Member,
    NodeSettings, RequestLimit, TronNode, black_hole,
};
use sweep::{ApiClient, ApiKey, OnShortfall};
use tron::Address;
use zeroize::Zeroizing;

use super::{ApiArgs, CarryArgs, NodeArgs, Shortfall, needed};
use crate::command::output::Failure;
use crate::private_file;

/// Environment variable that holds the API secret.
const SECRET_VARIABLE: &str = "SUNSWEEP_API_SECRET";
/// Requests a second to a provider that says nothing else; free plans allow 15.
const PROVIDER_REQUESTS_PER_SECOND: u32 = 12;
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
    /// The nodes behind one face. The totals of the chain are read from `token` where nobody owns the
    /// black hole.
    pub(super) fn connect(&self, token: Address) -> Result<Arc<dyn TronNode>, Failure> {
        if self.node.is_empty() {
            return Err(Failure::Usage("--node is needed".to_owned()));
        }
        let key = self.node_api_key_file.as_deref().map(secret_in).transpose()?;
        let mut nodes: Vec<(String, Arc<dyn TronNode>)> = Vec::new();
        for url in &self.node {
            let mut endpoint =
                Endpoint::new(url).map_err(|error| Failure::Usage(format!("--node: {error}")))?;
            if let Some(key) = &key {
                endpoint = endpoint.with_api_key(key.trim())?;
            }
            let is_own = self.own_node || is_loopback(url);
            let default = if is_own { 0 } else { PROVIDER_REQUESTS_PER_SECOND };
            let rate = self.node_requests_per_second.unwrap_or(default);
            let limits = HttpLimits {
                requests: RequestLimit::per_second(rate),
                idle_connections_max: 64,
                ..HttpLimits::default()
            };
            let settings = NodeSettings {
                loss_rule: if is_own { LossRule::SINGLE } else { LossRule::POOL },
                totals_addresses: vec![black_hole(), token],
                ..NodeSettings::default()
            };
            let name = endpoint.name();
            let transport = HttpTransport::new(endpoint, limits)?;
            nodes.push((name, Arc::new(JsonNode::new(transport, settings))));
        }
        match <[_; 1]>::try_from(nodes) {
            Ok([(_, node)]) => Ok(node),
            Err(nodes) => {
                let members = nodes.into_iter().map(|(name, node)| Member::new(name, node));
                let settings = FailoverSettings::default();
                Ok(Arc::new(Failover::new(members.collect(), settings)))
            }
        }
    }

    /// The nodes by host and port: providers put tokens into the rest of a URL.
    pub(super) fn names(&self) -> String {
        let names = self.node.iter().filter_map(|url| Some(Endpoint::new(url).ok()?.name()));
        names.collect::<Vec<_>>().join(", ")
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
