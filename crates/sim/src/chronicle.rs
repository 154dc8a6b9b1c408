//! The log of a run: every event in order, with a hash that two runs of one seed must share.

use domain::OrderId;

/// One event.
struct Line {
    step: u64,
    at_ms: i64,
    order: Option<OrderId>,
    text: String,
}

/// Everything that happened in a run.
#[derive(Default)]
pub(crate) struct Chronicle {
    lines: Vec<Line>,
    hash: u64,
}

const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;
const HASH_PRIME: u64 = 0x0100_0000_01b3;

impl Chronicle {
    /// Adds an event.
    pub(crate) fn note(&mut self, step: u64, at_ms: i64, order: Option<OrderId>, text: String) {
        let mut hash = if self.lines.is_empty() { HASH_START } else { self.hash };
        let order_bytes = order.map_or([0; 16], |order| order.0);
        let parts: [&[u8]; 4] =
            [&step.to_le_bytes(), &at_ms.to_le_bytes(), &order_bytes, text.as_bytes()];
        for byte in parts.into_iter().flatten() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(HASH_PRIME);
        }
        self.hash = hash;
        self.lines.push(Line { step, at_ms, order, text });
    }

    /// FNV-1a over everything so far.
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    /// What happened to these orders, and to everybody meanwhile.
    pub(crate) fn story(&self, orders: &[OrderId]) -> Vec<String> {
        let is_theirs = |line: &Line| line.order.is_some_and(|order| orders.contains(&order));
        let from = self.lines.iter().position(is_theirs).unwrap_or(0);
        self.lines[from..]
            .iter()
            .filter(|line| is_theirs(line) || line.order.is_none())
            .map(Line::show)
            .collect()
    }

    /// The last events.
    pub(crate) fn tail(&self, count: usize) -> Vec<String> {
        let from = self.lines.len().saturating_sub(count);
        self.lines[from..].iter().map(Line::show).collect()
    }
}

impl Line {
    fn show(&self) -> String {
        let order = self.order.map_or_else(|| "-".to_owned(), |order| order.to_string());
        format!("step {} at {} {order} {}", self.step, self.at_ms, self.text)
    }
}
