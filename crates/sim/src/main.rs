//! The simulator's command line.

use std::process::ExitCode;
use std::thread;

use clap::Parser;
use domain::OrderId;
use sunsweep_sim::{Fleet, Mutation, Report, RunOptions, Size, run_all};

/// Half of a run is allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Try to break the product: seeded runs of everything, with faults.
///
/// Without --seed: the seeds from 1 on until enough orders were accepted, and then a fresh one.
///
/// A run that breaks a promise ends with the story of its order, of all others on its address, and of what
/// happened to everybody meanwhile; its last line is the promise. Below it stand the options that make the
/// same run again.
#[derive(Parser, Debug)]
#[command(name = "sunsweep-sim")]
struct Options {
    /// Orders that all runs together are to have accepted.
    #[arg(long, default_value_t = 20_000)]
    orders: usize,
    /// Orders that each run is to have accepted; a seed means another run with another number.
    #[arg(long, default_value_t = 500)]
    orders_a_run: usize,
    /// The seed of the first run; the others follow it.
    #[arg(long)]
    seed: Option<u64>,
    /// How many runs from --seed on.
    #[arg(long, requires = "seed", default_value_t = 1)]
    runs: u64,
    /// Runs at the same time; without it, as many as there are cores.
    #[arg(long)]
    jobs: Option<usize>,
    /// Put this defect in, to see that it is found.
    #[arg(long, value_parser = mutation)]
    mutation: Option<Mutation>,
    /// Tell the story of this order.
    #[arg(long, value_parser = serial)]
    story: Option<OrderId>,
}

fn serial(text: &str) -> Result<OrderId, String> {
    OrderId::parse(text).ok_or_else(|| "a serial is 32 hex digits".to_owned())
}

fn mutation(word: &str) -> Result<Mutation, String> {
    Mutation::of_word(word).ok_or_else(|| {
        let words: Vec<&str> = Mutation::ALL.iter().map(|mutation| mutation.word()).collect();
        format!("one of {}", words.join(", "))
    })
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (orders, story, mutation) = (options.orders_a_run, options.story, options.mutation);
    let each = RunOptions { seed: 0, orders, story, mutation };
    let (mut passed, mut failed, mut accepted) = (0, Vec::new(), 0);
    run_all(fleet(&options), &each, |report| {
        out(&format!("SIM_SEED={}", report.seed));
        show(report, &each);
        accepted += report.accepted;
        match report.failure {
            Some(_) => failed.push(report.seed),
            None => passed += 1,
        }
    });
    out(&format!("{accepted} orders accepted"));
    out(&format!("{passed} passed, {} failed", failed.len()));
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    out(&format!("failed seeds: {failed:?}"));
    ExitCode::FAILURE
}

fn fleet(options: &Options) -> Fleet {
    let jobs = options.jobs.or_else(|| thread::available_parallelism().ok().map(Into::into));
    let jobs = jobs.unwrap_or(1);
    match options.seed {
        Some(first) => Fleet { first, size: Size::Runs(options.runs), last: None, jobs },
        None => {
            let fresh = u64::from(std::process::id()) ^ nanos();
            Fleet { first: 1, size: Size::Orders(options.orders), last: Some(fresh), jobs }
        }
    }
}

/// The fresh seed is the only thing that comes from outside; it is printed.
fn nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos() % u128::from(u64::MAX)).unwrap_or(0))
}

/// What makes the same run again: the seed alone does not.
fn again(seed: u64, each: &RunOptions) -> String {
    let mutation = each
        .mutation
        .map_or_else(String::new, |mutation| format!(" --mutation {}", mutation.word()));
    format!("again with --seed {seed} --orders-a-run {}{mutation}", each.orders)
}

fn show(report: &Report, each: &RunOptions) {
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
        out(&again(report.seed, each));
    }
}

#[expect(clippy::print_stdout, reason = "standard output is what this program is for")]
fn out(line: &str) {
    println!("{line}");
}
