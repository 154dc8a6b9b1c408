//! How far it is: a bar with rate and time left at a terminal, plain lines where standard error goes
//! elsewhere, lines of JSON with `--json`.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use sweep::journal::Item;
use sweep::{Asset, Event, Observer, Record, State};
use tron::Address;

use crate::command::output::say;

/// Plain lines about planning come once in so many addresses.
const EXAMINED_A_LINE: usize = 1_000;

/// Tells a person or a program how far a run is.
pub(super) struct Progress {
    mode: Mode,
    bar: Mutex<Option<ProgressBar>>,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Bars,
    Lines,
    Json,
}

/// The states of all addresses of the run.
#[derive(Default)]
struct Seen {
    states: HashMap<(Address, Asset), State>,
    total: usize,
}

impl Seen {
    fn count(&self, is_counted: impl Fn(State) -> bool) -> usize {
        let tokens = self.states.iter().filter(|((_, asset), _)| *asset == Asset::Token);
        tokens.filter(|(_, state)| is_counted(**state)).count()
    }

    fn line(&self) -> String {
        let of = |state| self.count(|one| one == state);
        format!(
            "ordered {} · ready {} · sent {} · in a block {} · swept {}/{} · failed {} · skipped {}",
            of(State::Ordering) + of(State::Ordered),
            of(State::Ready),
            of(State::Signed),
            of(State::Included),
            of(State::Swept),
            self.total,
            of(State::Failed),
            of(State::Skipped),
        )
    }
}

impl Progress {
    pub(super) fn new(is_json: bool) -> Self {
        let mode = match (is_json, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Json,
            (false, true) => Mode::Bars,
            (false, false) => Mode::Lines,
        };
        Self { mode, bar: Mutex::new(None), seen: Mutex::default() }
    }

    /// The run begins, or goes on, with these.
    pub(super) fn begin_run(&self, items: &[Item]) {
        let mut seen = lock(&self.seen);
        let records = items.iter().map(|item| &item.record);
        seen.states =
            records.map(|record| ((record.address, record.asset), record.state)).collect();
        seen.total = seen.count(|state| state != State::Skipped);
        let total = u64::try_from(seen.total).unwrap_or(u64::MAX);
        let done = u64::try_from(seen.count(|state| state == State::Swept)).unwrap_or(0);
        self.show(total, done, "{elapsed_precise} {bar:30} {pos}/{len} {per_sec} eta {eta}\n{msg}");
    }

    /// Takes the bar away, so that something can be printed.
    pub(super) fn pause(&self) {
        if let Some(bar) = lock(&self.bar).take() {
            bar.finish_and_clear();
        }
    }

    fn show(&self, total: u64, done: u64, style: &str) {
        if self.mode != Mode::Bars {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(style);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_position(done);
        bar.reset_eta();
        if let Some(before) = lock(&self.bar).replace(bar) {
            before.finish_and_clear();
        }
    }

    fn discovered(&self, addresses: usize, holding: usize) {
        let line = format!("{addresses} addresses looked at, {holding} hold something");
        match self.mode {
            Mode::Json => {
                event(&json!({"event": "discovered", "addresses": addresses, "holding": holding}));
            }
            Mode::Lines => say(&line),
            Mode::Bars => {
                if lock(&self.bar).is_none() {
                    self.show(0, 0, "{elapsed_precise} {spinner} {msg}");
                }
                self.message(|bar| bar.set_message(line));
            }
        }
    }

    fn examined(&self, done: usize, total: usize) {
        let is_told = done == total || done.is_multiple_of(EXAMINED_A_LINE);
        match self.mode {
            Mode::Json if is_told => {
                event(&json!({"event": "examined", "done": done, "total": total}));
            }
            Mode::Lines if is_told => say(&format!("{done} of {total} examined")),
            Mode::Json | Mode::Lines => {}
            Mode::Bars => {
                let (total, done) = (wide(total), wide(done));
                if done == 1 {
                    self.show(
                        total,
                        0,
                        "{elapsed_precise} {bar:30} examined {pos}/{len} eta {eta}",
                    );
                }
                self.message(|bar| bar.set_position(done));
            }
        }
    }

    fn changed(&self, record: &Record) {
        let mut seen = lock(&self.seen);
        let before = seen.states.insert((record.address, record.asset), record.state);
        match self.mode {
            Mode::Json => {
                let mut object = record.to_json();
                object["event"] = "changed".into();
                event(&object);
            }
            Mode::Lines if before != Some(record.state) || record.reason.is_some() => {
                let reason = record.reason.as_ref().map(ToString::to_string).unwrap_or_default();
                let line = format!("{} {} {reason}", record.address, record.state);
                say(&format!("{}  [{}]", line.trim_end(), seen.line()));
            }
            Mode::Lines => {}
            Mode::Bars => {
                let ended = wide(seen.count(|state| matches!(state, State::Swept | State::Failed)));
                let line = seen.line();
                self.message(|bar| {
                    bar.set_position(ended);
                    bar.set_message(line);
                });
            }
        }
    }

    fn message(&self, tell: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = lock(&self.bar).as_ref() {
            tell(bar);
        }
    }
}

impl Observer for Progress {
    fn notice(&self, event_: &Event<'_>) {
        match *event_ {
            Event::Discovered { addresses, holding } => self.discovered(addresses, holding),
            Event::Examined { done, total } => self.examined(done, total),
            Event::Changed(record) => self.changed(record),
            Event::Stopping if self.mode == Mode::Json => event(&json!({"event": "stopping"})),
            Event::Stopping => {
                let line = "Stopping: what is sent is followed to a block, the rest is parked. \
                            Again to stop at once.";
                match lock(&self.bar).as_ref() {
                    Some(bar) => bar.println(line),
                    None => say(line),
                }
            }
        }
    }
}

fn event(object: &serde_json::Value) {
    say(&object.to_string());
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
