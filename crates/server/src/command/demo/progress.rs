//! Live progress: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::command::output::say;

/// How far all addresses are.
pub(super) struct Progress {
    total: usize,
    ordered: AtomicUsize,
    ready: AtomicUsize,
    swept: AtomicUsize,
    returned: AtomicUsize,
    bar: Option<ProgressBar>,
}

/// What an address has reached.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Its order was accepted.
    Ordered,
    /// It can make its transfer.
    Ready,
    /// Its tokens arrived.
    Swept,
    /// What was lent to it is back.
    Returned,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let length = u64::try_from(total * STEPS).unwrap_or(u64::MAX);
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            bar.set_style(style());
            bar
        });
        let none = AtomicUsize::default;
        Self { total, ordered: none(), ready: none(), swept: none(), returned: none(), bar }
    }

    /// One address reached a step.
    pub(super) fn reach(&self, step: Step, line: &str) {
        let counter = match step {
            Step::Ordered => &self.ordered,
            Step::Ready => &self.ready,
            Step::Swept => &self.swept,
            Step::Returned => &self.returned,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => {
                bar.inc(1);
                bar.set_message(self.counts());
            }
            None => say(&format!("{line}  [{}]", self.counts())),
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        say(&self.counts());
    }

    fn counts(&self) -> String {
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        format!(
            "ordered {0}/{4} · ready {1}/{4} · swept {2}/{4} · given back {3}/{4}",
            of(&self.ordered),
            of(&self.ready),
            of(&self.swept),
            of(&self.returned),
            self.total
        )
    }
}

/// Steps of one address.
const STEPS: usize = 4;

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{elapsed_precise} {bar:30} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
