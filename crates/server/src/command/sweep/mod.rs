//! `sunsweep sweep`: the collector that runs on the merchant's machine.

mod carry;
mod connect;
mod keys;
mod plan;
mod progress;
mod report;
mod resume;
mod run;
mod send;
mod show;
mod sign;
mod status;
mod watch;
mod what;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sweep::{Journal, JournalError};
use tron::{Address, Sun};

use super::output::Failure;
use keys::KeyArgs;

/// Move the tokens of many payment addresses to one wallet, with keys that stay on this machine.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Sweep {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Go on with a run that was stopped or killed; nothing is ordered or sent twice.
    Resume(Box<resume::Resume>),
    /// Show how far a run is, also while it runs.
    Status(status::Status),
    /// Write what became of a run as JSON, CSV and a page with charts.
    Report(report::ReportArgs),
    /// Write unsigned transfers, for signing on a machine without a network.
    Plan(Box<plan::PlanArgs>),
    /// Sign a plan; uses no network.
    Sign(Box<sign::SignArgs>),
    /// Order for signed transfers and send them.
    Send(Box<send::SendArgs>),
    /// Keep running and sweep what is due.
    Watch(Box<watch::WatchArgs>),
}

impl Sweep {
    /// Runs it to its end.
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            None => self.run.run(),
            Some(Action::Resume(resume)) => resume.run(),
            Some(Action::Status(status)) => status.run(),
            Some(Action::Report(report)) => report.run(),
            Some(Action::Plan(plan)) => plan.run(),
            Some(Action::Sign(sign)) => sign.run(),
            Some(Action::Send(send)) => send.run(),
            Some(Action::Watch(watch)) => watch.run(),
        }
    }
}

/// The server and the key for it.
#[derive(Debug, Args)]
struct ApiArgs {
    /// Base URL of sunsweep or of any server with the same interface.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// The API key.
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// File with the API secret; without it the environment's SUNSWEEP_API_SECRET.
    #[arg(long, value_name = "FILE")]
    api_secret_file: Option<PathBuf>,
    /// Listen here for callbacks instead of asking for each order; needs --callback-url.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "callback_url")]
    callback_listen: Option<SocketAddr>,
    /// How the server reaches --callback-listen.
    #[arg(long, value_name = "URL", requires = "callback_listen")]
    callback_url: Option<String>,
    /// Wait between two questions for an order.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    poll_ms: u64,
}

/// The TRON node.
#[derive(Debug, Args)]
struct NodeArgs {
    /// Base URL of a TRON node's HTTP interface; several are tried in turn.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    node: Vec<String>,
    /// File with the provider's key, sent as TRON-PRO-API-KEY.
    #[arg(long, value_name = "FILE")]
    node_api_key_file: Option<PathBuf>,
    /// Requests a second to each node; 0 is unlimited, which is also the default for a node that is
    /// not a provider's.
    #[arg(long, value_name = "N")]
    node_requests_per_second: Option<u32>,
    /// The URL is one node of your own, not a provider's many; loopback always is.
    #[arg(long)]
    own_node: bool,
}

/// How addresses are carried.
#[derive(Debug, Args)]
struct CarryArgs {
    /// When the server does not see to what an address lacks: wait, burn the address's own TRX, or
    /// skip it.
    #[arg(long, value_enum, default_value = "wait")]
    on_shortfall: Shortfall,
    /// With --on-shortfall burn: the most TRX that one transfer may burn.
    #[arg(long, value_name = "TRX", value_parser = trx, default_value = "15")]
    burn_max: Sun,
    /// The most that one order may cost. Without it an order may cost what the plan expected and as much
    /// again, or 5 TRX more; after a dearer one nothing more is ordered.
    #[arg(long, value_name = "TRX", value_parser = trx)]
    order_cost_max: Option<Sun>,
    /// Addresses under way at once.
    #[arg(long, value_name = "N", default_value_t = 32)]
    concurrency: u16,
    /// How long one address is waited for before it is left for a resume.
    #[arg(long, value_name = "SECS", default_value_t = 1_800)]
    patience_secs: u64,
}

/// What is said, and where it is kept.
#[derive(Debug, Args)]
struct OutputArgs {
    /// The journal that makes it safe to stop and to resume.
    #[arg(long, value_name = "FILE", default_value = "sunsweep-journal.sqlite")]
    journal: PathBuf,
    /// Write the run as JSON, CSV and a page with charts into this directory.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Print one JSON object at the end, and events as lines of JSON on standard error.
    #[arg(long)]
    json: bool,
    /// What is logged, as RUST_LOG writes it.
    #[arg(long, default_value = "error", value_name = "FILTER")]
    log: String,
}

impl OutputArgs {
    /// The journal, among the others of this user: none of them takes what another has open.
    fn open_journal(&self) -> Result<Journal, JournalError> {
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
        let directories = state.into_iter().chain(home).filter(|path| path.is_absolute());
        let mut registers: Vec<PathBuf> =
            directories.map(|path| path.join("sunsweep/journals")).collect();
        registers.push(self.journal.with_file_name("sunsweep-journals"));
        Journal::open_among(&self.journal, &registers)
    }
}

/// What to do about a shortfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shortfall {
    Wait,
    Burn,
    Skip,
}

fn trx(text: &str) -> Result<Sun, String> {
    Sun::parse_trx(text).map_err(|error| error.to_string())
}

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "a TRON address such as T... is expected".to_owned())
}

/// What is missing on the command line.
fn needed<T>(value: Option<T>, flag: &str) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::Usage(format!("{flag} is needed")))
}
