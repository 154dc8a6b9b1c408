//! A transport that remembers when each question was asked and answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use node::{
    CacheSettings, Cached, Endpoint, Failover, FailoverSettings, HttpLimits, HttpTransport,
    JsonNode, LossRule, Member, NodeSettings, Transport, TransportError, TronNode,
};
use serde_json::Value;
use tron::Address;

use crate::boot::Product;

/// One question and its answer.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    asked: Instant,
    answered: Instant,
}

/// Every exchange since the last look, with the address that it is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchanges(Arc<Mutex<Vec<(String, Exchange)>>>);

struct Observed {
    inner: HttpTransport,
    exchanges: Exchanges,
}

#[async_trait]
impl Transport for Observed {
    async fn call(&self, path: &str, body: Value) -> Result<Value, TransportError> {
        let about = subject(&body);
        let asked = Instant::now();
        let answer = self.inner.call(path, body).await;
        let exchange = Exchange { asked, answered: Instant::now() };
        self.exchanges.0.lock().expect("nothing panics while holding it").push((about, exchange));
        answer
    }
}

impl Exchanges {
    /// Lets a product ask for new orders through here; everything else of it stays as it is.
    pub(super) fn observe(&self, product: &mut Product) -> anyhow::Result<()> {
        let mut members = Vec::new();
        for url in product.node_urls() {
            let transport = Observed {
                inner: HttpTransport::new(Endpoint::new(url)?, HttpLimits::default())?,
                exchanges: self.clone(),
            };
            let settings = NodeSettings { loss_rule: LossRule::SINGLE, ..NodeSettings::default() };
            members.push(Member::new(url, Arc::new(JsonNode::new(transport, settings))));
        }
        let nodes: Arc<dyn TronNode> =
            Arc::new(Failover::new(members, FailoverSettings::default()));
        product.read_through(Arc::new(Cached::new(nodes, CacheSettings::default())));
        Ok(())
    }

    /// Forgets what was seen so far.
    pub(super) fn forget(&self) {
        self.0.lock().expect("nothing panics while holding it").clear();
    }

    /// How many questions were asked, and the longest chain of them in which each began after the
    /// answer to the one before.
    pub(super) fn count_and_depth(&self) -> (usize, usize) {
        let exchanges = self.0.lock().expect("nothing panics while holding it");
        let mut all: Vec<Exchange> = exchanges.iter().map(|(_, exchange)| *exchange).collect();
        all.sort_by_key(|exchange| exchange.answered);
        let mut depths: Vec<(Exchange, usize)> = Vec::new();
        for exchange in all {
            let before = depths.iter().filter(|(other, _)| other.answered <= exchange.asked);
            let depth = 1 + before.map(|(_, depth)| *depth).max().unwrap_or(0);
            depths.push((exchange, depth));
        }
        (depths.len(), depths.iter().map(|(_, depth)| *depth).max().unwrap_or(0))
    }

    /// For each of these addresses, the time from the first question about it to the last answer to
    /// one; zero for an address that nobody asked about.
    pub(super) fn spans(&self, addresses: &[Address]) -> Vec<Duration> {
        let exchanges = self.0.lock().expect("nothing panics while holding it");
        let mut spans: HashMap<&str, Exchange> = HashMap::new();
        for (subject, exchange) in exchanges.iter() {
            let span = spans.entry(subject).or_insert(*exchange);
            span.asked = span.asked.min(exchange.asked);
            span.answered = span.answered.max(exchange.answered);
        }
        let span = |address: &Address| spans.get(hex::encode(address.evm_bytes()).as_str());
        let time = |span: Option<&Exchange>| {
            span.map_or(Duration::ZERO, |span| span.answered.duration_since(span.asked))
        };
        addresses.iter().map(|address| time(span(address))).collect()
    }
}

/// The address that a question is about, as 40 hex digits: whose account or call it is; for a balance,
/// which anybody may ask for, the argument.
fn subject(question: &Value) -> String {
    let text = |name: &str| question.get(name).and_then(Value::as_str);
    let anybody = node::black_hole().to_hex();
    let asker = text("owner_address").or_else(|| text("address"));
    let about = match asker {
        Some(asker) if asker != anybody => asker,
        _ => text("data").unwrap_or_default(),
    };
    about.get(about.len().saturating_sub(40)..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_chain_of_questions_is_as_deep_as_it_must_wait() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let exchange = |from, to| ("a".to_owned(), Exchange { asked: at(from), answered: at(to) });
        let seen = vec![exchange(0, 4), exchange(1, 3), exchange(1, 5), exchange(5, 9)];
        let exchanges = Exchanges(Arc::new(Mutex::new(seen)));
        assert_eq!(exchanges.count_and_depth(), (4, 2));
    }

    #[test]
    fn every_question_of_an_order_is_known_by_its_address() {
        let address = Address::from_evm([0xab; 20]);
        let data = format!("70a08231{:0>64}", hex::encode(address.evm_bytes()));
        for question in [
            json!({"address": address.to_hex()}),
            json!({"owner_address": address.to_hex(), "data": "a9059cbb"}),
            json!({"owner_address": node::black_hole().to_hex(), "data": data}),
        ] {
            assert_eq!(subject(&question), "ab".repeat(20));
        }
        let seen = Exchange { asked: Instant::now(), answered: Instant::now() };
        let exchanges = Exchanges(Arc::new(Mutex::new(vec![("ab".repeat(20), seen)])));
        let spans = exchanges.spans(&[address, Address::from_evm([1; 20])]);
        assert_eq!(spans, [seen.answered - seen.asked, Duration::ZERO]);
    }
}
