//! The simulator's command line.

use std::process::ExitCode;

use clap::Parser;
use domain::OrderId;
use sunsweep_sim::{Report, RunOptions, run};

/// Try to break the product: seeded runs of everything, with faults.
#[derive(Parser, Debug)]
#[command(name = "sunsweep-sim")]
struct Options {
    /// Orders that each run is to have accepted.
    #[arg(long, default_value_t = 500)]
    orders: usize,
    /// The seed of the first run; the others follow it. Without one: a fixed list and a fresh one.
    #[arg(long)]
    seed: Option<u64>,
    /// How many runs. Without it: one for --seed, else the whole list.
    #[arg(long)]
    runs: Option<u64>,
    /// Tell the story of this order.
    #[arg(long, value_parser = serial)]
    story: Option<OrderId>,
}

/// Seeds of every check run: these together accept more than 20 000 orders.
const FIXED_RUNS: u64 = 44;

fn serial(text: &str) -> Result<OrderId, String> {
    OrderId::parse(text).ok_or_else(|| "a serial is 32 hex digits".to_owned())
}

fn main() -> ExitCode {
    let options = Options::parse();
    let seeds = seeds(&options);
    let (mut passed, mut failed, mut accepted) = (0, 0, 0);
    for seed in seeds {
        out(&format!("SIM_SEED={seed}"));
        let report = run(&RunOptions { seed, orders: options.orders, story: options.story });
        accepted += report.accepted;
        show(&report);
        match report.failure {
            Some(_) => failed += 1,
            None => passed += 1,
        }
    }
    out(&format!("{accepted} orders accepted"));
    out(&format!("{passed} passed, {failed} failed"));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn seeds(options: &Options) -> Vec<u64> {
    match options.seed {
        Some(first) => {
            (0..options.runs.unwrap_or(1)).map(|step| first.wrapping_add(step)).collect()
        }
        None => {
            let fresh = u64::from(std::process::id()) ^ nanos();
            let fixed = options.runs.unwrap_or(FIXED_RUNS + 1).saturating_sub(1);
            (1..=fixed).chain([fresh]).collect()
        }
    }
}

/// The fresh seed is the only thing that comes from outside; it is printed.
fn nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos() % u128::from(u64::MAX)).unwrap_or(0))
}

fn show(report: &Report) {
    let faults: Vec<String> =
        report.faults.iter().map(|(word, count)| format!("{word} {count}")).collect();
    out(&format!(
        "orders {} delivered {} refunded {} refused {} callbacks {} blocks {} steps {} log {:016x}; {}",
        report.accepted,
        report.delivered,
        report.refunded,
        report.refused,
        report.callbacks,
        report.blocks,
        report.steps,
        report.log_hash,
        if faults.is_empty() { "no faults".to_owned() } else { faults.join(", ") },
    ));
    report.story.iter().for_each(|line| out(line));
    if let Some(failure) = &report.failure {
        failure.story.iter().for_each(|line| out(line));
        let order = failure.order.map_or_else(String::new, |order| format!(" order {order}"));
        out(&format!(
            "BROKEN SIM_SEED={}: {}:{order} {}",
            report.seed, failure.check, failure.text
        ));
    }
}

#[expect(clippy::print_stdout, reason = "standard output is what this program is for")]
fn out(line: &str) {
    println!("{line}");
}
